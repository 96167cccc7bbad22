#ifndef SEGEL_HSM_LANE_QUEUE_H
#define SEGEL_HSM_LANE_QUEUE_H

#include <pthread.h>
#include <stdatomic.h>

#include "hsm/lane/ring.h"

/* Operations on their way from the socket to the workers: one ring for each kind of key.
 * Within a ring the oldest is taken first. Between them time is divided evenly, so that a
 * backlog of RSA, ten to twenty times as slow, does not hold up the curves. Where brief
 * calls are made in turns (ring.h) and workers are many, half would be more than goes
 * into the module one at a time: their kind has the time of two or three workers. Any
 * thread.
 *
 * Who reads the socket is decided here too. A worker that finds nothing to do reads, one
 * at a time: what comes in is begun by the thread that the kernel woke for it, without
 * another switch of threads. When all are busy in the module the clerk reads, a thread
 * that never calls it. */

/* What a worker has in hand: one operation, or as many brief ones as are its share. */
struct batch {
    struct queued operations[RING_BATCH];
    size_t len;
    struct ring *turn; /* whose turn in the module the worker has; NULL: of none */
};

struct queue {
    pthread_mutex_t lock;
    pthread_cond_t filled; /* workers wait here */
    pthread_cond_t called; /* the clerk does */
    struct marks *marks; /* borrowed for ever; written by queue_begin, without the lock */
    int poke_fd;         /* owned: an eventfd that makes a reader look here */
    bool reading;        /* somebody reads the socket, or is about to */
    atomic_bool clerk_up;
    atomic_size_t len; /* of all rings; written under the lock */
    size_t workers;
    size_t idle;           /* workers that wait */
    atomic_uint long_ones; /* taken, not settled, and not brief; written under the lock */
    int64_t reached_us;    /* served_us of the ring that was taken from, at its highest */
    struct ring rings[MARK_QUEUES];
};

/* workers: those that will ask. */
SG_MUST_USE enum sg_status queue_init(struct queue *queue, struct marks *marks,
                                      size_t workers);

/* One of a packet's operations, on its way in. */
struct arrival {
    enum mark_queue kind;
    struct operation operation;
};

/* Copies a packet's operations, all under one lock. Wakes nobody: whoever read them goes
 * on to queue_next or queue_read_over. False: a ring is full, so the peer oversteps its
 * window. */
SG_MUST_USE bool queue_put(struct queue *queue, const struct arrival *arrivals,
                           size_t len);

/* For workers. NEXT_OPERATION: what *batch holds is to be done. NEXT_READ: nothing waits
 * that the asker may begin and nobody reads the socket, so it does.
 * The batch is the asker's last one, as it was done, or empty; read: it comes from
 * reading. */
enum next { NEXT_OPERATION, NEXT_READ };
SG_MUST_USE enum next queue_next(struct queue *queue, struct batch *batch, bool read);

/* To be called for each operation before the module is: the marks tell from now on that
 * its key may be used. */
void queue_begin(struct queue *queue, const struct queued *queued);
/* Gives back all but the first so many of a batch, untouched, to be the next of their
 * ring. */
void queue_return(struct queue *queue, struct batch *batch, size_t done);
/* To be called when the module was called for all of a batch: lets the next one in. */
void queue_leave(struct queue *queue, struct batch *batch);

/* For the clerk. While workers are busy nobody but it reads; it rests while one of them
 * does, and until it is called. */
void queue_clerk_yawn(struct queue *queue); /* from here on it has to be called */
void queue_clerk_rest(struct queue *queue);
void queue_call_clerk(struct queue *queue);
/* Whether the asker is the one who reads now; then queue_read_over is due. */
SG_MUST_USE bool queue_may_read(struct queue *queue);
void queue_read_over(struct queue *queue);

/* What is still to come, a moment ago. */
struct outlook {
    size_t queued;
    bool brief; /* whatever others have under way will be done in BRIEF_US */
};
/* taken: what the asker has under way itself; NULL: nothing. */
struct outlook queue_outlook(const struct queue *queue, const struct queued *taken);

#endif
