#ifndef SEGEL_HSM_QUEUE_H
#define SEGEL_HSM_QUEUE_H

#include <pthread.h>

#include "hsm/operation.h"
#include "proto/marks.h"

/* Operations on their way from the reader of the socket to the workers: one ring for each
 * kind of key. Within a ring the oldest is taken first. Between them time is divided
 * evenly, so that a backlog of RSA, ten to twenty times as slow, does not hold up the
 * curves. Any thread.
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
    pthread_cond_t filled;
    struct marks *marks;   /* borrowed for ever; written under the lock */
    atomic_size_t len;     /* of all rings; written under the lock */
    size_t idle;           /* workers that wait */
    atomic_uint long_ones; /* taken, not settled, and not brief; written under the lock */
    int64_t reached_us;    /* served_us of the ring that was taken from, at its highest */
    struct queue_ring rings[MARK_QUEUES];
};

void queue_init(struct queue *queue, struct marks *marks);

/* One of a packet's operations, on its way in. */
struct arrival {
    enum mark_queue kind;
    struct operation operation;
};

/* Copies a packet's operations, all under one lock: workers that are woken find the whole
 * of it. False: a ring is full, so the peer oversteps its window. */
SG_MUST_USE bool queue_put(struct queue *queue, const struct arrival *arrivals,
                           size_t len);
/* Waits for the next one. Before it returns the marks tell that its key may be used. What
 * stands in *out is taken as done, and took_us as how long; negative: nothing stands
 * there. */
void queue_take(struct queue *queue, struct queued *out, int64_t took_us);
/* Gives an operation back, untouched, to be the next of its ring. It used up no time. */
void queue_return(struct queue *queue, const struct queued *queued);
/* What is still to come, a moment ago. */
struct outlook {
    size_t queued;
    bool brief; /* whatever others have under way will be done in BRIEF_US */
};
/* taken: what the asker has under way itself; NULL: nothing. */
struct outlook queue_outlook(const struct queue *queue, const struct queued *taken);

#endif
