#ifndef SEGEL_HSM_OUTBOX_H
#define SEGEL_HSM_OUTBOX_H

#include <pthread.h>
#include <stdatomic.h>

#include "hsm/operation.h"

/* Outcomes on their way to segeld, many in one packet. A packet leaves when 16 outcomes
 * are there, when the worker has nothing else to do, or when the oldest is 1 ms old. Any
 * thread. When segeld is gone the process ends. */
enum { OUTBOX_BATCH = 16, OUTBOX_STALE_US = 1000 };

struct outbox {
    pthread_mutex_t lock;
    int fd; /* borrowed */
    struct outcome waiting[OUTBOX_BATCH];
    size_t count;
    int64_t oldest_us;
    atomic_uint unanswered; /* operations taken in and not yet sent back */
};

void outbox_init(struct outbox *outbox, int fd);
/* One more operation will be answered. */
void outbox_expect(struct outbox *outbox);
/* Whether operations are unanswered: somebody has to look after stale outcomes then. */
bool outbox_expecting(struct outbox *outbox);
/* Copies the outcome; flush sends it at once. */
void outbox_put(struct outbox *outbox, const struct outcome *outcome, bool flush);
void outbox_flush_stale(struct outbox *outbox);

#endif
