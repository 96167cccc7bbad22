#ifndef SEGEL_GATEWAY_VENTURE_H
#define SEGEL_GATEWAY_VENTURE_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "proto/status.h"

/* What may never come back, such as a look at a disk or a share that hangs: a thread of
 * its own does it, and nobody joins that one. A thread that hangs in the kernel cannot be
 * ended, and may outlive all but the process: so it touches nothing but its venture,
 * which the last of the two frees. First member of what the thread needs. */
struct venture {
    void (*run)(struct venture *venture);  /* on its thread */
    void (*free)(struct venture *venture); /* on either: by whoever is the last */
    void (*wake)(void *context);           /* on its thread, when it is back; or NULL */
    void *context;                         /* of wake: borrowed until venture_leave */
    pthread_mutex_t lock; /* a leaf; wake is called under it. It and the rest are set by
                           * venture_begin */
    pthread_cond_t came_back;
    bool back;
    bool left;
};

/* Sends it off; the first four are set. name: as thread_start. SG_NO_MEMORY: it was not
 * sent, and the caller owns it as before. */
SG_MUST_USE enum sg_status venture_begin(struct venture *venture, const char *name);
/* Whether it is back: what it brought is then the caller's to read. Waits for it until
 * then, by CLOCK_MONOTONIC; 0: does not wait. */
bool venture_back(struct venture *venture, int64_t until_us);
/* Gives it up: it is freed now, or when it comes back, and wakes nobody any more. */
void venture_leave(struct venture *venture);

#endif
