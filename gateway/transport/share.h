#ifndef SEGEL_GATEWAY_TRANSPORT_SHARE_H
#define SEGEL_GATEWAY_TRANSPORT_SHARE_H

#include "gateway/transport/limit.h"

/* What all connections of one caller on an I/O loop hold together: a part of the loop's
 * memory, and of its time, is always left to the others, however many connections it has.
 * One thread. */
struct share {
    struct share *next;
    const void *guest; /* compared, never followed; NULL: all that nobody knows */
    uint32_t connections;
    struct budget input;
    struct budget output;
    struct bucket inflates; /* what its compressed messages may cost */
    uint64_t inflated;      /* bytes that they had, of all connections so far */
};

/* The loop's own budgets. */
struct shared {
    struct share *first;  /* owned, with those behind it */
    struct budget *input; /* borrowed */
    struct budget *output;
};

/* One more connection of the guest. NULL: no memory. */
struct share *share_enter(struct shared *shared, const void *guest);
/* One less; it holds nothing any more. What the caller owes stays, so that it does not
 * come again as one that owes nothing. */
void share_leave(struct shared *shared, struct share *share);
/* All connections have gone. */
void shares_fini(struct shared *shared);

#endif
