#ifndef SEGEL_HSM_LANE_QUEUE_H
#define SEGEL_HSM_LANE_QUEUE_H

#include <pthread.h>

#include "hsm/wire/operation.h"
#include "proto/marks.h"

/* Operations on their way from the socket to the workers: one ring for each kind of key.
 * Within a ring the oldest is taken first. Between them time is divided evenly, so that a
 * backlog of RSA, ten to twenty times as slow, does not hold up the curves. Any thread.
 *
 * Who reads the socket is decided here too. A worker that finds nothing to do reads, one
 * at a time: what comes in is begun by the thread that the kernel woke for it, without
 * another switch of threads. When all are busy in the module the clerk reads, a thread
 * that never calls it.
 *
 * A ring holds more than segeld ever has in hand of one kind (384), so whoever reads the
 * socket never waits here; and a place for each worker that gives an operation back. */
enum { QUEUE_LEN = 512, QUEUE_WORKERS = 64, BRIEF_US = 200 };

/* An operation that carries its input along. Must not move once filled: the operation
 * points into it. */
struct queued {
    struct operation operation;
    enum mark_queue kind;
    bool brief;         /* its kind takes less than BRIEF_US, signing and checking */
    int64_t charged_us; /* what its ring was charged when it was taken */
    uint8_t input[SIGN_MESSAGE_MAX];
};

struct queue_ring {
    struct queued slots[QUEUE_LEN + QUEUE_WORKERS];
    size_t head;
    size_t len;
    int64_t served_us; /* time that its operations took */
    int64_t usual_us;  /* their mean */
};

struct queue {
    pthread_mutex_t lock;
    pthread_cond_t filled; /* workers wait here */
    pthread_cond_t called; /* the clerk does */
    struct marks *marks;   /* borrowed for ever; written under the lock */
    int poke_fd;           /* owned: an eventfd that makes a reader look here */
    bool reading;          /* somebody reads the socket, or is about to */
    atomic_bool clerk_up;
    atomic_size_t len;     /* of all rings; written under the lock */
    size_t idle;           /* workers that wait */
    atomic_uint long_ones; /* taken, not settled, and not brief; written under the lock */
    int64_t reached_us;    /* served_us of the ring that was taken from, at its highest */
    struct queue_ring rings[MARK_QUEUES];
};

SG_MUST_USE enum sg_status queue_init(struct queue *queue, struct marks *marks);

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

/* For workers. NEXT_OPERATION: *out is to be done, and the marks tell that its key may be
 * used. NEXT_READ: nothing waits and nobody reads the socket, so the asker does.
 * before: how long the operation that stands in *out took, or what else it did. */
enum next { NEXT_OPERATION, NEXT_READ };
enum { QUEUE_NOTHING = -1, QUEUE_READ = -2 };
SG_MUST_USE enum next queue_next(struct queue *queue, struct queued *out, int64_t before);
/* Gives an operation back, untouched, to be the next of its ring. It used up no time. */
void queue_return(struct queue *queue, const struct queued *queued);

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
