#ifndef SEGEL_GATEWAY_SERVICE_POLICY_POLICIES_H
#define SEGEL_GATEWAY_SERVICE_POLICY_POLICIES_H

#include "gateway/transport/grpc.h"

struct letter;
struct policy_ask;
struct service_loop;

/* PolicyService on the I/O loops, for reviewers as for officers: what is asked
 * goes to the clerk (clerk.h), and where it is to be recorded on to the core. */
void policies_on_get(struct grpc_call *call, const ProtobufCMessage *message,
                     void *services);
void policies_on_list(struct grpc_call *call, const ProtobufCMessage *message,
                      void *services);
void policies_on_explain(struct grpc_call *call, const ProtobufCMessage *message,
                         void *services);
void policies_on_check(struct grpc_call *call, const ProtobufCMessage *message,
                       void *services);
void policies_on_load(struct grpc_call *call, const ProtobufCMessage *message,
                      void *services);
/* An ask came back from the clerk, or from the core. */
void policies_answer(struct service_loop *loop, struct letter *letter);
/* It came back too late: the loop has ended. */
void policies_drop(struct letter *letter);
/* With all that it owns, and its place. */
void policies_release(struct policy_ask *ask);

#endif
