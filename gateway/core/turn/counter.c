#include "gateway/core/turn/counter.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct counted *find(struct counter *counter, int64_t day)
{
    for (size_t i = 0; i < SG_COUNT(counter->days); i++) {
        if (counter->days[i].count > 0 && counter->days[i].day == day) {
            return &counter->days[i];
        }
    }
    return NULL;
}

int64_t counter_of(const struct counter *counter, int64_t day)
{
    for (size_t i = 0; i < SG_COUNT(counter->days); i++) {
        if (counter->days[i].day == day) {
            return counter->days[i].count;
        }
    }
    return 0;
}

void counter_add(struct counter *counter, int64_t day)
{
    struct counted entry = {.day = day, .count = counter_of(counter, day) + 1};

    if (counter->days[0].day != day) {
        counter->days[1] = counter->days[0];
    }
    counter->days[0] = entry;
    counter->total++;
    counter->unwritten = true;
}

void counter_give_back(struct counter *counter, int64_t day)
{
    struct counted *counted = find(counter, day);

    if (counted != NULL) {
        counted->count--;
    }
    counter->total -= counter->total > 0 ? 1 : 0;
    counter->unwritten = true;
}

void counter_print(const struct counter *counter, char out[COUNTER_TEXT])
{
    (void)snprintf(out, COUNTER_TEXT,
                   "%" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64,
                   counter->total, counter->days[0].day, counter->days[0].count,
                   counter->days[1].day, counter->days[1].count);
}

/* The number up to the next blank or the end; *text moves behind it. */
static int64_t take_number(const char **text)
{
    char *end = NULL;
    long long number = strtoll(*text, &end, 10);

    *text = *end == ' ' ? end + 1 : end;
    return number;
}

/* Whatever is not a count reads as one that is written otherwise. */
enum sg_status counter_parse(const char *text, struct counter *out)
{
    struct counter counter = {0};
    char again[COUNTER_TEXT];
    const char *at = text;

    counter.total = take_number(&at);
    for (size_t i = 0; i < SG_COUNT(counter.days); i++) {
        counter.days[i].day = take_number(&at);
        counter.days[i].count = take_number(&at);
    }
    counter_print(&counter, again);
    bool possible =
        counter.total >= 0 && counter.days[0].count >= 0 && counter.days[1].count >= 0;
    if (!possible || strcmp(text, again) != 0) {
        return SG_CORRUPT;
    }
    *out = counter;
    return SG_OK;
}
