#ifndef SEGEL_GATEWAY_TRANSPORT_SHARE_H
#define SEGEL_GATEWAY_TRANSPORT_SHARE_H

#include <sys/queue.h>

#include "gateway/transport/limit.h"

/* What all connections of one caller on an I/O loop hold together: a part of the loop's
 * memory is always left to the others, however many connections it has. One thread. */
struct share {
    LIST_ENTRY(share) link;
    const void *guest; /* compared, never followed; NULL: all that nobody knows */
    uint32_t connections;
    struct budget input;
    struct budget output;
};
LIST_HEAD(share_list, share);

/* The loop's own budgets. */
struct shared {
    struct share_list list; /* owned */
    struct budget *input;   /* borrowed */
    struct budget *output;
};

/* One more connection of the guest. NULL: no memory. */
struct share *share_enter(struct shared *shared, const void *guest);
/* One less; it holds nothing any more. */
void share_leave(struct share *share);

#endif
