#ifndef SEGEL_GATEWAY_TRANSPORT_SETUP_H
#define SEGEL_GATEWAY_TRANSPORT_SETUP_H

#include <nghttp2/nghttp2.h>

#include "gateway/transport/guest.h"
#include "gateway/transport/limit.h"
#include "gateway/transport/server.h"
#include "gateway/transport/trust.h"

/* What a server is made of and what never changes after server_new: read by all its I/O
 * loops without a lock. */
struct setup {
    struct server_limits limits;
    size_t input_bytes;                 /* a loop's share of the total */
    size_t output_bytes;                /* likewise */
    uint32_t handshakes;                /* under way on a loop */
    uint32_t lingering;                 /* on a loop: that ended, and may read why */
    struct guests *guests;              /* owned; with a lock of its own */
    const struct grpc_method **methods; /* owned, sorted by path */
    size_t method_count;
    bool speaks_tls;                      /* on any listener */
    struct trust *trust;                  /* owned; may be renewed */
    nghttp2_session_callbacks *callbacks; /* owned */
    nghttp2_option *options;              /* owned */
    void *(*identify)(void *context, const struct peer *peer, struct sg_error *why);
    void (*release)(void *caller);
    const void *(*identity)(const void *caller);
    void *context; /* of identify */
};

/* Limits that nobody has needed to tune. */
enum {
    STREAM_WINDOW = 1 << 20,
    CONNECTION_WINDOW = 4 << 20,
    TLS_RECORD = 16384,        /* largest read and write of TLS at once */
    READS_A_TURN = 4,          /* records of one connection before others have theirs */
    INFLATED_A_TURN = 1 << 20, /* no further one once so much came of them */
    FLUSH_BYTES_A_TURN = 1 << 20,
    LINGER_FIRST_MS = 5,    /* before the first look at what a peer still sends */
    LINGER_LAST_MS = 640,   /* before the last one: twice as long each time */
    LINGER_BYTES = 1 << 20, /* read and thrown away meanwhile */
    GOAWAY_GAP_MS = 100     /* longest time between the two GOAWAY */
};
#define ARENA_FACTOR 8
#define ARENA_MIN    ((size_t)64 << 10)
#define ARENA_MAX    ((size_t)64 << 20)

/* Fills *setup; what it holds is released by setup_fini, also after a failure. */
SG_MUST_USE enum sg_status setup_init(struct setup *setup,
                                      const struct server_options *options,
                                      struct sg_error *why);
/* The part of it that needs no file: methods, limits and HTTP/2, without TLS. */
SG_MUST_USE enum sg_status setup_protocol(struct setup *setup,
                                          const struct server_options *options,
                                          struct sg_error *why);
void setup_fini(struct setup *setup);
/* Whether any listener does. */
bool setup_speaks_tls(const struct server_options *options);
/* The method of a path; NULL when there is none. */
const struct grpc_method *setup_method(const struct setup *setup, struct slice path);

#endif
