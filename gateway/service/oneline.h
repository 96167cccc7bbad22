#ifndef SEGEL_GATEWAY_SERVICE_ONELINE_H
#define SEGEL_GATEWAY_SERVICE_ONELINE_H

#include "gateway/service/services.h"

/* How the gateway is, in one line for a person who asks the service manager: "serving",
 * or the first of what /readyz tells. Main thread only; looked at once a second, and
 * lasts until it is asked again. */
const char *services_oneline(struct services *services);

#endif
