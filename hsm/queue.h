#ifndef SEGEL_HSM_QUEUE_H
#define SEGEL_HSM_QUEUE_H

#include <pthread.h>

#include "hsm/operation.h"

/* Operations on their way from the reader of the socket to the workers. Bounded: when it
 * is full the reader waits, and the socket behind it fills up. Any thread. */
enum { QUEUE_LEN = 256 };

/* An operation that carries its input along. Must not move once filled: the operation
 * points into it. */
struct queued {
    struct operation operation;
    uint8_t input[SIGN_MESSAGE_MAX];
};

struct queue {
    pthread_mutex_t lock;
    pthread_cond_t filled;
    pthread_cond_t drained;
    struct queued ring[QUEUE_LEN];
    size_t head;
    size_t len;
};

void queue_init(struct queue *queue);

/* Copies the operation. False when there was no room for as long as wait_ms. */
bool queue_put(struct queue *queue, const struct operation *operation, unsigned wait_ms);
/* Waits for the next one. */
void queue_take(struct queue *queue, struct queued *out);
/* How many wait. */
size_t queue_len(struct queue *queue);

#endif
