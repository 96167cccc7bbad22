#ifndef SEGEL_GATEWAY_SERVICE_HEALTH_READINESS_H
#define SEGEL_GATEWAY_SERVICE_HEALTH_READINESS_H

#include <stdio.h>

#include "gateway/service/health/rotation.h"
#include "gateway/service/health/serving.h"
#include "gateway/service/services.h"

/* Whether jobs would be taken now, for the two that ask from this machine: whoever probes
 * /readyz, and the service manager. */

/* How things stand, as serving.h judges them: in the caller's own room, which the vitals
 * borrow. Any thread, each with a room of its own. */
struct readiness_room {
    struct core_report *report; /* borrowed */
    struct rotation_view rotation;
};
struct vitals readiness_vitals(struct services *services, struct readiness_room *room);

/* For every key that can be used at all, and for clients that come: what the health
 * service says of "" is for those who got in. False: a line to out for each reason. */
bool readiness_tell(struct services *services, const struct vitals *vitals, FILE *out);

/* "serving", or the first reason, and what came of the last reload, for a person who asks
 * the service manager. Main thread; looked at once a second, and lasts until it is asked
 * again. */
const char *readiness_line(struct services *services);

#endif
