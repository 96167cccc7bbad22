#ifndef SEGEL_GATEWAY_SERVICE_KEYS_KEYS_H
#define SEGEL_GATEWAY_SERVICE_KEYS_KEYS_H

#include "gateway/service/approvals/approvals.h"
#include "segel/v1/keys.pb-c.h"

/* KeyService: keys.c looks, order.c and ceremony.c order, watch.c follows, minutes.c has
 * what was written of ceremonies, tokens.c the lanes, message.c says what a key is. */

/* The methods. */
void keys_on_list(struct grpc_call *call, const ProtobufCMessage *message,
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
void keys_on_compromise(struct grpc_call *call, const ProtobufCMessage *message,
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
void minutes_on_get_call(struct grpc_call *call, const ProtobufCMessage *message,
                         void *services);
void minutes_on_list_call(struct grpc_call *call, const ProtobufCMessage *message,
                          void *services);
void minutes_on_sign_call(struct grpc_call *call, const ProtobufCMessage *message,
                          void *services);
void tokens_on_list(struct grpc_call *call, const ProtobufCMessage *message,
                    void *services);

/* --- Inside ------------------------------------------------------------------------ */

/* What is said of one key. lanes: of the same report; NULL: without certificate.der and
 * tokens. */
struct key_view {
    const struct key *key;
    const struct key_report *report;
    const struct core_report *lanes;
};
/* NULL: the arena is full. Texts are borrowed from the view. */
Segel__V1__Key *keys_message(struct arena *arena, const struct key_view *view);

/* The key of an order that went well, as it is now; *position is that of the newest
 * record about it. NULL: the order's arena is full. */
Segel__V1__Key *keys_of_order(struct asked *asked, const char *name,
                              Segel__V1__LogPosition **position);
/* An order came back: whether signatures are counted before it is answered, which
 * keys_counted goes on with (count.c). */
bool keys_count(struct asked *asked);
/* A piece of the log was counted; or its loop has ended meanwhile. */
void keys_counted(struct service_loop *loop, struct letter *letter);
void keys_counted_late(struct letter *letter);
/* One lane; out borrows from it. */
void tokens_describe(const struct lane_report *lane, Segel__V1__TokenFacts *out);

#endif
