#include <stdio.h>

#include "client/report/facts_inside.h"
#include "proto/text.h"

/* What the gateway counted instead of recording it, since the record before. */

static void add_sum(struct report_facts *facts, const char *label, uint64_t count)
{
    for (size_t i = 0; i < facts->sum_count; i++) {
        if (strcmp(facts->sums[i].label, label) == 0) {
            facts->sums[i].count += count;
            return;
        }
    }
    if (facts->sum_count == FACTS_SUMS) {
        facts->dropped++;
        return;
    }
    struct fact_sum *fresh = &facts->sums[facts->sum_count++];
    (void)snprintf(fresh->label, sizeof(fresh->label), "%s", label);
    fresh->count = count;
}

/* The gateway names every reason, also those of which there was nothing to tell; the last
 * number is none of a request. */
static void count_sum(struct report_facts *facts, const char *label, uint64_t count)
{
    if (strcmp(label, "events not told") == 0) {
        facts->untold += count;
    } else if (count > 0) {
        add_sum(facts, label, count);
    }
}

/* "queue full 3": a label and a number. */
static void take_sum(struct report_facts *facts, struct slice part)
{
    char label[FACT_TEXT];
    uint64_t count = 0;
    size_t at = part.len;

    while (at > 0 && part.data[at - 1] != ' ') {
        at--;
    }
    if (at < 2 ||
        text_uint(slice_of(part.data + at, part.len - at), UINT32_MAX, &count) != SG_OK) {
        return;
    }
    name_clean(slice_of(part.data, at - 1), false, label, sizeof(label));
    count_sum(facts, label, count);
}

void take_overload(struct report *report, const json_t *record, int64_t time_us)
{
    const char *text = json_string_value(json_object_get(record, "detail"));

    if (!report_holds(report, time_us)) {
        return;
    }
    while (text != NULL && *text != '\0') {
        size_t len = strcspn(text, ",");
        take_sum(&report->facts, slice_of(text, len));
        text += len;
        text += strspn(text, ", ");
    }
}
