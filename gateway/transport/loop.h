#ifndef SEGEL_GATEWAY_TRANSPORT_LOOP_H
#define SEGEL_GATEWAY_TRANSPORT_LOOP_H

#include <event2/event.h>
#include <event2/event_struct.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/queue.h>

#include "gateway/transport/compress.h"
#include "gateway/transport/counts.h"
#include "gateway/transport/note.h"
#include "gateway/transport/setup.h"
#include "gateway/transport/share.h"

struct conn;
struct grpc_call;

/* One I/O thread: its event base, its connections, and what they share. Everything but
 * the mailbox and the counters belongs to that thread. */

TAILQ_HEAD(conn_list, conn);
TAILQ_HEAD(call_list, grpc_call);

/* Fields of the largest header block that is sent: metadata added to headers and to
 * trailers, and gRPC's own. */
enum { ANSWER_FIELDS_MAX = 2 * GRPC_METADATA_FIELDS_MAX + 8 };

/* Names stay good after a connection has gone: the generation tells. */
struct conn_slot {
    struct conn *conn; /* NULL: free */
    uint32_t generation;
    uint32_t next_free;
};

struct loop {
    const struct setup *setup; /* borrowed */
    unsigned index;
    pthread_t thread;
    bool running;
    struct event_base *base; /* owned */

    struct mbox box;
    struct event box_event;
    struct note drain_note; /* one each is enough: sent once */
    struct note stop_note;
    atomic_bool drain_asked;
    atomic_bool drain_told; /* clients know: no new call will come */
    atomic_bool stop_asked;
    void (*on_drain)(void *context); /* loop 0: closes the listener */
    void *on_drain_context;

    struct event *watch; /* owned; the core's mailbox */
    void (*on_wake)(void *context);
    void *wake_context;

    struct event *tick;      /* owned */
    _Atomic int64_t beat_us; /* CLOCK_MONOTONIC of its last one */
    void (*on_tick)(void *context);
    void *tick_context;

    struct conn_slot *slots; /* owned */
    uint32_t slot_count;
    uint32_t free_slot;
    struct conn_list handshaking; /* oldest first */
    uint32_t handshake_count;
    struct conn_list lingering; /* shut, and not read to the end; oldest first */
    uint32_t lingering_count;
    struct conn_list dirty; /* to be flushed when the turn ends */
    struct conn_list again; /* not finished with, when others had their turn */
    struct conn_list steps; /* handshakes that can go on, one a turn */
    struct conn_list dead;  /* to be freed when the turn ends */
    struct call_list ready; /* to be resumed, or told that there is room */
    struct event settle;    /* ends the turn */
    struct event again_timer;
    struct event step_timer;
    struct event drain_timer;
    uint32_t call_count;
    uint32_t asked_count; /* connections whose answer to a notice is waited for */
    bool draining;
    bool settle_pending;
    bool settling, stopping;
    bool stop_over; /* no more grace */

    struct arena arena; /* of the message that is being delivered */
    struct gzip gzip;
    nghttp2_nv fields[ANSWER_FIELDS_MAX]; /* of the block that is being made */
    struct call_list spare_calls;
    uint32_t spare_call_count;
    SLIST_HEAD(, block) spare_blocks;
    uint32_t spare_block_count;
    uint8_t *spare_stage; /* owned; of a flush, when no connection holds it */
    struct budget input;
    struct budget output;
    struct shared shared;       /* by the callers */
    uint8_t record[TLS_RECORD]; /* read here, used up before the next read */

    struct bucket log_bucket;
    uint64_t log_skipped;

    struct loop_counts counts;
    atomic_uint connections; /* with those still in the mailbox */
    atomic_uint on_the_way;  /* those only */
    atomic_uint giving_way;  /* words in the mailbox that somebody has to */
    atomic_uint busy;        /* calls, and connections whose output waits */
};

/* SG_NO_MEMORY. loop_fini is due in any case. */
SG_MUST_USE enum sg_status loop_init(struct loop *loop, const struct setup *setup,
                                     unsigned index);
void loop_fini(struct loop *loop);
SG_MUST_USE enum sg_status loop_start(struct loop *loop);
void loop_join(struct loop *loop);

/* Any thread. loop_adopt takes the fd; plain: no TLS. loop_tell: the trust was renewed,
 * or an unfinished handshake has to give way; false: no memory to say so. */
void loop_adopt(struct loop *loop, int fd, bool plain, const char *address);
void loop_drain(struct loop *loop);
bool loop_tell(struct loop *loop, enum note_kind what);
void loop_stop(struct loop *loop);

/* turn.c: the two ends of a turn, for the events of the loop. */
void loop_settle(evutil_socket_t fd, short what, void *context);
void loop_go_on(evutil_socket_t fd, short what, void *context);
/* One step of one handshake. */
void loop_next_step(evutil_socket_t fd, short what, void *context);

/* On the loop's own thread. */
void loop_touch(struct loop *loop); /* something waits for the end of the turn */
void loop_mark_dirty(struct loop *loop, struct conn *conn);
void loop_mark_again(struct loop *loop, struct conn *conn);
void loop_mark_step(struct loop *loop, struct conn *conn);
void loop_mark_ready(struct loop *loop, struct grpc_call *call);
/* Its peer may read the last words; there is room for some of them only. */
void loop_linger(struct loop *loop, struct conn *conn);
void loop_forget(struct loop *loop, struct conn *conn); /* off all lists */
SG_MUST_USE enum sg_status loop_enter(struct loop *loop, struct conn *conn);
void loop_leave(struct loop *loop, struct conn *conn); /* frees when the turn ends */
/* A drain is over with the clients when none has still to answer. */
void loop_look_at_drain(struct loop *loop);
/* Whether one more line may be logged; *skipped tells how many were not. */
bool loop_may_log(struct loop *loop, uint64_t *skipped);

/* Somebody ran into a limit. */
static inline void count_refused(struct loop *loop, enum limit limit)
{
    count_up(&loop->counts.limits[limit]);
}

#endif
