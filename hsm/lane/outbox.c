#include "hsm/lane/outbox.h"

#include <string.h>
#include <unistd.h>

#include "hsm/wire/wire.h"

static void unlock(pthread_mutex_t **lock)
{
    MUST(pthread_mutex_unlock(*lock) == 0);
}

static pthread_mutex_t *locked(struct outbox *outbox)
{
    MUST(pthread_mutex_lock(&outbox->lock) == 0);
    return &outbox->lock;
}

void outbox_init(struct outbox *outbox, int fd)
{
    MUST(pthread_mutex_init(&outbox->lock, NULL) == 0);
    outbox->fd = fd;
    outbox->count = 0;
    atomic_init(&outbox->unanswered, 0);
}

void outbox_expect(struct outbox *outbox, unsigned count)
{
    (void)atomic_fetch_add_explicit(&outbox->unanswered, count, memory_order_relaxed);
}

bool outbox_expecting(struct outbox *outbox)
{
    return atomic_load_explicit(&outbox->unanswered, memory_order_relaxed) > 0;
}

/* The lock is held. */
static void send_all(struct outbox *outbox)
{
    if (wire_done(outbox->fd, outbox->waiting, outbox->count) != SG_OK) {
        _exit(0); /* nobody is left to answer to */
    }
    (void)atomic_fetch_sub_explicit(&outbox->unanswered, (unsigned)outbox->count,
                                    memory_order_relaxed);
    outbox->count = 0;
}

static void copy(struct outcome *to, const struct outcome *from)
{
    to->id = from->id;
    to->failure = from->failure;
    to->rv = from->rv;
    to->hsm_us = from->hsm_us;
    to->retries = from->retries;
    to->signature.len = from->signature.len;
    memcpy(to->signature.data, from->signature.data, from->signature.len);
}

/* How long an outcome may wait for company: not at all when the lane runs dry, long when
 * there is work for long. The lock is held, and the outcome not yet among those that
 * wait.
 */
static int64_t patience_us(struct outbox *outbox, struct outlook outlook)
{
    enum { DEEP = 32, SHORT_US = 1000, LONG_US = 8000 };
    unsigned unanswered = atomic_load_explicit(&outbox->unanswered, memory_order_relaxed);
    if (outlook.queued == 0) {
        return outlook.brief && unanswered > outbox->count + 1 ? SHORT_US : 0;
    }
    return outlook.queued < DEEP ? SHORT_US : LONG_US;
}

bool outbox_put(struct outbox *outbox, const struct outcome *outcome,
                struct outlook outlook)
{
    AUTO(unlock) pthread_mutex_t *held = locked(outbox);
    (void)held;
    int64_t now_us = operation_now_us();
    int64_t due_us = now_us + patience_us(outbox, outlook);
    if (outbox->count == 0 || due_us < outbox->due_us) {
        outbox->due_us = due_us;
    }
    copy(&outbox->waiting[outbox->count++], outcome);
    if (outbox->count == OUTBOX_BATCH || now_us >= outbox->due_us) {
        send_all(outbox);
    }
    return outbox->count > 0;
}

void outbox_flush_due(struct outbox *outbox)
{
    AUTO(unlock) pthread_mutex_t *held = locked(outbox);
    (void)held;
    if (outbox->count > 0 && operation_now_us() >= outbox->due_us) {
        send_all(outbox);
    }
}
