#ifndef SEGEL_TESTS_UNIT_HSM_SUPPORT_ARRIVALS_H
#define SEGEL_TESTS_UNIT_HSM_SUPPORT_ARRIVALS_H

#include "hsm/lane/queue.h"

/* One operation with a digest as its input comes in. False: its ring is full. */
bool arrivals_put(struct queue *queue, enum mark_queue kind, uint64_t id);

/* Until some worker of another thread has found nothing to do and waits. */
void arrivals_await_idle(struct queue *queue);

#endif
