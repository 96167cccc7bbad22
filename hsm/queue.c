#include "hsm/queue.h"

#include <errno.h>
#include <string.h>
#include <time.h>

static void unlock(pthread_mutex_t **lock)
{
    MUST(pthread_mutex_unlock(*lock) == 0);
}

static pthread_mutex_t *locked(struct queue *queue)
{
    MUST(pthread_mutex_lock(&queue->lock) == 0);
    return &queue->lock;
}

void queue_init(struct queue *queue)
{
    pthread_condattr_t monotonic;
    MUST(pthread_condattr_init(&monotonic) == 0);
    MUST(pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC) == 0);
    MUST(pthread_mutex_init(&queue->lock, NULL) == 0);
    MUST(pthread_cond_init(&queue->filled, NULL) == 0);
    MUST(pthread_cond_init(&queue->drained, &monotonic) == 0);
    queue->head = 0;
    queue->len = 0;
}

static void copy(struct queued *to, const struct operation *from)
{
    MUST(from->wanted.input.len <= sizeof(to->input));
    to->operation = *from;
    if (from->wanted.input.len > 0) {
        memcpy(to->input, from->wanted.input.data, from->wanted.input.len);
    }
    to->operation.wanted.input.data = to->input;
}

static struct timespec in_ms(unsigned ms)
{
    struct timespec when;
    MUST(clock_gettime(CLOCK_MONOTONIC, &when) == 0);
    when.tv_nsec += (long)ms * 1000000;
    when.tv_sec += when.tv_nsec / 1000000000;
    when.tv_nsec %= 1000000000;
    return when;
}

bool queue_put(struct queue *queue, const struct operation *operation, unsigned wait_ms)
{
    AUTO(unlock) pthread_mutex_t *held = locked(queue);
    struct timespec until = in_ms(wait_ms);
    while (queue->len == QUEUE_LEN) {
        if (pthread_cond_timedwait(&queue->drained, held, &until) == ETIMEDOUT) {
            return false;
        }
    }
    copy(&queue->ring[(queue->head + queue->len) % QUEUE_LEN], operation);
    queue->len++;
    MUST(pthread_cond_signal(&queue->filled) == 0);
    return true;
}

void queue_take(struct queue *queue, struct queued *out)
{
    AUTO(unlock) pthread_mutex_t *held = locked(queue);
    while (queue->len == 0) {
        MUST(pthread_cond_wait(&queue->filled, held) == 0);
    }
    copy(out, &queue->ring[queue->head].operation);
    queue->head = (queue->head + 1) % QUEUE_LEN;
    if (queue->len-- == QUEUE_LEN) {
        MUST(pthread_cond_signal(&queue->drained) == 0);
    }
}

size_t queue_len(struct queue *queue)
{
    AUTO(unlock) pthread_mutex_t *held = locked(queue);
    (void)held;
    return queue->len;
}
