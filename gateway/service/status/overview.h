#ifndef SEGEL_GATEWAY_SERVICE_STATUS_OVERVIEW_H
#define SEGEL_GATEWAY_SERVICE_STATUS_OVERVIEW_H

#include "gateway/core/key/key.h"
#include "gateway/core/watch/agenda.h"
#include "gateway/core/watch/report.h"
#include "gateway/service/approvals/approvals.h"
#include "segel/v1/status.pb-c.h"

/* Inside of StatusService: an answer as it is put together, all of it in the arena of the
 * order. Each part returns false when that is full. */
struct overview {
    struct asked *asked;
    struct services *services;
    struct agenda *agenda;
    struct core_report *report;
    Segel__V1__GetStatusResponse *out;
};
void overview_on_get(struct grpc_call *call, const ProtobufCMessage *message,
                     void *services);
/* The whole answer to GetStatus; false: the arena is full. */
bool overview_make(struct asked *asked, struct overview *out);
/* overview_key.c: by the facts that the key's jobs are judged by; of one that no lane has
 * opened nothing is known, and nothing is written. */
bool overview_key(struct overview *overview, const struct key *key,
                  Segel__V1__KeyStatus *out);
/* overview_machine.c: log with its anchors; policy; disk and clock. */
bool overview_log(struct overview *overview);
bool overview_policy(struct overview *overview);
bool overview_machine(struct overview *overview);

#endif
