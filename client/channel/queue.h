#ifndef SEGEL_CLIENT_CHANNEL_QUEUE_H
#define SEGEL_CLIENT_CHANNEL_QUEUE_H

#include "proto/base.h"

/* Bytes on their way out, first in, first out. Grows; gives memory back only at _fini,
 * because the next message is likely to be of the same size. The zero state is empty. */
struct queue {
    uint8_t *data; /* owned */
    size_t cap;
    size_t begin;
    size_t end;
};

void queue_fini(struct queue *queue);
static inline size_t queue_len(const struct queue *queue)
{
    return queue->end - queue->begin;
}
/* Room for len bytes at the end, to be written by the caller at once: until then the
 * queue is as if they were there. SG_NO_MEMORY: nothing has changed. */
SG_MUST_USE enum sg_status queue_grow(struct queue *queue, size_t len, uint8_t **room);
/* Copies up to len bytes from the front and removes them. */
size_t queue_take(struct queue *queue, uint8_t *out, size_t len);
void queue_clear(struct queue *queue);

#endif
