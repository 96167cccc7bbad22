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
    /* Names of request metadata that the service will ask for, lower case, ending with
     * NULL; NULL: none. Only these are kept, others cost nothing. */
    const char *const *metadata;
    void *context; /* given to the callbacks */
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
 * empty. They are left out when they would make the trailers larger than the 8 KiB that
 * clients accept, or name another code than status: clients would believe them. Messages
 * queued before are delivered first. A call that has ended stays as it is. */
void grpc_finish(struct grpc_call *call, enum sg_status status, const char *text,
                 struct slice details);

/* Stops and restarts reading messages of one call: while paused, on_message does not come
 * and flow control holds the client back. Messages in hand are kept. on_half_close comes
 * behind the last message, also while paused. */
void grpc_pause(struct grpc_call *call);
void grpc_resume(struct grpc_call *call);

/* Metadata: names with values in request headers, response headers and trailers. What is
 * kept of each is bounded and counted as in RFC 9113 section 6.5.2: name + value (in
 * base64 for "-bin" names) + 32 bytes a field. Clients accept 8 KiB of each. */
enum { GRPC_METADATA_MAX = 8192, GRPC_METADATA_FIELDS_MAX = 64 };

/* The at-th value of a name that the method wants, in the order of arrival: as it stood,
 * without blanks around it, for ASCII names, decoded for names that end with "-bin" (a
 * value with commas counts as several). data NULL: there is none. Valid until on_close.
 *
 * ASCII values that are lawful in HTTP but not in gRPC (beyond 0x20 to 0x7E) are left
 * out, so that every value may be sent back as it is. A "-bin" value that is not base64
 * has refused the call already (INTERNAL); so has more than GRPC_METADATA_MAX. */
struct slice grpc_metadata(const struct grpc_call *call, const char *name, size_t at);

/* Adds to the headers, or to the trailers, of the answer; both are copied. The value is
 * raw bytes for "-bin" names. Trailers also go with an answer that has no message.
 * SG_INVALID: not a legal name or value, or a name of gRPC or HTTP (metadata.h).
 * SG_TOO_LARGE: more than GRPC_METADATA_MAX or _FIELDS_MAX. SG_CANCELLED: too late, they
 * went out or the call is over. SG_BUSY: the connection's output budget is used up.
 * SG_NO_MEMORY. */
SG_MUST_USE enum sg_status grpc_add_header(struct grpc_call *call, const char *name,
                                           struct slice value);
SG_MUST_USE enum sg_status grpc_add_trailer(struct grpc_call *call, const char *name,
                                            struct slice value);
/* Sends the response headers now, without waiting for the first message. */
void grpc_send_headers(struct grpc_call *call);

/* From here on messages of this call go compressed with gzip, or as they are, which is
 * what happens by default, and to those that would not become smaller. Returns whether
 * the call can: the client accepts gzip, and its headers have not gone without saying
 * that gzip may come: whoever wants it later asks before the first message.
 *
 * The services of segeld never ask for it. Their answers put text that a caller chose
 * (names, reasons) next to signatures and to records of other callers; how small such a
 * message becomes would tell whether the two have something in common (the CRIME and
 * BREACH attacks on TLS), and signatures do not shrink anyway. */
bool grpc_compress(struct grpc_call *call, bool on);
/* Whether the message that on_message was given came compressed. */
bool grpc_message_compressed(const struct grpc_call *call);

#endif
