#ifndef SEGEL_GATEWAY_SERVICE_HEALTH_BEATS_H
#define SEGEL_GATEWAY_SERVICE_HEALTH_BEATS_H

#include <stdint.h>
#include <stdio.h>

#include "proto/base.h"

/* When each part that has to move was last seen to, CLOCK_MONOTONIC: for /livez and the
 * service manager's watchdog, which end the process where one stands still. A lane's
 * process is none of them: one that hangs is killed by the lanes' supervision, which the
 * core's thread does at each of its turns, and which is. Pure. */
struct beats {
    int64_t core_us;
    int64_t lanes_us; /* their supervision looked at all of them */
    int64_t loops_us; /* of the I/O loops, the one that is seen longest ago */
};

/* None is older than that; a sentence a line for each that is, out may be NULL. */
bool beats_fresh(const struct beats *beats, int64_t now_us, int64_t patience_us,
                 FILE *out);

#endif
