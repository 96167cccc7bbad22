#ifndef SEGEL_CLIENT_CHANNEL_INTERNAL_H
#define SEGEL_CLIENT_CHANNEL_INTERNAL_H

#include <nghttp2/nghttp2.h>
#include <openssl/ssl.h>
#include <sys/queue.h>

#include "client/channel/channel.h"
#include "client/channel/queue.h"
#include "client/channel/reply.h"
#include "proto/grpc_frame.h"

/* Shared by the files of the channel; nobody else includes it.
 *
 *   channel.c   open, close, one turn: socket and TLS records
 *   tls.c       connect, handshake, why it failed
 *   socket.c    how the TLS library writes to the socket
 *   h2.c        nghttp2 session: frames to and from calls
 *   call.c      a call's life, seen by its user
 *   unary.c     one call, start to end
 *   life.c      whether the peer is still there
 *   reply.c     what response headers and trailers say */
enum {
    CHANNEL_RECORD = 16384,        /* a TLS record holds so much */
    CHANNEL_FRAME = 16384 + 9,     /* the largest frame that nghttp2 makes */
    CHANNEL_MESSAGE_MAX = 1 << 24, /* a batch of 1024 CMS has about 10 MB */
    CHANNEL_STREAM_WINDOW = 1 << 20,
    CHANNEL_WINDOW = 1 << 22,
    CHANNEL_LOOK_MS = 250 /* how long to wait without a look at what gives up */
};

struct channel_call {
    LIST_ENTRY(channel_call) link;
    struct channel *channel; /* borrowed */
    struct call_events events;
    int32_t stream;
    int64_t deadline_us; /* monotonic; 0 = none */
    struct queue queue;
    struct grpc_deframer deframer;
    struct reply reply;
    bool half_closed; /* the user sends no more */
    bool deferred;    /* nghttp2 asked for bytes and there were none */
    bool given_up;    /* cancelled or failed here: what still comes is dropped */
};

struct channel {
    int fd;
    int watched_fd;              /* borrowed; -1 = none */
    const atomic_bool *given_up; /* borrowed; NULL = never */
    SSL *ssl;                    /* owned */
    nghttp2_session *session;    /* owned */
    LIST_HEAD(, channel_call) calls;
    LIST_HEAD(, channel_call) spare; /* closed ones, kept with their buffers */
    size_t timed_calls;              /* those with a deadline */
    uint64_t ended;                  /* calls so far; a turn that ends one is done */
    bool ready;                      /* the peer's SETTINGS have come */
    bool lost;
    bool blocked;     /* the socket took no more */
    bool unread;      /* the TLS library may hold what can be read at once */
    int64_t stuck_us; /* monotonic: since when, with a call given up; 0 = it is not */
    int64_t heard_us; /* monotonic: when bytes came last, or the first call began */
    int64_t asked_us; /* monotonic: when a PING went out since then; 0 = none */
    char authority[280];
    struct sg_error reason; /* why it was lost, or the peer's GOAWAY */
    size_t stage_len;
    uint8_t stage[CHANNEL_RECORD + CHANNEL_FRAME];
    uint8_t input[CHANNEL_RECORD];
};

/* TCP and TLS with all checks; blocks up to deadline_us (monotonic). */
SG_MUST_USE enum sg_status channel_tls_open(const struct channel_options *options,
                                            int64_t deadline_us, struct channel *channel,
                                            struct sg_error *why);
bool channel_given_up(const struct channel *channel);
/* Milliseconds of left_ms to wait before the next look. */
int channel_look_ms(const struct channel *channel, int64_t left_ms);
/* Why the TLS library gave the connection up, for people; reads its error queue. */
void channel_tls_reason(const struct channel *channel, struct sg_error *why);

/* A BIO over the socket, which it does not close. NULL: no memory. */
BIO *channel_socket_bio(int fd);

SG_MUST_USE enum sg_status channel_h2_start(struct channel *channel);
/* Ends a call: tells its user, then keeps it as a spare. */
void channel_call_end(struct channel_call *call, const struct call_status *status);
void channel_call_free_all(struct channel *channel); /* the spare ones */
/* Gives a call up with a status of our own: resets the stream; the user is told when
 * nghttp2 has closed it, so the call may be used by the caller until it returns. */
void channel_call_fail(struct channel_call *call, int grpc_code, const char *text);
/* Ends calls that were given up before they went out: of a stream that was never opened
 * nghttp2 says nothing, and a peer that allows none keeps it so. */
void channel_end_unsent(struct channel *channel);
/* Something came of the peer, or it is to be looked after from now on. */
void channel_life_begin(struct channel *channel);
/* Asks a peer that calls wait for, and that is quiet, whether it is there; when to look
 * again (monotonic), or 0. */
int64_t channel_life_ask(struct channel *channel, int64_t now_us);
/* Whether it gave no sign of life for so long that it is gone: after its bytes were read.
 */
bool channel_life_over(const struct channel *channel, int64_t now_us);
/* Closes calls whose deadline has passed; next_us: the earliest of the others, or 0. */
bool channel_expire(struct channel *channel, int64_t now_us, int64_t *next_us);

#endif
