#ifndef SEGEL_GATEWAY_CORE_TURN_COMMITS_H
#define SEGEL_GATEWAY_CORE_TURN_COMMITS_H

#include <stdint.h>

#include "proto/base.h"

/* When the core commits, and when what was committed goes from the WAL into the database.
 * Core thread only. */
struct core;

/* How long, after the last one, a commit may wait for more records to share its fsync:
 * half of the time for which the lanes that it is about have enough to do, so that none
 * ever runs dry for it. One that has not, or a gateway that is not busy, waits for
 * nobody. */
int64_t commits_wait_us(const struct core *core);
/* Wakes the core in so many microseconds, below a second. Until then results stay with
 * the lanes: to take in each of them by itself would be a change of thread each. */
void commits_await(struct core *core, int64_t left_us);

/* Writes back what was committed, if it is much and nobody waits: a second's pages at
 * once would hold up whoever comes meanwhile for many milliseconds. Where there is always
 * somebody who waits, the second's end does it. SG_LEDGER: nothing may be signed any
 * more. */
SG_MUST_USE enum sg_status commits_write_back(struct core *core);

#endif
