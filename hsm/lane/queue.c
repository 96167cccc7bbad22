#include "hsm/lane/queue.h"

#include <sys/eventfd.h>
#include <unistd.h>

static void unlock(pthread_mutex_t **lock)
{
    MUST(pthread_mutex_unlock(*lock) == 0);
}

static pthread_mutex_t *locked(struct queue *queue)
{
    MUST(pthread_mutex_lock(&queue->lock) == 0);
    return &queue->lock;
}

enum sg_status queue_init(struct queue *queue, struct marks *marks, size_t workers)
{
    MUST(pthread_mutex_init(&queue->lock, NULL) == 0);
    MUST(pthread_cond_init(&queue->filled, NULL) == 0);
    MUST(pthread_cond_init(&queue->called, NULL) == 0);
    queue->marks = marks;
    queue->reading = false;
    atomic_init(&queue->clerk_up, true);
    queue->reached_us = 0;
    queue->workers = workers;
    queue->idle = 0;
    atomic_init(&queue->len, 0);
    atomic_init(&queue->long_ones, 0);
    for (size_t i = 0; i < MARK_QUEUES; i++) {
        ring_init(&queue->rings[i]);
    }
    queue->poke_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return queue->poke_fd >= 0 ? SG_OK : SG_NO_MEMORY;
}

/* A ring that was idle saves up no credit, with which it would hold up the other for as
 * long; what it owes it keeps, or one operation at a time would get more than its half.
 */
static void wake_ring(const struct queue *queue, struct ring *ring)
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
    struct ring *ring = &queue->rings[arrival->kind];
    wake_ring(queue, ring);
    bool good = ring_put(ring, arrival->kind, &arrival->operation);
    count(queue, good ? 1 : 0);
    return good;
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

/* One worker alone has nobody to wait for. */
static bool in_turns(const struct queue *queue, const struct ring *ring)
{
    return queue->workers > 1 && ring_is_brief(ring);
}

/* NULL: nothing waits that may be begun. The later ring, the faster kind, goes first
 * where both had the same. */
static struct ring *next_ring(struct queue *queue)
{
    struct ring *next = NULL;
    for (size_t i = 0; i < MARK_QUEUES; i++) {
        struct ring *ring = &queue->rings[i];
        bool open = ring->len > 0 && !(ring->turn && in_turns(queue, ring));
        if (open && (next == NULL || ring->served_us <= next->served_us)) {
            next = ring;
        }
    }
    return next;
}

/* Of operations that came in a row several workers are to check their share. */
static size_t share(const struct queue *queue, const struct ring *ring)
{
    size_t even = (ring->len + queue->workers - 1) / queue->workers;
    return even < RING_BATCH ? even : RING_BATCH;
}

/* What the asker did last. The lock is held. */
static void close_account(struct queue *queue, struct batch *done, bool read)
{
    queue->reading = queue->reading && !read;
    for (size_t i = 0; i < done->len; i++) {
        const struct queued *queued = &done->operations[i];
        count_long(queue, queued, -1);
        ring_settle(&queue->rings[queued->kind], queued);
    }
    done->len = 0;
}

static void take_one(struct queue *queue, struct ring *ring, struct batch *batch)
{
    struct queued *out = &batch->operations[batch->len++];
    if (ring->served_us > queue->reached_us) {
        queue->reached_us = ring->served_us;
    }
    ring_take(ring, out);
    count(queue, -1);
    count_long(queue, out, 1);
}

static void take(struct queue *queue, struct ring *ring, struct batch *batch)
{
    bool turn = in_turns(queue, ring);
    size_t wanted = turn ? share(queue, ring) : 1;
    while (batch->len < wanted) {
        take_one(queue, ring, batch);
    }
    batch->turn = turn ? ring : NULL;
    ring->turn = ring->turn || turn;
}

/* Whom a worker has to wake that goes away with operations, or leaves the module. */
struct wake {
    bool worker;
    bool reader; /* a worker that reads, and could begin something by now */
    bool clerk;
};

/* The lock is held. */
static struct wake wake_for(struct queue *queue)
{
    bool more = next_ring(queue) != NULL;
    struct wake wake = {.worker = queue->idle > 0 && (more || !queue->reading),
                        .reader = queue->idle == 0 && more && queue->reading};
    if (!queue->reading && queue->idle == 0) {
        wake.clerk = !atomic_exchange(&queue->clerk_up, true);
    }
    return wake;
}

static void poke(const struct queue *queue)
{
    const uint64_t one = 1;
    MUST(write(queue->poke_fd, &one, sizeof(one)) == (ssize_t)sizeof(one));
}

/* The lock is free again. */
static void call(struct queue *queue, struct wake wake)
{
    if (wake.worker) {
        MUST(pthread_cond_signal(&queue->filled) == 0);
    }
    if (wake.reader) {
        poke(queue);
    }
    if (wake.clerk) {
        MUST(pthread_cond_signal(&queue->called) == 0);
    }
}

static enum next next(struct queue *queue, struct batch *batch, bool read,
                      struct wake *wake)
{
    AUTO(unlock) pthread_mutex_t *held = locked(queue);
    close_account(queue, batch, read);
    struct ring *ring = next_ring(queue);
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
    take(queue, ring, batch);
    *wake = wake_for(queue);
    return NEXT_OPERATION;
}

/* Others are woken one by one, each by the one before it, and when the lock is free. */
enum next queue_next(struct queue *queue, struct batch *batch, bool read)
{
    struct wake wake = {0};
    enum next what = next(queue, batch, read, &wake);
    call(queue, wake);
    return what;
}

/* Without the lock: only who has its turn, or one operation, comes here. An id that comes
 * a second time, because it was given back, lowers no mark. */
void queue_begin(struct queue *queue, const struct queued *queued)
{
    _Atomic uint64_t *highest = &queue->marks->begun[queued->kind];
    uint64_t seen = atomic_load(highest);
    while (queued->operation.id > seen &&
           !atomic_compare_exchange_weak(highest, &seen, queued->operation.id)) {
    }
}

static struct wake leave(struct queue *queue, struct batch *batch)
{
    AUTO(unlock) pthread_mutex_t *held = locked(queue);
    (void)held;
    batch->turn->turn = false;
    batch->turn = NULL;
    return wake_for(queue);
}

void queue_leave(struct queue *queue, struct batch *batch)
{
    if (batch->turn != NULL) {
        call(queue, leave(queue, batch));
    }
}

void queue_return(struct queue *queue, struct batch *batch, size_t done)
{
    AUTO(unlock) pthread_mutex_t *held = locked(queue);
    (void)held;
    while (batch->len > done) {
        const struct queued *last = &batch->operations[--batch->len];
        count_long(queue, last, -1);
        ring_return(&queue->rings[last->kind], last);
        count(queue, 1);
    }
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
