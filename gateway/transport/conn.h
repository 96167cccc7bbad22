#ifndef SEGEL_GATEWAY_TRANSPORT_CONN_H
#define SEGEL_GATEWAY_TRANSPORT_CONN_H

#include "gateway/transport/frames.h"
#include "gateway/transport/loop.h"

/* One connection, with TLS or plain: socket, handshake, output, timers. It moves bytes
 * between the socket and its HTTP/2 session and knows nothing of calls. */

enum conn_state {
    CONN_HANDSHAKE,
    CONN_OPEN,
    CONN_LINGER, /* our side is shut; waits for the peer to read the last words */
    CONN_DEAD
};

/* Whether the peer may begin further calls. */
enum conn_stay {
    CONN_STAYS,
    CONN_ASKED, /* was asked to go, and has not answered yet */
    CONN_SENT_AWAY
};

struct conn {
    struct loop *loop; /* borrowed */
    int fd;            /* owned */
    SSL *ssl;          /* owned; NULL: plain */
    struct event read_event;
    struct event write_event;
    struct event timer;
    enum conn_state state;
    uint32_t index;
    char address[PEER_ADDRESS_SIZE];

    unsigned trusted;   /* generation of the trust that judged the peer */
    int64_t path_us;    /* wall clock: the first end in the chain by which it was */
    int64_t expires_us; /* wall clock: the peer is judged anew from then on */
    void *caller;       /* of the identify hook; owned: goes to the release hook */
    char *stranger;     /* owned; why there is no caller */
    const void *guest;  /* the caller's identity */
    bool placed;        /* and it holds a place of the guest */

    nghttp2_session *session; /* owned */
    int32_t last_stream;      /* the last that counts; INT32_MAX: no end is set yet */
    LIST_HEAD(, grpc_call) calls;
    uint32_t call_count;
    struct share *share; /* a place in it; its caller's. NULL: not yet, or no more */
    struct budget input;
    struct budget output;
    struct bucket offences;
    struct bucket resets;
    struct bucket pings; /* while calls are open */
    int64_t ping_us;     /* when the last one came, 0 = none that counts */
    uint32_t strikes;    /* pings that came too early */
    uint32_t prepaid;    /* resets still to be sent for frames that were counted */
    struct bucket settings;
    struct bucket control;
    struct bucket key_updates;
    struct frames frames;
    int32_t block_stream; /* whose headers are on their way, 0 = none */
    int64_t block_us;     /* since when */
    const char *cut_why;  /* set: the session is to be ended, for this */
    uint32_t cut_code;    /* of HTTP/2 */
    bool cut;             /* it was: nothing is counted any more */

    uint8_t *stage; /* owned while output waits: frames on their way to the socket */
    size_t stage_from;
    size_t stage_to;
    bool blocked;          /* the socket takes nothing now */
    unsigned socket_reads; /* for the read or handshake step of TLS under way */
    bool dirty;
    bool queued_again;
    bool queued_step;
    bool listed_handshake;
    bool listed_lingering;
    size_t lingered;    /* bytes thrown away */
    uint32_t linger_ms; /* to the next look */
    int64_t idle_since_us;
    int64_t output_moved_us;
    int64_t data_moved_us;

    bool heard;           /* something came since the last tick */
    int64_t heard_us;     /* as the last tick saw it */
    int64_t asked_us;     /* when a sign of life was asked for, 0 = none is awaited */
    int64_t grows_old_us; /* when it will have its age, 0 = never */
    bool aged;            /* and so it was asked to go */
    enum conn_stay stay;
    int64_t asked_to_go_us;

    TAILQ_ENTRY(conn) dirty_link;
    TAILQ_ENTRY(conn) again_link;
    TAILQ_ENTRY(conn) step_link;
    TAILQ_ENTRY(conn) handshake_link; /* or among those that linger */
    TAILQ_ENTRY(conn) dead_link;
};

/* Takes the fd. When there is no memory the fd is closed and nothing remains. */
void conn_open(struct loop *loop, int fd, bool plain, const char *address);
/* The connection's only timer. */
void conn_arm(struct conn *conn, uint32_t ms);
/* Writes what waits. May close the connection. */
void conn_flush(struct conn *conn);
/* Reads what waits. May close the connection. */
void conn_read(struct conn *conn);
/* Goes on with the handshake. May close the connection. */
void conn_step(struct conn *conn);
/* Ends all calls and the session; then a polite end (linger) or an end at once. Never
 * from inside a callback of the session. */
void conn_close(struct conn *conn, bool linger);
/* The peer broke a rule: it is told which (conn->cut_why), as far as it still listens. */
void conn_cut(struct conn *conn);
/* Another caller, or none, takes the place of the one it had. */
void conn_set_caller(struct conn *conn, void *caller);
/* For the loop: releases the memory. */
void conn_free(struct conn *conn);

#endif
