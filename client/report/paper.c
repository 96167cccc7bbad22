#include "client/report/paper.h"

#include <inttypes.h>
#include <stdlib.h>

#include "proto/text.h"

static const struct {
    const char *key;
    const char *texts[2];
} phrases[] = {
#define PHRASE(name, key, english, indonesian) {key, {english, indonesian}},
#include "client/report/phrases.def"
#undef PHRASE
};
static const struct {
    const char *key;
    unsigned section;
    const char *texts[2];
} hands[] = {
#define HAND(name, key, section, english, indonesian)                                    \
    {key, section, {english, indonesian}},
#include "client/report/hands.def"
#undef HAND
};
static const char *const month_names[2][12] = {
    {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"},
    {"Jan", "Feb", "Mar", "Apr", "Mei", "Jun", "Jul", "Agt", "Sep", "Okt", "Nov", "Des"},
};

struct paper *paper_make(const struct paper_kind *kind, FILE *out)
{
    struct paper *paper = (struct paper *)calloc(1, kind->size);

    if (paper != NULL) {
        paper->kind = kind;
        paper->out = out;
    }
    return paper;
}

enum sg_status paper_free(struct paper *paper)
{
    bool written = paper != NULL && paper->out != NULL && fflush(paper->out) == 0 &&
                   ferror(paper->out) == 0;

    free(paper);
    return written ? SG_OK : SG_IO;
}

const char *phrase_text(const struct paper *paper, enum phrase phrase)
{
    return phrases[phrase].texts[paper->indonesian ? 1 : 0];
}

const char *phrase_key(enum phrase phrase)
{
    return phrases[phrase].key;
}

const char *hand_text(const struct paper *paper, enum hand hand)
{
    return hands[hand].texts[paper->indonesian ? 1 : 0];
}

const char *hand_key(enum hand hand)
{
    return hands[hand].key;
}

unsigned hand_section(enum hand hand)
{
    return hands[hand].section;
}

/* --- Values ------------------------------------------------------------------------ */

struct value value_none(void)
{
    return (struct value){.kind = VALUE_NONE};
}

struct value value_number(enum value_kind kind, int64_t number)
{
    return (struct value){.kind = kind, .number = number};
}

struct value value_count(uint64_t count)
{
    return value_number(VALUE_COUNT, (int64_t)count);
}

struct value value_text(const char *text)
{
    return (struct value){.kind = VALUE_TEXT, .text = text};
}

struct value value_phrase(enum phrase phrase)
{
    return (struct value){.kind = VALUE_PHRASE, .phrase = phrase};
}

struct value value_time(int64_t unix_us)
{
    return unix_us == 0 ? value_none() : value_number(VALUE_TIME, unix_us);
}

struct value value_name(const struct names *names, uint16_t id)
{
    const char *text = names_text(names, id);

    return text == NULL ? value_phrase(PHRASE_OTHERS) : value_text(text);
}

bool value_is_number(const struct value *value)
{
    return value->kind == VALUE_COUNT || value->kind == VALUE_CHANGE ||
           value->kind == VALUE_SECONDS;
}

bool value_is_total(const struct value *value)
{
    return value->kind == VALUE_PHRASE && value->phrase == PHRASE_TOTAL;
}

/* --- For people -------------------------------------------------------------------- */

/* 1234567 as 1,234,567 or 1.234.567 */
static void say_count(const struct paper *paper, int64_t number, bool sign,
                      char out[VALUE_SIZE])
{
    char digits[32];
    size_t len = 0;
    size_t count =
        (size_t)snprintf(digits, sizeof(digits), "%" PRIu64,
                         number < 0 ? (uint64_t)0 - (uint64_t)number : (uint64_t)number);

    if (number < 0 || (sign && number > 0)) {
        out[len++] = number < 0 ? '-' : '+';
    }
    for (size_t i = 0; i < count; i++) {
        if (i > 0 && (count - i) % 3 == 0) {
            out[len++] = paper->indonesian ? '.' : ',';
        }
        out[len++] = digits[i];
    }
    out[len] = '\0';
}

static void say_seconds(const struct paper *paper, int64_t seconds, char out[VALUE_SIZE])
{
    const struct {
        int64_t unit;
        int64_t part;
        enum phrase more;
        enum phrase less;
    } steps[] = {{86400, 3600, PHRASE_DAYS, PHRASE_HOURS},
                 {3600, 60, PHRASE_HOURS, PHRASE_MINUTES},
                 {60, 1, PHRASE_MINUTES, PHRASE_SECONDS}};

    for (size_t i = 0; i < SG_COUNT(steps); i++) {
        if (seconds >= steps[i].unit) {
            (void)snprintf(out, VALUE_SIZE, "%" PRId64 " %s %" PRId64 " %s",
                           seconds / steps[i].unit, phrase_text(paper, steps[i].more),
                           seconds % steps[i].unit / steps[i].part,
                           phrase_text(paper, steps[i].less));
            return;
        }
    }
    (void)snprintf(out, VALUE_SIZE, "%" PRId64 " %s", seconds,
                   phrase_text(paper, PHRASE_SECONDS));
}

static void say_month(const struct paper *paper, uint32_t month, char out[VALUE_SIZE])
{
    (void)snprintf(out, VALUE_SIZE, "%s %u",
                   month_names[paper->indonesian ? 1 : 0][month % 12], month / 12);
}

static void say_text(const struct paper *paper, const char *text, char out[VALUE_SIZE])
{
    (void)snprintf(out, VALUE_SIZE, "%s",
                   text[0] == '\0' ? phrase_text(paper, PHRASE_NOT_STATED) : text);
}

void value_say(const struct paper *paper, const struct value *value, char out[VALUE_SIZE])
{
    static const char none[] = "\xE2\x80\x93"; /* an en dash */

    switch (value->kind) {
    case VALUE_COUNT:
    case VALUE_CHANGE:
        say_count(paper, value->number, value->kind == VALUE_CHANGE, out);
        return;
    case VALUE_SECONDS:
        say_seconds(paper, value->number, out);
        return;
    case VALUE_TEXT:
        say_text(paper, value->text, out);
        return;
    case VALUE_PHRASE:
        say_text(paper, phrase_text(paper, value->phrase), out);
        return;
    case VALUE_TRUTH:
        say_text(paper, phrase_text(paper, value->number ? PHRASE_YES : PHRASE_NO), out);
        return;
    case VALUE_TIME:
        zone_time_text(paper->zone, value->number, out);
        return;
    case VALUE_DAY:
        zone_day_text(value->number, out);
        return;
    case VALUE_MONTH:
        say_month(paper, (uint32_t)value->number, out);
        return;
    case VALUE_NONE:
    default:
        (void)snprintf(out, VALUE_SIZE, "%s", none);
        return;
    }
}

/* --- For machines ------------------------------------------------------------------ */

void value_plain(const struct value *value, char out[VALUE_SIZE])
{
    switch (value->kind) {
    case VALUE_COUNT:
    case VALUE_CHANGE:
    case VALUE_SECONDS:
        (void)snprintf(out, VALUE_SIZE, "%" PRId64, value->number);
        return;
    case VALUE_TEXT:
        (void)snprintf(out, VALUE_SIZE, "%s", value->text);
        return;
    case VALUE_PHRASE:
        (void)snprintf(out, VALUE_SIZE, "%s", phrase_key(value->phrase));
        return;
    case VALUE_TRUTH:
        (void)snprintf(out, VALUE_SIZE, "%s", value->number ? "true" : "false");
        return;
    case VALUE_TIME:
        text_time(value->number < 0 ? 0 : value->number, out);
        return;
    case VALUE_DAY:
        zone_day_text(value->number, out);
        return;
    case VALUE_MONTH:
        zone_month_text((uint32_t)value->number, out);
        return;
    case VALUE_NONE:
    default:
        out[0] = '\0';
        return;
    }
}
