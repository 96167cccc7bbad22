#ifndef SEGEL_GATEWAY_TRANSPORT_GRPC_H
#define SEGEL_GATEWAY_TRANSPORT_GRPC_H

#include <protobuf-c/protobuf-c.h>

#include "proto/arena.h"
#include "proto/base.h"
#include "proto/slice.h"

/* A gRPC call as the services see it. Everything here belongs to the I/O loop that the
 * call's connection is on: call these functions on that loop's thread only. */
struct grpc_call;

enum grpc_kind { GRPC_UNARY, GRPC_CLIENT_STREAM, GRPC_SERVER_STREAM, GRPC_BIDI };

/* One method. on_message gets each request message, already unpacked into the call's
 * arena: it is valid until the callback returns. Unary and server-streaming methods are
 * called exactly once, at half-close. on_half_close (streaming requests only) tells that
 * no message follows. on_close comes exactly once for every call that saw on_message or
 * on_open, when it is over for whatever reason, also after grpc_finish; afterwards the
 * call is gone. A callback may call grpc_send and grpc_finish. All but on_message may be
 * NULL.
 *
 * on_open comes with the headers for streaming requests, else right before on_message.
 * No callback comes from inside a function of this header. */
struct grpc_method {
    const char *path; /* "/segel.v1.SigningService/Sign" */
    enum grpc_kind kind;
    const ProtobufCMessageDescriptor *request;
    size_t max_request;    /* bytes of one message */
    uint32_t max_elements; /* preflight_limits.max_elements */
    bool unknown_refused;  /* preflight: unknown fields are an error, else 64 are let pass
                            */
    void *context;         /* given to the callbacks */
    void (*on_open)(struct grpc_call *call, void *context);
    void (*on_message)(struct grpc_call *call, const ProtobufCMessage *message,
                       void *context);
    void (*on_half_close)(struct grpc_call *call, void *context);
    void (*on_close)(struct grpc_call *call, void *context);
    /* Everything queued by grpc_send was taken by the connection: there is room again. */
    void (*on_writable)(struct grpc_call *call, void *context);
};

/* Names a call for other threads: where it no longer exists, the name resolves to NULL
 * instead of dangling. */
struct grpc_name {
    uint32_t loop;
    uint32_t connection;
    uint32_t generation;
    uint32_t stream;
};

struct grpc_name grpc_call_name(const struct grpc_call *call);
const struct grpc_method *grpc_call_method(const struct grpc_call *call);
/* CLOCK_MONOTONIC microseconds: the client's grpc-timeout clamped to the server's
 * maximum, or the server's default. Other kinds than unary have only the client's own
 * timeout, INT64_MAX without one. */
int64_t grpc_call_deadline_us(const struct grpc_call *call);
/* What the identify hook returned for the connection; NULL = not known. Never NULL inside
 * on_message of a method: unknown callers are answered before. */
void *grpc_call_caller(const struct grpc_call *call);
/* "127.0.0.1:51234" or "unix". */
const char *grpc_call_peer(const struct grpc_call *call);

/* The service's own state of a call. */
void grpc_call_set_state(struct grpc_call *call, void *state);
void *grpc_call_state(const struct grpc_call *call);

/* Queues one response message (packed at once, the message may go away). The queue is
 * written when the loop's turn ends. A message is never too large for an empty queue.
 * SG_BUSY: the connection's output budget is used up
 * by a peer that does not read; the call has been ended by reset. SG_CANCELLED: the call
 * was over already; nothing is to be done, on_close comes. */
SG_MUST_USE enum sg_status grpc_send(struct grpc_call *call,
                                     const ProtobufCMessage *message);
/* Bytes of this call that are queued and not yet taken by the connection: streams that
 * produce much ask it and go on when on_writable says so. */
size_t grpc_call_queued(const struct grpc_call *call);

/* Ends the call with a status. text: one sentence, UTF-8, may be NULL (the status' own
 * general sentence). details: packed google.rpc.Status for grpc-status-details-bin, or
 * empty; more than 5 KiB are left out, clients would not accept the trailers. Messages
 * queued before are delivered first. A call that has ended stays as it is. */
void grpc_finish(struct grpc_call *call, enum sg_status status, const char *text,
                 struct slice details);

/* Stops and restarts reading messages of one call: while paused, on_message does not come
 * and flow control holds the client back. Messages in hand are kept. */
void grpc_pause(struct grpc_call *call);
void grpc_resume(struct grpc_call *call);

#endif
