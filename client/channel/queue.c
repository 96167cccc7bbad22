#include "client/channel/queue.h"

#include <stdlib.h>
#include <string.h>

enum { QUEUE_FIRST = 4096 };

void queue_fini(struct queue *queue)
{
    free(queue->data);
    *queue = (struct queue){0};
}

void queue_clear(struct queue *queue)
{
    queue->begin = 0;
    queue->end = 0;
}

static void move_to_front(struct queue *queue)
{
    size_t len = queue_len(queue);

    if (queue->begin > 0 && len > 0) {
        memmove(queue->data, queue->data + queue->begin, len);
    }
    queue->begin = 0;
    queue->end = len;
}

static enum sg_status enlarge(struct queue *queue, size_t wanted)
{
    size_t cap = queue->cap == 0 ? QUEUE_FIRST : queue->cap;

    while (cap < wanted) {
        if (cap > SIZE_MAX / 2) {
            return SG_NO_MEMORY;
        }
        cap *= 2;
    }
    uint8_t *data = (uint8_t *)realloc(queue->data, cap);
    if (data == NULL) {
        return SG_NO_MEMORY;
    }
    queue->data = data;
    queue->cap = cap;
    return SG_OK;
}

enum sg_status queue_grow(struct queue *queue, size_t len, uint8_t **room)
{
    if (len > queue->cap - queue->end) {
        move_to_front(queue);
    }
    if (len > queue->cap - queue->end) {
        if (len > SIZE_MAX - queue->end) {
            return SG_NO_MEMORY;
        }
        TRY(enlarge(queue, queue->end + len));
    }
    *room = queue->data + queue->end;
    queue->end += len;
    return SG_OK;
}

size_t queue_take(struct queue *queue, uint8_t *out, size_t len)
{
    size_t have = queue_len(queue);
    size_t taken = len < have ? len : have;

    if (taken > 0) {
        memcpy(out, queue->data + queue->begin, taken);
    }
    queue->begin += taken;
    if (queue->begin == queue->end) {
        queue_clear(queue);
    }
    return taken;
}
