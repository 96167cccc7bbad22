#include "hsm/lane/queue.h"

#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

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

enum sg_status queue_init(struct queue *queue, struct marks *marks)
{
    MUST(pthread_mutex_init(&queue->lock, NULL) == 0);
    MUST(pthread_cond_init(&queue->filled, NULL) == 0);
    MUST(pthread_cond_init(&queue->called, NULL) == 0);
    queue->marks = marks;
    queue->reading = false;
    atomic_init(&queue->clerk_up, true);
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
    queue->poke_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return queue->poke_fd >= 0 ? SG_OK : SG_NO_MEMORY;
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

bool queue_put(struct queue *queue, const struct arrival *arrivals, size_t len)
{
    AUTO(unlock) pthread_mutex_t *held = locked(queue);
    bool good = true;
    (void)held;
    for (size_t i = 0; good && i < len; i++) {
        good = put(queue, &arrivals[i]);
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

/* What the asker did last. */
static void close_account(struct queue *queue, const struct queued *done, int64_t before)
{
    if (before == QUEUE_READ) {
        queue->reading = false;
    } else if (before >= 0) {
        settle(queue, done, before);
    }
}

static void take(struct queue *queue, struct queue_ring *ring, struct queued *out)
{
    const struct queued *first = &ring->slots[ring->head];
    fill(out, first->kind, &first->operation);
    ring->head = (ring->head + 1) % SLOTS;
    ring->len--;
    count(queue, -1);
    charge(queue, ring, out);
    mark(queue, out);
}

/* Whom a worker has to wake that goes away with an operation. */
struct wake {
    bool worker;
    bool clerk;
};

static struct wake wake_for(struct queue *queue)
{
    bool more = atomic_load_explicit(&queue->len, memory_order_relaxed) > 0;
    struct wake wake = {.worker = queue->idle > 0 && (more || !queue->reading)};
    if (!queue->reading && queue->idle == 0) {
        wake.clerk = !atomic_exchange(&queue->clerk_up, true);
    }
    return wake;
}

static enum next next(struct queue *queue, struct queued *out, int64_t before,
                      struct wake *wake)
{
    AUTO(unlock) pthread_mutex_t *held = locked(queue);
    close_account(queue, out, before);
    struct queue_ring *ring = next_ring(queue);
    while (ring == NULL && queue->reading) {
        queue->idle++;
        MUST(pthread_cond_wait(&queue->filled, held) == 0);
        queue->idle--;
        ring = next_ring(queue);
    }
    if (ring == NULL) {
        queue->reading = true;
        return NEXT_READ;
    }
    take(queue, ring, out);
    *wake = wake_for(queue);
    return NEXT_OPERATION;
}

/* Others are woken one by one, each by the one before it, and when the lock is free. */
enum next queue_next(struct queue *queue, struct queued *out, int64_t before)
{
    struct wake wake = {0};
    enum next what = next(queue, out, before, &wake);
    if (wake.worker) {
        MUST(pthread_cond_signal(&queue->filled) == 0);
    }
    if (wake.clerk) {
        MUST(pthread_cond_signal(&queue->called) == 0);
    }
    return what;
}

static void poke(const struct queue *queue)
{
    const uint64_t one = 1;
    MUST(write(queue->poke_fd, &one, sizeof(one)) == (ssize_t)sizeof(one));
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
    poke(queue); /* the only one who is free may be the one who reads */
}

/* --- The clerk --------------------------------------------------------------------- */

void queue_clerk_yawn(struct queue *queue)
{
    AUTO(unlock) pthread_mutex_t *held = locked(queue);
    (void)held;
    atomic_store(&queue->clerk_up, false);
}

void queue_clerk_rest(struct queue *queue)
{
    AUTO(unlock) pthread_mutex_t *held = locked(queue);
    while (!atomic_load(&queue->clerk_up) && (queue->reading || queue->idle > 0)) {
        MUST(pthread_cond_wait(&queue->called, held) == 0);
    }
    atomic_store(&queue->clerk_up, true);
}

void queue_call_clerk(struct queue *queue)
{
    if (atomic_load(&queue->clerk_up)) {
        return;
    }
    AUTO(unlock) pthread_mutex_t *held = locked(queue);
    (void)held;
    atomic_store(&queue->clerk_up, true);
    MUST(pthread_cond_signal(&queue->called) == 0);
}

bool queue_may_read(struct queue *queue)
{
    AUTO(unlock) pthread_mutex_t *held = locked(queue);
    bool free = !queue->reading;
    (void)held;
    queue->reading = true;
    return free;
}

void queue_read_over(struct queue *queue)
{
    AUTO(unlock) pthread_mutex_t *held = locked(queue);
    (void)held;
    queue->reading = false;
    MUST(pthread_cond_signal(&queue->filled) == 0);
}

struct outlook queue_outlook(const struct queue *queue, const struct queued *taken)
{
    unsigned own = taken != NULL && !taken->brief ? 1 : 0;
    return (struct outlook){
        atomic_load_explicit(&queue->len, memory_order_relaxed),
        atomic_load_explicit(&queue->long_ones, memory_order_relaxed) == own};
}
