#ifndef SEGEL_GATEWAY_SERVICE_APPROVALS_INCIDENTS_H
#define SEGEL_GATEWAY_SERVICE_APPROVALS_INCIDENTS_H

#include "gateway/service/approvals/approvals.h"
#include "segel/v1/incidents.pb-c.h"

/* The incidents of an answered order, in its arena. NULL: it is full. */
Segel__V1__Incident **incidents_of(struct asked *asked);

#endif
