#ifndef SEGEL_GATEWAY_SERVICE_APPROVALS_OFFICERS_H
#define SEGEL_GATEWAY_SERVICE_APPROVALS_OFFICERS_H

#include "gateway/core/watch/report.h"
#include "gateway/transport/grpc.h"
#include "segel/v1/keys.pb-c.h"

struct letter;
struct service_loop;

/* What officers see of the lanes (tokens.c) and order (approvals.c), and policies, which
 * reviewers see and order, too (policies.c). */
void tokens_on_list(struct grpc_call *call, const ProtobufCMessage *message,
                    void *services);
/* One lane; out borrows from it. */
void tokens_describe(const struct lane_report *lane, Segel__V1__TokenFacts *out);

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
/* Incidents (incidents.c), and how everything stands (overview.c). */
void incidents_on_list_call(struct grpc_call *call, const ProtobufCMessage *message,
                            void *services);
void incidents_on_note_call(struct grpc_call *call, const ProtobufCMessage *message,
                            void *services);
void incidents_on_close_call(struct grpc_call *call, const ProtobufCMessage *message,
                             void *services);
void overview_on_get(struct grpc_call *call, const ProtobufCMessage *message,
                     void *services);
void assessment_on_get(struct grpc_call *call, const ProtobufCMessage *message,
                       void *services);
/* An order came back from the core. */
void approvals_answer(struct service_loop *loop, struct letter *letter);
/* It came back too late: the loop has ended. */
void approvals_drop(struct letter *letter);

/* keys.c, keys/order.c, keys/watch.c */
void keys_on_list(struct grpc_call *call, const ProtobufCMessage *message,
                  void *services);
void keys_on_generate(struct grpc_call *call, const ProtobufCMessage *message,
                      void *services);
void keys_on_import(struct grpc_call *call, const ProtobufCMessage *message,
                    void *services);
void keys_on_destroy(struct grpc_call *call, const ProtobufCMessage *message,
                     void *services);
void keys_on_backup(struct grpc_call *call, const ProtobufCMessage *message,
                    void *services);
void keys_on_csr(struct grpc_call *call, const ProtobufCMessage *message, void *services);
/* keys/minutes.c */
void minutes_on_get_call(struct grpc_call *call, const ProtobufCMessage *message,
                         void *services);
void minutes_on_list_call(struct grpc_call *call, const ProtobufCMessage *message,
                          void *services);
void minutes_on_sign_call(struct grpc_call *call, const ProtobufCMessage *message,
                          void *services);
void keys_on_get(struct grpc_call *call, const ProtobufCMessage *message, void *services);
void keys_on_watch(struct grpc_call *call, const ProtobufCMessage *message,
                   void *services);
void keys_on_watch_close(struct grpc_call *call, void *services);
void keys_on_hold(struct grpc_call *call, const ProtobufCMessage *message,
                  void *services);
void keys_on_release(struct grpc_call *call, const ProtobufCMessage *message,
                     void *services);
void keys_on_activate(struct grpc_call *call, const ProtobufCMessage *message,
                      void *services);
void keys_on_deactivate(struct grpc_call *call, const ProtobufCMessage *message,
                        void *services);
void keys_on_rotate(struct grpc_call *call, const ProtobufCMessage *message,
                    void *services);
/* keys/count.c: a piece of the log was counted, or its loop has ended. */
void keys_counted(struct service_loop *loop, struct letter *letter);
void keys_counted_late(struct letter *letter);
void keys_on_compromise(struct grpc_call *call, const ProtobufCMessage *message,
                        void *services);

enum { POLICY_ASKS_MAX = 8 };
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
/* With all that it owns, and its place. */
struct policy_ask;
void policies_release(struct policy_ask *ask);
/* It came back too late. */
void policies_drop(struct letter *letter);

#endif
