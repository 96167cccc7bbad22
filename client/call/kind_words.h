#ifndef SEGEL_CLIENT_CALL_KIND_WORDS_H
#define SEGEL_CLIENT_CALL_KIND_WORDS_H

#include <stdbool.h>
#include <stdint.h>

/* What the gateway's short names mean, in Indonesian or English; a name that is not known
 * here, of a newer gateway, is given back as it is. */
const char *incident_words(const char *kind, bool indonesian);
const char *expiry_words(const char *what, bool indonesian);

/* A time span for people, of either sign: "3 d 4 h", "5 h 12 min", "40 s"; days are
 * "hari" in Indonesian, hours "jam", minutes "mnt", seconds "dtk". */
enum { SPAN_SIZE = 48 };
void span_text(int64_t us, bool indonesian, char out[SPAN_SIZE]);
/* RFC 3339 in UTC, to the second; "-" for 0. */
enum { INSTANT_SIZE = 32 };
void instant_text(int64_t us, char out[INSTANT_SIZE]);
/* How long a notice may still be given: "given 2026-…", "not asked for", "3 h left",
 * "late by 2 d 1 h". */
enum { NOTICE_SIZE = 80 };
struct notice_times {
    int64_t due_us;
    int64_t given_us;
    int64_t now_us;
};
bool notice_late(const struct notice_times *times);
void notice_text(const struct notice_times *times, bool indonesian,
                 char out[NOTICE_SIZE]);

#endif
