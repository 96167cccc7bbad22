#include "client/commands/sign/extend.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "client/channel/moment.h"
#include "client/commands/sign/raise.h"

enum {
    THREADS = 8,
    QUEUE = 2 * THREADS,    /* letters that are not done yet, in memory */
    QUEUE_BYTES = 128 << 20 /* no more get in once they have so many */
};

TAILQ_HEAD(extension_list, sign_extension);

struct sign_extend {
    const struct home *home;
    pthread_mutex_t lock;
    pthread_cond_t work;
    pthread_cond_t done;
    struct extension_list waiting;
    struct extension_list finished;
    size_t begun; /* waiting or in a thread's hands */
    size_t bytes; /* of those */
    size_t open;
    bool closing;
    atomic_bool given_up;
    pthread_t threads[THREADS];
    size_t thread_count;
};

struct worker {
    struct sign_extend *extend;
    struct sign_raiser raiser;
};

/* --- The threads ------------------------------------------------------------------- */

static void finish(struct sign_extend *extend, struct sign_extension *extension)
{
    TAILQ_INSERT_TAIL(&extend->finished, extension, link);
    extend->begun--;
    extend->bytes -= extension->pdf.len;
    (void)pthread_cond_signal(&extend->done);
}

/* With the lock held; NULL: the end. */
static struct sign_extension *await_work(struct sign_extend *extend)
{
    while (TAILQ_EMPTY(&extend->waiting) && !extend->closing) {
        (void)pthread_cond_wait(&extend->work, &extend->lock);
    }
    struct sign_extension *extension = TAILQ_FIRST(&extend->waiting);
    if (extension != NULL) {
        TAILQ_REMOVE(&extend->waiting, extension, link);
    }
    return extension;
}

static void work(struct worker *worker)
{
    struct sign_extend *extend = worker->extend;
    struct sign_extension *extension = NULL;

    (void)pthread_mutex_lock(&extend->lock);
    while ((extension = await_work(extend)) != NULL) {
        (void)pthread_mutex_unlock(&extend->lock);
        sign_raise(&worker->raiser, extension);
        (void)pthread_mutex_lock(&extend->lock);
        finish(extend, extension);
    }
    (void)pthread_mutex_unlock(&extend->lock);
}

static void *run_worker(void *context)
{
    struct worker *worker = (struct worker *)context;

    work(worker);
    sign_raiser_fini(&worker->raiser);
    free(worker);
    return NULL;
}

/* Signals are for the caller's thread, whose waits they end. */
static bool create_quietly(pthread_t *thread, struct worker *worker)
{
    sigset_t all;
    sigset_t before;

    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    bool created = pthread_create(thread, NULL, run_worker, worker) == 0;
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return created;
}

static void start_thread(struct sign_extend *extend)
{
    struct worker *worker = (struct worker *)calloc(1, sizeof(*worker));

    if (worker == NULL) {
        return;
    }
    worker->extend = extend;
    worker->raiser.home = extend->home;
    worker->raiser.given_up = &extend->given_up;
    if (create_quietly(&extend->threads[extend->thread_count], worker)) {
        extend->thread_count++;
    } else {
        free(worker);
    }
}

/* --- From outside ------------------------------------------------------------------ */

enum sg_status sign_extend_open(const struct home *home, struct sign_extend **out,
                                struct sg_error *why)
{
    struct sign_extend *extend = (struct sign_extend *)calloc(1, sizeof(*extend));
    pthread_condattr_t monotonic;

    *out = NULL;
    if (extend == NULL) {
        return sg_fail(why, SG_NO_MEMORY, "%s", sg_status_text(SG_NO_MEMORY));
    }
    extend->home = home;
    TAILQ_INIT(&extend->waiting);
    TAILQ_INIT(&extend->finished);
    (void)pthread_mutex_init(&extend->lock, NULL);
    (void)pthread_cond_init(&extend->work, NULL);
    (void)pthread_condattr_init(&monotonic);
    (void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&extend->done, &monotonic);
    (void)pthread_condattr_destroy(&monotonic);
    atomic_init(&extend->given_up, false);
    start_thread(extend);
    if (extend->thread_count == 0) {
        sign_extend_close(extend);
        return sg_fail(why, SG_NO_MEMORY, "no thread can be had to extend letters");
    }
    *out = extend;
    return SG_OK;
}

bool sign_extend_full(struct sign_extend *extend)
{
    (void)pthread_mutex_lock(&extend->lock);
    bool full = extend->begun >= QUEUE || extend->bytes >= QUEUE_BYTES;
    (void)pthread_mutex_unlock(&extend->lock);
    return full;
}

/* A thread for each letter that waits, until there are enough. */
void sign_extend_put(struct sign_extend *extend, struct sign_extension *extension)
{
    (void)pthread_mutex_lock(&extend->lock);
    TAILQ_INSERT_TAIL(&extend->waiting, extension, link);
    extend->begun++;
    extend->bytes += extension->pdf.len;
    extend->open++;
    bool more = extend->begun > extend->thread_count && extend->thread_count < THREADS;
    (void)pthread_cond_signal(&extend->work);
    (void)pthread_mutex_unlock(&extend->lock);
    if (more) {
        start_thread(extend);
    }
}

static struct timespec end_of(unsigned wait_ms)
{
    struct timespec end;
    int64_t end_us = moment_mono_us() + (int64_t)wait_ms * 1000;

    end.tv_sec = end_us / 1000000;
    end.tv_nsec = (end_us % 1000000) * 1000;
    return end;
}

struct sign_extension *sign_extend_take(struct sign_extend *extend, unsigned wait_ms)
{
    const struct timespec end = end_of(wait_ms);
    int waited = 0;

    (void)pthread_mutex_lock(&extend->lock);
    while (TAILQ_EMPTY(&extend->finished) && extend->open > 0 && wait_ms > 0 &&
           waited == 0) {
        waited = pthread_cond_timedwait(&extend->done, &extend->lock, &end);
    }
    struct sign_extension *extension = TAILQ_FIRST(&extend->finished);
    if (extension != NULL) {
        TAILQ_REMOVE(&extend->finished, extension, link);
        extend->open--;
    }
    (void)pthread_mutex_unlock(&extend->lock);
    return extension;
}

size_t sign_extend_open_count(struct sign_extend *extend)
{
    (void)pthread_mutex_lock(&extend->lock);
    size_t open = extend->open;
    (void)pthread_mutex_unlock(&extend->lock);
    return open;
}

void sign_extend_cancel(struct sign_extend *extend)
{
    struct sign_extension *extension = NULL;

    atomic_store(&extend->given_up, true);
    (void)pthread_mutex_lock(&extend->lock);
    while ((extension = TAILQ_FIRST(&extend->waiting)) != NULL) {
        TAILQ_REMOVE(&extend->waiting, extension, link);
        extension->status = SG_CANCELLED;
        finish(extend, extension);
    }
    (void)pthread_mutex_unlock(&extend->lock);
}

void sign_extend_close(struct sign_extend *extend)
{
    if (extend == NULL) {
        return;
    }
    (void)pthread_mutex_lock(&extend->lock);
    extend->closing = true;
    (void)pthread_cond_broadcast(&extend->work);
    (void)pthread_mutex_unlock(&extend->lock);
    for (size_t i = 0; i < extend->thread_count; i++) {
        (void)pthread_join(extend->threads[i], NULL);
    }
    (void)pthread_cond_destroy(&extend->done);
    (void)pthread_cond_destroy(&extend->work);
    (void)pthread_mutex_destroy(&extend->lock);
    free(extend);
}
