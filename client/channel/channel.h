#ifndef SEGEL_CLIENT_CHANNEL_CHANNEL_H
#define SEGEL_CLIENT_CHANNEL_CHANNEL_H

#include <protobuf-c/protobuf-c.h>
#include <stdatomic.h>

#include "proto/base.h"
#include "proto/slice.h"

/* A gRPC client connection (HTTP/2 over mutual TLS 1.3) for one thread. Calls are events:
 * start them, then run channel_turn until they have closed. */
struct channel;
struct channel_call;

struct channel_options {
    const char *address;     /* "host:port" */
    const char *ca;          /* PEM file: issuers of the gateway's certificate */
    const char *certificate; /* PEM file: own certificate and chain */
    const char *private_key; /* PEM file */
    uint32_t connect_ms;     /* 0 = 10,000 */
    /* Connecting, and unary calls, are given up with SG_CANCELLED within a quarter of a
     * second after this was set, by whichever thread or signal; not while the system
     * looks the name up. Borrowed; NULL = never. */
    const atomic_bool *given_up;
};

/* Connects and shakes hands (blocks for up to connect_ms). Failures name address or file
 * and what to do, and tell apart: nobody listens, certificate refused by either side, no
 * HTTP/2. The caller owns *out. */
SG_MUST_USE enum sg_status channel_open(const struct channel_options *options,
                                        struct channel **out, struct sg_error *why);
void channel_close(struct channel *channel);
/* The same without a word to the peer: in a child that was forked the connection is its
 * parent's. */
void channel_forget(struct channel *channel);
/* For AUTO. */
void channel_end(struct channel **channel);

/* How a call ended. text and details are borrowed during the callback. */
struct call_status {
    int grpc_code; /* -1: the connection broke before the status came, or what answered is
                    * no gateway; one that was given up here has its own (1 cancelled, 4
                    * deadline) */
    const char *text;
    struct slice details; /* packed google.rpc.Status; may be empty */
};

struct call_events {
    /* One response message; unpack it with the descriptor that you know. */
    void (*on_message)(void *context, struct slice message);
    /* Exactly once; the call is gone afterwards. */
    void (*on_close)(void *context, const struct call_status *status);
    void *context;
};

/* Whether another call can begin on it: not when the connection is gone, nor behind the
 * gateway's GOAWAY. It is known only of what was read: a call that begins before ends
 * with code 14. */
bool channel_takes_calls(const struct channel *channel);

/* path: "/segel.v1.SigningService/Sign". timeout_ms: 0 = none (streams).
 * SG_IO: the connection is gone. */
SG_MUST_USE enum sg_status channel_call(struct channel *channel, const char *path,
                                        uint32_t timeout_ms,
                                        const struct call_events *events,
                                        struct channel_call **out);
/* Packs and queues one request message. */
SG_MUST_USE enum sg_status channel_send(struct channel_call *call,
                                        const ProtobufCMessage *message);
void channel_half_close(struct channel_call *call);
/* RST_STREAM(CANCEL); on_close still comes. */
void channel_cancel(struct channel_call *call);
/* Bytes queued for the call and not yet written: senders of many messages keep it small.
 */
size_t channel_queued(const struct channel_call *call);

/* Writes what is queued, then waits up to timeout_ms for input (-1 = for ever, 0 = not at
 * all) and handles it. SG_TIMEOUT: nothing came. SG_IO: the connection is gone; all calls
 * have been closed. A peer that takes nothing for a second while a call is given up
 * counts as gone; so does one of which nothing comes for a minute while a call is open,
 * not even the answer to a PING. */
SG_MUST_USE enum sg_status channel_turn(struct channel *channel, int timeout_ms,
                                        struct sg_error *why);

/* channel_turn comes back, too, when this descriptor can be read; reading is the
 * caller's. -1 = none. */
void channel_watch(struct channel *channel, int fd);

/* The first status whose gRPC code this is; -1: SG_IO. */
enum sg_status channel_status_of(int grpc_code);
/* Whether a call that ended so is worth to be made again on another connection. */
bool channel_lost(enum sg_status status);

/* One unary call, start to end. reply_type: what to unpack; the caller frees *reply with
 * protobuf_c_message_free_unpacked. On a refusal the status is the one whose gRPC code
 * came back, why holds the gateway's sentence, and details (may be NULL; the caller frees
 * details->data with free) the packed google.rpc.Status. */
struct unary {
    const char *path;
    uint32_t timeout_ms;
    const ProtobufCMessage *request;
    const ProtobufCMessageDescriptor *reply_type;
};
SG_MUST_USE enum sg_status channel_unary(struct channel *channel,
                                         const struct unary *unary,
                                         ProtobufCMessage **reply, struct slice *details,
                                         struct sg_error *why);

#endif
