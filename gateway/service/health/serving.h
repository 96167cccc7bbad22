#ifndef SEGEL_GATEWAY_SERVICE_HEALTH_SERVING_H
#define SEGEL_GATEWAY_SERVICE_HEALTH_SERVING_H

#include <stdio.h>

#include "gateway/core/watch/report.h"

/* What serves and what does not, by what the core last said of itself. Pure: the same
 * answers for gRPC health, for the pages of the admin port and for tests. */

/* So many operations of a key that failed in a row are told. */
enum { KEY_FAILURES_MANY = 5 };

/* Values as on the wire (health.proto). */
enum serving { SERVING_UNSET, SERVING_YES, SERVING_NO, SERVING_NONE };

struct vitals {
    const struct core_report *report; /* borrowed */
    bool draining;                    /* the gateway ends: nothing serves */
    bool log_readable;
    bool resting; /* out of rotation: callers shall go elsewhere, and are served */
    const char *resting_why; /* borrowed; one line, of resting */
};

/* SERVING_NONE: there is no service of this name. Names: health.proto. */
enum serving serving_of(const struct vitals *vitals, const char *service);

/* Whether anything is amiss; writes one sentence a line for each thing that is. More than
 * SERVING_NO of "": a lane that is down while another does its work is amiss as well. */
bool serving_amiss(const struct vitals *vitals, FILE *out);

/* "up", "starting", "broken", "pin-latched", "awaits-pin", for any value. */
const char *serving_lane_state(enum lane_state state);

#endif
