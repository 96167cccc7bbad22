#ifndef SEGEL_HSM_LANE_OUTBOX_H
#define SEGEL_HSM_LANE_OUTBOX_H

#include <pthread.h>
#include <stdatomic.h>

#include "hsm/lane/queue.h"
#include "hsm/wire/operation.h"

/* Outcomes on their way to segeld, many in one packet: each packet wakes two processes. A
 * packet leaves when it is full, or when the patience of one outcome in it is at its end.
 * Any thread. When segeld is gone the process ends. */
enum { OUTBOX_BATCH = 32 };

struct outbox {
    pthread_mutex_t lock;
    int fd; /* borrowed */
    struct outcome waiting[OUTBOX_BATCH];
    size_t count;
    int64_t due_us;         /* when the packet leaves at the latest */
    atomic_uint unanswered; /* operations taken in and not yet sent back */
};

void outbox_init(struct outbox *outbox, int fd);
/* So many more operations will be answered. */
void outbox_expect(struct outbox *outbox, unsigned count);
/* Whether operations are unanswered: somebody has to look after stale outcomes then. */
bool outbox_expecting(struct outbox *outbox);
/* Copies the outcome. With no patience it is sent at once, unless what others have under
 * way will be done sooner than segeld would be awake. True: it waits here, and somebody
 * has to call outbox_flush_due now and then. */
SG_MUST_USE bool outbox_put(struct outbox *outbox, const struct outcome *outcome,
                            struct outlook outlook);
/* Sends what is due. */
void outbox_flush_due(struct outbox *outbox);

#endif
