#include "client/call/kind_words.h"

#include <stdio.h>
#include <string.h>

#include "proto/base.h"
#include "proto/text.h"

struct kind {
    const char *name;
    const char *indonesian;
    const char *english;
};

static const struct kind incidents[] = {
#define INCIDENT(id, name, once, indonesian, english) {name, indonesian, english},
#include "proto/incident_kinds.def"
#undef INCIDENT
};
static const struct kind expiries[] = {
#define EXPIRY(id, name, ladder, indonesian, english) {name, indonesian, english},
#include "proto/expiry_kinds.def"
#undef EXPIRY
};

static const char *words_of(const struct kind *kinds, size_t count, const char *name,
                            bool indonesian)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(kinds[i].name, name) == 0) {
            return indonesian ? kinds[i].indonesian : kinds[i].english;
        }
    }
    return name;
}

const char *incident_words(const char *kind, bool indonesian)
{
    return words_of(incidents, SG_COUNT(incidents), kind, indonesian);
}

const char *expiry_words(const char *what, bool indonesian)
{
    return words_of(expiries, SG_COUNT(expiries), what, indonesian);
}

/* --- Times ------------------------------------------------------------------------- */

/* Two units are enough: the larger one, and the next. */
void span_text(int64_t us, bool indonesian, char out[SPAN_SIZE])
{
    static const struct {
        long long seconds;
        const char *name[2]; /* English, Indonesian */
    } units[] = {{86400, {"d", "hari"}},
                 {3600, {"h", "jam"}},
                 {60, {"min", "mnt"}},
                 {1, {"s", "dtk"}}};
    long long seconds = (us < 0 ? -(us + 1) : us) / 1000000;
    int lang = indonesian ? 1 : 0;
    size_t at = 0;

    while (at + 1 < SG_COUNT(units) && seconds < units[at].seconds) {
        at++;
    }
    int len = snprintf(out, SPAN_SIZE, "%lld %s", seconds / units[at].seconds,
                       units[at].name[lang]);
    long long rest = seconds % units[at].seconds;
    if (at < 2 && rest >= units[at + 1].seconds && len > 0) {
        (void)snprintf(out + len, SPAN_SIZE - (size_t)len, " %lld %s",
                       rest / units[at + 1].seconds, units[at + 1].name[lang]);
    }
}

void instant_text(int64_t us, char out[INSTANT_SIZE])
{
    char full[TEXT_TIME_SIZE] = "-";

    if (us > 0) {
        text_time(us, full);
    }
    (void)snprintf(out, INSTANT_SIZE, us > 0 ? "%.19sZ" : "%.19s", full);
}

bool notice_late(const struct notice_times *times)
{
    return times->due_us > 0 && times->given_us == 0 && times->now_us >= times->due_us;
}

static void print_left(const struct notice_times *times, bool indonesian,
                       char out[NOTICE_SIZE])
{
    char span[SPAN_SIZE];

    span_text(times->due_us - times->now_us, indonesian, span);
    if (notice_late(times)) {
        (void)snprintf(out, NOTICE_SIZE, indonesian ? "TERLAMBAT %s" : "LATE by %s",
                       span);
    } else {
        (void)snprintf(out, NOTICE_SIZE, indonesian ? "sisa %s" : "%s left", span);
    }
}

void notice_text(const struct notice_times *times, bool indonesian, char out[NOTICE_SIZE])
{
    char instant[INSTANT_SIZE];

    if (times->given_us > 0) {
        instant_text(times->given_us, instant);
        (void)snprintf(out, NOTICE_SIZE, indonesian ? "diberikan %s" : "given %s",
                       instant);
    } else if (times->due_us <= 0) {
        (void)snprintf(out, NOTICE_SIZE, "%s",
                       indonesian ? "tidak diminta" : "not asked for");
    } else {
        print_left(times, indonesian, out);
    }
}
