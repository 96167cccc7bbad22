#ifndef SEGEL_GATEWAY_SERVICE_APPROVALS_MANDATES_H
#define SEGEL_GATEWAY_SERVICE_APPROVALS_MANDATES_H

#include "gateway/service/approvals/approvals.h"

/* MandateService: mandates.c takes calls to the core, by the way of ApprovalService;
 * mandates_answer.c answers them. */
void mandates_on_open(struct grpc_call *call, const ProtobufCMessage *message,
                      void *services);
void mandates_on_list(struct grpc_call *call, const ProtobufCMessage *message,
                      void *services);
void mandates_on_get(struct grpc_call *call, const ProtobufCMessage *message,
                     void *services);
void mandates_on_revoke(struct grpc_call *call, const ProtobufCMessage *message,
                        void *services);

/* In the order's arena; NULL: it is full. */
ProtobufCMessage *mandates_open_answer(struct asked *asked);
ProtobufCMessage *mandates_list_answer(struct asked *asked);
ProtobufCMessage *mandates_get_answer(struct asked *asked);
ProtobufCMessage *mandates_revoke_answer(struct asked *asked);

#endif
