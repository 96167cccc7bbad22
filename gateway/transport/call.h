#ifndef SEGEL_GATEWAY_TRANSPORT_CALL_H
#define SEGEL_GATEWAY_TRANSPORT_CALL_H

#include "gateway/transport/conn.h"
#include "gateway/transport/fields.h"
#include "proto/grpc_frame.h"

/* One gRPC call. request.c reads its headers, call.c its messages, deliver.c hands them
 * over, reply.c answers, added.c keeps metadata of both directions. */

/* Response bytes, one behind the other with no regard to messages. */
struct block {
    union {
        STAILQ_ENTRY(block) link;
        SLIST_ENTRY(block) spare;
    };
    size_t from;
    size_t to;
    size_t cap;
    uint8_t data[];
};
STAILQ_HEAD(block_list, block);
enum { BLOCK_CAP = 4096 - (int)sizeof(struct block) };

/* What the request headers said. */
struct request {
    uint32_t bytes; /* RFC 9113: name + value + 32 each */
    uint32_t fields;
    size_t
        seen_bytes; /* the same, also of what is no longer looked at, and of trailers */
    size_t seen_fields;
    int64_t timeout_us;
    bool post;
    bool grpc;     /* content-type */
    bool trailers; /* te */
    bool timed;
    bool timeout_bad;
    bool gzip;         /* grpc-encoding */
    bool encoded;      /* in an encoding that is not known */
    bool accepts_gzip; /* grpc-accept-encoding */
    bool too_large;
    enum sg_status metadata; /* what became of that which the method wants */
};

struct grpc_call {
    LIST_ENTRY(grpc_call) link;        /* in its connection */
    TAILQ_ENTRY(grpc_call) ready_link; /* or spare */
    struct conn *conn;                 /* borrowed */
    int32_t stream;
    const struct grpc_method *method; /* NULL: not known (yet) */
    void *state;                      /* the service's */
    struct event timer;
    int64_t deadline_us;
    struct request request;

    struct grpc_deframer deframer;
    size_t deframer_charged;
    uint8_t *held; /* owned; came while paused */
    size_t held_from;
    size_t held_to;
    size_t held_cap;
    uint32_t empty_frames;
    uint32_t empty_messages; /* not outweighed by others */

    struct fields metadata; /* of the request, as far as the method wants it */
    struct fields headers;  /* added by the service */
    struct fields trailers;

    struct block_list queue;
    struct block *last_block; /* in it; NULL when it is empty */
    size_t queued;            /* bytes */
    enum sg_status status;
    char *text;    /* owned; percent-encoded */
    char *details; /* owned; base64 */

    bool accepted; /* past the checks of the headers */
    bool opened;   /* the service knows it: on_close is due */
    bool message;  /* a whole message stands in the deframer (one-request kinds) */
    bool paused;
    bool peer_done;   /* END_STREAM has come */
    bool half_closed; /* and was told to the service */
    bool ended;       /* has a status, or was reset */
    bool answered;    /* response headers submitted */
    bool gzip_named;  /* and they say that gzip may come, or will say so */
    bool gzip;        /* compress the next message */
    bool want_room;   /* on_writable is due when ready */
    bool ready;       /* on the loop's ready list */
};

/* call.c: for the session. */
struct grpc_call *call_new(struct conn *conn, int32_t stream); /* NULL: no memory */
/* Calls on_close where due; the call is gone. */
void call_free(struct grpc_call *call);
void call_destroy(struct grpc_call *call); /* releases a spare one */
void call_receive(struct grpc_call *call, struct slice bytes);
void call_half_close(struct grpc_call *call);
/* For the loop: the call was resumed, or its queue has run empty. */
void call_ready(struct grpc_call *call);

/* request.c */
void request_header(struct grpc_call *call, struct slice name, struct slice value);
/* Of the request's headers or its trailers. False: they exceed the limit so far that not
 * even a refusal is due; the connection is to be cut. */
bool request_bearable(struct grpc_call *call, struct slice name, struct slice value);
/* All headers are there: answers what cannot be served. */
void request_complete(struct grpc_call *call);

/* deliver.c: inflates and unpacks the message in the deframer and hands it to the
 * service. */
void deliver(struct grpc_call *call);

/* added.c: keeps the value if the method wants it. */
void call_keep_metadata(struct grpc_call *call, struct slice name, struct slice value);

/* The service learns of the call, unless it knows it already. */
void call_open(struct grpc_call *call);

/* expire.c: the deadline has passed. */
void call_expire(struct grpc_call *call);
/* Ends it, by status where the peer takes one now, else by a reset. Nothing for calls
 * that were not accepted (yet). */
void call_dismiss(struct grpc_call *call, enum sg_status status, const char *why);

/* reply.c */
/* Ends a call by RST_STREAM, whatever was queued. */
void call_abandon(struct grpc_call *call, uint32_t code);
/* Ends a call for a reason of the transport. */
void call_refuse(struct grpc_call *call, enum sg_status status, const char *text);
/* The same with a bare HTTP status, for those who do not speak gRPC. */
void call_refuse_http(struct grpc_call *call, const char *http_status);
/* The same, telling which encodings are accepted. */
void call_refuse_encoding(struct grpc_call *call);
void call_drop_queue(struct grpc_call *call);

#endif
