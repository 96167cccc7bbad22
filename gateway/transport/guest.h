#ifndef SEGEL_GATEWAY_TRANSPORT_GUEST_H
#define SEGEL_GATEWAY_TRANSPORT_GUEST_H

#include <pthread.h>

#include "proto/base.h"

/* How many connections each caller has, on all loops together. A guest is an identity: a
 * pointer that callers have in common or not; it is compared, never followed. Any thread;
 * the lock is a leaf and is taken once when a connection comes and once when it goes. */
enum { GUEST_SHELVES = 256 };

struct guest;
struct guests {
    pthread_mutex_t lock;
    struct guest *shelves[GUEST_SHELVES]; /* owned */
};

void guests_init(struct guests *guests);
void guests_fini(struct guests *guests);

/* Takes a place. SG_BUSY: the guest has max already. SG_NO_MEMORY. */
SG_MUST_USE enum sg_status guests_enter(struct guests *guests, const void *guest,
                                        uint32_t max);
/* Gives back one place that was taken. */
void guests_leave(struct guests *guests, const void *guest);

#endif
