#ifndef SEGEL_CLIENT_WITNESS_CLOCK_H
#define SEGEL_CLIENT_WITNESS_CLOCK_H

#include "proto/base.h"

/* The wall clock, held against the time since the machine was started. A time that was
 * put into a cosignature cannot be taken back: if a false clock had signed the year 2099,
 * the witness could never sign again. So a clock that jumps ahead by more than a day
 * while the witness runs is not believed; one that was mended is, after a restart. The
 * zero state is one that has not been asked yet. */
enum { CLOCK_LEAP_MAX_S = 86400 };

struct clock_watch {
    bool known;
    int64_t start_s; /* wall time when the machine was started, as of the last look */
};

/* The time for a cosignature, in unix seconds; 0, which is never signed: not believed. */
uint64_t clock_judge(struct clock_watch *watch, int64_t wall_s, int64_t since_start_s);
/* The same for now. */
uint64_t clock_now(struct clock_watch *watch);

#endif
