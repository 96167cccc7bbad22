#ifndef SEGEL_GATEWAY_CORE_LANE_LOGINS_H
#define SEGEL_GATEWAY_CORE_LANE_LOGINS_H

#include <stdbool.h>

#include "proto/status.h"

/* Lanes on their way to their token while the core's loop does not run, at a start, and
 * those that an end waits for. A lane that is killed in its login may lose a software
 * token, and nobody would know whether it was a wrong PIN. Core thread only. */
struct core;

/* How long an end waits for them, in microseconds. */
enum { LOGINS_SETTLE_US = 5000000 };

/* Takes what lanes have said, and waits for it a moment (50 ms at most). */
void logins_hear(struct core *core);
/* A PIN that was refused must not be tried by the next start, whatever comes between: it
 * is remembered. SG_LEDGER: that could not be written. */
SG_MUST_USE enum sg_status logins_keep(struct core *core);
/* A lane is in its login, or what came of that was not noted yet. */
bool logins_under_way(const struct core *core);
/* Behind a start that failed or was told to end: nobody begins another, those that are
 * under way are waited for, and what came of them is remembered. */
void logins_settle(struct core *core);

#endif
