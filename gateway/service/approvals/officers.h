#ifndef SEGEL_GATEWAY_SERVICE_APPROVALS_OFFICERS_H
#define SEGEL_GATEWAY_SERVICE_APPROVALS_OFFICERS_H

#include "gateway/transport/grpc.h"

struct letter;
struct service_loop;

/* The methods of ApprovalService (approvals.c, look.c, overrides.c). */
void approvals_on_create(struct grpc_call *call, const ProtobufCMessage *message,
                         void *services);
void approvals_on_release(struct grpc_call *call, const ProtobufCMessage *message,
                          void *services);
void approvals_on_list(struct grpc_call *call, const ProtobufCMessage *message,
                       void *services);
void approvals_on_get(struct grpc_call *call, const ProtobufCMessage *message,
                      void *services);
void approvals_on_approve(struct grpc_call *call, const ProtobufCMessage *message,
                          void *services);
void approvals_on_refuse(struct grpc_call *call, const ProtobufCMessage *message,
                         void *services);
void approvals_on_lock_down(struct grpc_call *call, const ProtobufCMessage *message,
                            void *services);
void approvals_on_overrides(struct grpc_call *call, const ProtobufCMessage *message,
                            void *services);
void approvals_on_roster(struct grpc_call *call, const ProtobufCMessage *message,
                         void *services);
/* Those of IncidentService (incidents.c). */
void incidents_on_list_call(struct grpc_call *call, const ProtobufCMessage *message,
                            void *services);
void incidents_on_note_call(struct grpc_call *call, const ProtobufCMessage *message,
                            void *services);
void incidents_on_close_call(struct grpc_call *call, const ProtobufCMessage *message,
                             void *services);

/* An order came back from the core: of any service that asks it by approvals.h. */
void approvals_answer(struct service_loop *loop, struct letter *letter);
/* It came back too late: the loop has ended. */
void approvals_drop(struct letter *letter);

#endif
