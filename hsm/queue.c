#include "hsm/queue.h"

#include <string.h>

enum { SLOTS = QUEUE_LEN + QUEUE_WORKERS };

static void unlock(pthread_mutex_t **lock)
{
    MUST(pthread_mutex_unlock(*lock) == 0);
}

static pthread_mutex_t *locked(struct queue *queue)
{
    MUST(pthread_mutex_lock(&queue->lock) == 0);
    return &queue->lock;
}

void queue_init(struct queue *queue, struct marks *marks)
{
    MUST(pthread_mutex_init(&queue->lock, NULL) == 0);
    MUST(pthread_cond_init(&queue->filled, NULL) == 0);
    queue->marks = marks;
    queue->reached_us = 0;
    queue->idle = 0;
    atomic_init(&queue->len, 0);
    atomic_init(&queue->long_ones, 0);
    for (size_t i = 0; i < MARK_QUEUES; i++) {
        queue->rings[i].head = 0;
        queue->rings[i].len = 0;
        queue->rings[i].served_us = 0;
        queue->rings[i].usual_us = 1;
    }
}

static void fill(struct queued *to, enum mark_queue kind, const struct operation *from)
{
    MUST(from->wanted.input.len <= sizeof(to->input));
    to->operation = *from;
    to->kind = kind;
    if (from->wanted.input.len > 0) {
        memcpy(to->input, from->wanted.input.data, from->wanted.input.len);
    }
    to->operation.wanted.input.data = to->input;
}

/* A ring that was idle saves up no credit, with which it would hold up the other for as
 * long; what it owes it keeps, or one operation at a time would get more than its half.
 */
static void wake_ring(const struct queue *queue, struct queue_ring *ring)
{
    if (ring->len == 0 && ring->served_us < queue->reached_us) {
        ring->served_us = queue->reached_us;
    }
}

/* The lock is held, so that only readers need the atomics. */
static void count(struct queue *queue, int change)
{
    size_t len = atomic_load_explicit(&queue->len, memory_order_relaxed);
    atomic_store_explicit(&queue->len, len + (size_t)change, memory_order_relaxed);
}

static void count_long(struct queue *queue, const struct queued *queued, int change)
{
    unsigned count = atomic_load_explicit(&queue->long_ones, memory_order_relaxed);
    atomic_store_explicit(&queue->long_ones,
                          count + (queued->brief ? 0 : (unsigned)change),
                          memory_order_relaxed);
}

/* The lock is held. */
static bool put(struct queue *queue, const struct arrival *arrival)
{
    struct queue_ring *ring = &queue->rings[arrival->kind];
    if (ring->len >= QUEUE_LEN) {
        return false;
    }
    wake_ring(queue, ring);
    fill(&ring->slots[(ring->head + ring->len) % SLOTS], arrival->kind,
         &arrival->operation);
    ring->len++;
    count(queue, 1);
    return true;
}

/* How many workers are to be woken. */
static size_t put_all(struct queue *queue, const struct arrival *arrivals, size_t len,
                      bool *good)
{
    AUTO(unlock) pthread_mutex_t *held = locked(queue);
    (void)held;
    *good = true;
    for (size_t i = 0; *good && i < len; i++) {
        *good = put(queue, &arrivals[i]);
    }
    return len < queue->idle ? len : queue->idle;
}

bool queue_put(struct queue *queue, const struct arrival *arrivals, size_t len)
{
    bool good;
    size_t wake = put_all(queue, arrivals, len, &good);
    while (wake-- > 0) {
        MUST(pthread_cond_signal(&queue->filled) == 0);
    }
    return good;
}

/* NULL: all are empty. The later ring, the faster kind, goes first where both had the
 * same.
 */
static struct queue_ring *next_ring(struct queue *queue)
{
    struct queue_ring *next = NULL;
    for (size_t i = 0; i < MARK_QUEUES; i++) {
        struct queue_ring *ring = &queue->rings[i];
        if (ring->len > 0 && (next == NULL || ring->served_us <= next->served_us)) {
            next = ring;
        }
    }
    return next;
}

/* An id that comes a second time, because it was given back, lowers no mark. */
static void mark(struct queue *queue, const struct queued *taken)
{
    _Atomic uint64_t *highest = &queue->marks->taken[taken->kind];
    if (taken->operation.id > atomic_load(highest)) {
        atomic_store(highest, taken->operation.id);
    }
}

/* What is under way counts already, as the mean: or all workers would choose the same
 * ring until the first of them is done. */
static void charge(struct queue *queue, struct queue_ring *ring, struct queued *taken)
{
    if (ring->served_us > queue->reached_us) {
        queue->reached_us = ring->served_us;
    }
    taken->charged_us = ring->usual_us;
    taken->brief = ring->usual_us < BRIEF_US;
    count_long(queue, taken, 1);
    ring->served_us += taken->charged_us;
}

/* The time that an operation really took stands in for the mean. */
static void settle(struct queue *queue, const struct queued *done, int64_t took_us)
{
    enum { SMOOTH = 8 };
    struct queue_ring *ring = &queue->rings[done->kind];
    count_long(queue, done, -1);
    ring->served_us += took_us - done->charged_us;
    ring->usual_us += (took_us - ring->usual_us) / SMOOTH;
}

void queue_take(struct queue *queue, struct queued *out, int64_t took_us)
{
    AUTO(unlock) pthread_mutex_t *held = locked(queue);
    if (took_us >= 0) {
        settle(queue, out, took_us);
    }
    struct queue_ring *ring = next_ring(queue);
    while (ring == NULL) {
        queue->idle++;
        MUST(pthread_cond_wait(&queue->filled, held) == 0);
        queue->idle--;
        ring = next_ring(queue);
    }
    const struct queued *first = &ring->slots[ring->head];
    fill(out, first->kind, &first->operation);
    ring->head = (ring->head + 1) % SLOTS;
    ring->len--;
    count(queue, -1);
    charge(queue, ring, out);
    mark(queue, out);
}

void queue_return(struct queue *queue, const struct queued *queued)
{
    AUTO(unlock) pthread_mutex_t *held = locked(queue);
    struct queue_ring *ring = &queue->rings[queued->kind];
    (void)held;
    MUST(ring->len < SLOTS);
    count_long(queue, queued, -1);
    ring->served_us -= queued->charged_us;
    ring->head = (ring->head + SLOTS - 1) % SLOTS;
    fill(&ring->slots[ring->head], queued->kind, &queued->operation);
    ring->len++;
    count(queue, 1);
    MUST(pthread_cond_signal(&queue->filled) == 0);
}

struct outlook queue_outlook(const struct queue *queue, const struct queued *taken)
{
    unsigned own = taken != NULL && !taken->brief ? 1 : 0;
    return (struct outlook){
        atomic_load_explicit(&queue->len, memory_order_relaxed),
        atomic_load_explicit(&queue->long_ones, memory_order_relaxed) == own};
}
