#ifndef SEGEL_CLIENT_COMMANDS_INCIDENT_VIEW_H
#define SEGEL_CLIENT_COMMANDS_INCIDENT_VIEW_H

#include "proto/base.h"
#include "proto/json.h"
#include "segel/v1/incidents.pb-c.h"

/* One incident for people: two lines, or with all its notes; or one JSON object a line.
 * now_us: the gateway's clock, for the time that is left. */
void incident_print(const Segel__V1__Incident *incident, int64_t now_us, bool indonesian);
void incident_print_whole(const Segel__V1__Incident *incident, int64_t now_us,
                          bool indonesian);
/* What is said of it wherever it is shown to machines: members of an open object. */
void incident_put_json(struct json_out *out, const Segel__V1__Incident *incident);
SG_MUST_USE enum sg_status incident_print_json(const Segel__V1__Incident *incident);

#endif
