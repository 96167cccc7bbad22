#ifndef SEGEL_HSM_LANE_RING_H
#define SEGEL_HSM_LANE_RING_H

#include "hsm/wire/operation.h"
#include "proto/marks.h"

/* Operations of one kind of key that wait for a worker, the oldest first, and the account
 * of the time that they took. Not locked: the queue that holds it is.
 *
 * Calls so brief that a module spends much of them on its own locks go into it one at a
 * time, several in a row: two threads that call SoftHSM for P-256 sign no more than one
 * does, and take twice the processor time. Checking what was signed needs no lock, so
 * that is what the other workers do meanwhile. A device of its own takes longer than
 * BRIEF_CALL_US for a call, and gets as many at once as there are workers.
 *
 * A ring holds more than segeld ever has in hand of one kind (384), so whoever reads the
 * socket never waits here; and places for what workers give back, each one operation and
 * one of them what is left of its batch. */
enum {
    RING_LEN = 512,
    RING_WORKERS = 64,
    RING_BATCH = 8,
    BRIEF_US = 200,
    BRIEF_CALL_US = 100
};

/* An operation that carries its input along. Must not move once filled: the operation
 * points into it. */
struct queued {
    struct operation operation;
    enum mark_queue kind;
    bool brief;         /* its kind takes less than BRIEF_US, signing and checking */
    int64_t charged_us; /* what its ring was charged when it was taken */
    int64_t took_us;    /* told by the worker when it is done: signing and checking */
    int64_t called_us;  /* and that of it which the module took; 0 = it did not sign */
    uint8_t input[SIGN_MESSAGE_MAX];
};

struct ring {
    struct queued slots[RING_LEN + RING_WORKERS + RING_BATCH];
    size_t head;
    size_t len;
    int64_t served_us; /* time that its operations took */
    int64_t usual_us;  /* their mean */
    int64_t called_us; /* mean of what the module took of it */
    bool turn;         /* somebody is in the module for a row of brief calls */
};

void ring_init(struct ring *ring);

/* Copies the operation behind the others. False: the ring is full, so the peer oversteps
 * its window. */
SG_MUST_USE bool ring_put(struct ring *ring, enum mark_queue kind,
                          const struct operation *operation);

/* Copies the oldest one out; there is one. It counts from now on as the mean: or all
 * workers would choose the same ring until the first of them is done. */
void ring_take(struct ring *ring, struct queued *out);

/* Puts one that was taken and not done before all others. It used up no time. */
void ring_return(struct ring *ring, const struct queued *queued);

/* The time that an operation really took stands in for the mean; of one that took longer
 * than 0.1 s and eight times the mean, so much of it. */
void ring_settle(struct ring *ring, const struct queued *done);

/* Whether its calls are so brief that they are better made one at a time. */
SG_MUST_USE bool ring_is_brief(const struct ring *ring);

#endif
