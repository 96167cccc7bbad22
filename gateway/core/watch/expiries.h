#ifndef SEGEL_GATEWAY_CORE_WATCH_EXPIRIES_H
#define SEGEL_GATEWAY_CORE_WATCH_EXPIRIES_H

#include "proto/base.h"

/* Ends that somebody is reminded of, and when. Pure: no clock is read. */
enum expiry_kind {
#define EXPIRY(id, name, ladder, indonesian, english) EXPIRY_##id,
#include "proto/expiry_kinds.def"
#undef EXPIRY
    EXPIRY_KINDS
};
const char *expiry_name(enum expiry_kind kind); /* "certificate" */

enum { EXPIRY_FAR = -1 };
/* Days before an end, falling; borrowed. They are for kinds with the ladder DAYS. */
struct expiry_days {
    const int64_t *days;
    size_t count;
};
/* The threshold that was passed last: so many days before the end, 0 when it is over, or
 * EXPIRY_FAR. A threshold is passed at the very microsecond. */
int64_t expiry_passed(enum expiry_kind kind, const struct expiry_days *days,
                      int64_t left_us);
/* Whether it was the last one before the end, or the end itself. */
bool expiry_urgent(enum expiry_kind kind, const struct expiry_days *days, int64_t passed);

#endif
