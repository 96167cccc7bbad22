#ifndef SEGEL_GATEWAY_CORE_TURN_COUNTER_H
#define SEGEL_GATEWAY_CORE_TURN_COUNTER_H

#include "proto/base.h"

/* Signatures of one caller or one key, made or under way: by the day, and in all. Days
 * are numbered from 1970 in the zone of the policy. The zero state has counted nothing.
 */

struct counted {
    int64_t day;
    int64_t count;
};

/* Two days: a clock that steps to another day and back finds what was counted there. */
struct counter {
    struct counted days[2]; /* the one counted last first */
    int64_t total;
    bool unwritten; /* changed since it was last written down */
};

/* Of a day; 0 when nothing was counted then, or it is forgotten. */
int64_t counter_of(const struct counter *counter, int64_t day);
void counter_add(struct counter *counter, int64_t day);
/* One that was counted on that day came to nothing. */
void counter_give_back(struct counter *counter, int64_t day);

/* As a memo of the ledger keeps it. */
enum { COUNTER_TEXT = 128 };
void counter_print(const struct counter *counter, char out[COUNTER_TEXT]);
/* SG_CORRUPT: not what counter_print writes. */
SG_MUST_USE enum sg_status counter_parse(const char *text, struct counter *out);

#endif
