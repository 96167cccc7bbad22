#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "client/channel/moment.h"
#include "client/segel/bulk_inside.h"

enum { LETTERS = 128, BYTES = 128 << 20 };

/* --- Opening ----------------------------------------------------------------------- */

/* One more than there are processors, for while a letter is read from a slow disk. */
static unsigned workers_for_machine(void)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);

    return processors < 1                   ? 2
           : processors >= BULK_THREADS_MAX ? BULK_THREADS_MAX
                                            : (unsigned)processors + 1;
}

static int take_options(struct segel_bulk *bulk, const struct segel_bulk_options *given,
                        struct segel_error *error)
{
    struct segel_bulk_options *own = &bulk->options;

    if (given != NULL && !error_take_struct(own, sizeof(*own), given)) {
        return error_set(error, SEGEL_USAGE, NULL,
                         "the options have no size: start from SEGEL_INIT");
    }
    own->letters = own->letters == 0 ? LETTERS : own->letters;
    own->bytes = own->bytes == 0 ? BYTES : own->bytes;
    own->threads = own->threads == 0 ? workers_for_machine() : own->threads;
    if (own->letters > BULK_LETTERS_MAX || own->threads > BULK_THREADS_MAX) {
        return error_set(error, SEGEL_USAGE, NULL, "at most %d letters and %d threads",
                         BULK_LETTERS_MAX, BULK_THREADS_MAX);
    }
    return SEGEL_OK;
}

static void init_locks(struct segel_bulk *bulk)
{
    pthread_condattr_t attributes;

    (void)pthread_mutex_init(&bulk->lock, NULL);
    (void)pthread_condattr_init(&attributes);
    (void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&bulk->work, &attributes);
    (void)pthread_cond_init(&bulk->answered, &attributes);
    (void)pthread_cond_init(&bulk->done, &attributes);
    (void)pthread_condattr_destroy(&attributes);
}

static bool make_slots(struct segel_bulk *bulk)
{
    bulk->slots = (struct slot *)calloc(bulk->options.letters, sizeof(struct slot));
    bulk->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    for (size_t i = 0; i < SLOT_STATES; i++) {
        TAILQ_INIT(&bulk->lists[i]);
    }
    for (size_t i = 0; bulk->slots != NULL && i < bulk->options.letters; i++) {
        TAILQ_INSERT_TAIL(&bulk->lists[SLOT_FREE], &bulk->slots[i], link);
        bulk->counts[SLOT_FREE]++;
    }
    return bulk->slots != NULL && bulk->wake_fd >= 0;
}

/* As many as can be had; how many. */
static unsigned start_some(pthread_t *threads, unsigned count, void *(*run)(void *),
                           struct segel_bulk *bulk)
{
    unsigned started = 0;

    while (started < count && pthread_create(&threads[started], NULL, run, bulk) == 0) {
        started++;
    }
    return started;
}

/* Where the limit cannot be asked for: the usual one. */
static struct bulk_share share_of_files(void)
{
    struct rlimit files = {.rlim_cur = 1024};

    (void)getrlimit(RLIMIT_NOFILE, &files);
    return bulk_share_of(files.rlim_cur);
}

static bool start_threads(struct segel_bulk *bulk)
{
    struct bulk_share share = share_of_files();

    bulk->group_max = share.letters;
    bulk->has_stream_thread =
        pthread_create(&bulk->stream_thread, NULL, bulk_stream, bulk) == 0;
    bulk->has_teller = bulk->options.on_outcome != NULL &&
                       pthread_create(&bulk->teller, NULL, bulk_teller, bulk) == 0;
    bulk->worker_count =
        start_some(bulk->workers, bulk->options.threads, bulk_worker, bulk);
    bulk->finisher_count =
        start_some(bulk->finishers, share.finishers, bulk_finisher, bulk);
    return bulk->has_stream_thread && bulk->worker_count > 0 &&
           bulk->finisher_count > 0 &&
           bulk->has_teller == (bulk->options.on_outcome != NULL);
}

/* Signals are the program's: its own threads take them. */
static bool start_quietly(struct segel_bulk *bulk)
{
    sigset_t all;
    sigset_t before;

    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    bool started = start_threads(bulk);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return started;
}

static int fill(struct segel_bulk *bulk, struct segel *segel,
                const struct segel_bulk_options *options, struct segel_error *error)
{
    int code = take_options(bulk, options, error);

    if (code == SEGEL_OK) {
        code = gateway_way_copy(&bulk->way, &segel->way.options, error);
    }
    bulk->way.given_up = segel->way.given_up;
    if (code == SEGEL_OK) {
        code = gateway_connect(&bulk->way, 0, &bulk->link.channel, error);
    }
    if (code == SEGEL_OK && (!make_slots(bulk) || !start_quietly(bulk))) {
        code = error_memory(error);
    }
    return code;
}

int segel_bulk_open(struct segel *segel, const struct segel_bulk_options *options,
                    struct segel_bulk **out, struct segel_error *error)
{
    if (out == NULL) {
        return error_null(error, "out");
    }
    *out = NULL;
    if (segel == NULL) {
        return error_null(error, "segel");
    }
    int code = gateway_way_check(&segel->way, error);
    if (code != SEGEL_OK) {
        return code;
    }
    struct segel_bulk *bulk = (struct segel_bulk *)calloc(1, sizeof(*bulk));
    if (bulk == NULL) {
        return error_memory(error);
    }
    bulk->wake_fd = -1;
    bulk->way.owner = getpid();
    bulk->link.code = BULK_FRESH;
    bulk->link.send_max = BULK_SEND_MAX;
    init_locks(bulk);
    code = fill(bulk, segel, options, error);
    if (code != SEGEL_OK) {
        segel_bulk_close(bulk);
        return code;
    }
    *out = bulk;
    return SEGEL_OK;
}

/* --- Closing ----------------------------------------------------------------------- */

static void set(struct segel_bulk *bulk, bool *flag)
{
    (void)pthread_mutex_lock(&bulk->lock);
    *flag = true;
    (void)pthread_cond_broadcast(&bulk->work);
    (void)pthread_cond_broadcast(&bulk->answered);
    (void)pthread_cond_broadcast(&bulk->done);
    (void)pthread_mutex_unlock(&bulk->lock);
    if (bulk->wake_fd >= 0) {
        bulk_wake(bulk);
    }
}

/* The stream's thread first: what it settles and hands over, the others end. */
static void stop_threads(struct segel_bulk *bulk)
{
    set(bulk, &bulk->closing);
    if (bulk->has_stream_thread) {
        (void)pthread_join(bulk->stream_thread, NULL);
    }
    set(bulk, &bulk->stopped);
    for (unsigned i = 0; i < bulk->worker_count; i++) {
        (void)pthread_join(bulk->workers[i], NULL);
    }
    for (unsigned i = 0; i < bulk->finisher_count; i++) {
        (void)pthread_join(bulk->finishers[i], NULL);
    }
    if (bulk->has_teller) {
        (void)pthread_join(bulk->teller, NULL);
    }
}

static void free_slots(struct segel_bulk *bulk)
{
    for (unsigned i = 0; bulk->slots != NULL && i < bulk->options.letters; i++) {
        struct slot *slot = &bulk->slots[i];
        if (slot->state != SLOT_FREE) {
            outcome_free(slot->outcome);
            slot_release(bulk, slot);
        }
    }
    free(bulk->slots);
}

/* In a child its threads are not there, and what they had in hand is half changed. */
static bool is_ours(const struct segel_bulk *bulk)
{
    return bulk != NULL && gateway_way_own(&bulk->way);
}

void segel_bulk_close(struct segel_bulk *bulk)
{
    if (!is_ours(bulk)) {
        return;
    }
    if (bulk->has_stream_thread) {
        segel_bulk_cancel(bulk);
    }
    stop_threads(bulk);
    bulk_link_close(bulk);
    free_slots(bulk);
    gateway_way_fini(&bulk->way);
    if (bulk->wake_fd >= 0) {
        (void)close(bulk->wake_fd);
    }
    (void)pthread_cond_destroy(&bulk->work);
    (void)pthread_cond_destroy(&bulk->answered);
    (void)pthread_cond_destroy(&bulk->done);
    (void)pthread_mutex_destroy(&bulk->lock);
    free(bulk);
}

bool bulk_is_teller(const struct segel_bulk *bulk)
{
    return bulk->has_teller && pthread_equal(pthread_self(), bulk->teller) != 0;
}

void segel_bulk_cancel(struct segel_bulk *bulk)
{
    if (!is_ours(bulk)) {
        return;
    }
    set(bulk, &bulk->cancelled);
    if (!bulk->has_teller || bulk_is_teller(bulk)) {
        return;
    }
    (void)pthread_mutex_lock(&bulk->lock);
    while (bulk->open > 0 || bulk->telling) {
        (void)pthread_cond_wait(&bulk->done, &bulk->lock);
    }
    (void)pthread_mutex_unlock(&bulk->lock);
}

/* --- Outcomes ---------------------------------------------------------------------- */

static bool wait_done(struct segel_bulk *bulk, int timeout_ms, int64_t until_us)
{
    struct timespec until = {.tv_sec = until_us / 1000000,
                             .tv_nsec = until_us % 1000000 * 1000};

    if (timeout_ms < 0) {
        return pthread_cond_wait(&bulk->done, &bulk->lock) == 0;
    }
    return pthread_cond_timedwait(&bulk->done, &bulk->lock, &until) == 0;
}

/* With the lock held. forever: an empty window is no end. */
static int await_outcome(struct segel_bulk *bulk, int timeout_ms, bool forever)
{
    int64_t until_us = moment_mono_us() + (int64_t)timeout_ms * 1000;

    while (bulk->counts[SLOT_DONE] == 0) {
        if (bulk->open == 0 && (!forever || bulk->stopped)) {
            return SEGEL_END;
        }
        if (!wait_done(bulk, timeout_ms, until_us) && bulk->counts[SLOT_DONE] == 0) {
            return SEGEL_TIMEOUT;
        }
    }
    return SEGEL_OK;
}

static const struct segel_outcome *take_out(struct segel_bulk *bulk)
{
    struct slot *slot = TAILQ_FIRST(&bulk->lists[SLOT_DONE]);
    struct outcome *outcome = slot->outcome;

    slot_release(bulk, slot);
    return &outcome->view;
}

int segel_bulk_next(struct segel_bulk *bulk, int timeout_ms,
                    const struct segel_outcome **out, struct segel_error *error)
{
    if (out == NULL) {
        return error_null(error, "out");
    }
    *out = NULL;
    if (bulk == NULL) {
        return error_null(error, "bulk");
    }
    int code = gateway_way_check(&bulk->way, error);
    if (code != SEGEL_OK) {
        return code;
    }
    if (bulk->has_teller) {
        return error_set(error, SEGEL_USAGE, NULL, "the callback gets the outcomes");
    }
    (void)pthread_mutex_lock(&bulk->lock);
    code = await_outcome(bulk, timeout_ms, false);
    if (code == SEGEL_OK) {
        *out = take_out(bulk);
    }
    (void)pthread_mutex_unlock(&bulk->lock);
    if (code == SEGEL_END) {
        return error_set(error, SEGEL_END, NULL, "no letter is open");
    }
    return code == SEGEL_OK
               ? SEGEL_OK
               : error_set(error, SEGEL_TIMEOUT, NULL, "no letter was done in this time");
}

/* Until the letter was told, cancel waits: it is not open any more, and telling is set.
 */
static bool tell_next(struct segel_bulk *bulk)
{
    (void)pthread_mutex_lock(&bulk->lock);
    bulk->telling = false;
    (void)pthread_cond_broadcast(&bulk->done);
    if (await_outcome(bulk, -1, true) != SEGEL_OK) {
        (void)pthread_mutex_unlock(&bulk->lock);
        return false;
    }
    const struct segel_outcome *outcome = take_out(bulk);
    bulk->telling = true;
    (void)pthread_mutex_unlock(&bulk->lock);
    bulk->options.on_outcome(bulk->options.context, outcome);
    segel_outcome_free(outcome);
    return true;
}

void *bulk_teller(void *context)
{
    struct segel_bulk *bulk = (struct segel_bulk *)context;

    while (tell_next(bulk)) {
    }
    return NULL;
}

/* --- Looking ----------------------------------------------------------------------- */

void segel_bulk_progress(struct segel_bulk *bulk, struct segel_progress *progress)
{
    if (!is_ours(bulk) || progress == NULL) {
        return;
    }
    const unsigned *counts = bulk->counts;
    struct segel_progress now;
    size_t size = progress->size < sizeof(now) ? progress->size : sizeof(now);

    (void)pthread_mutex_lock(&bulk->lock);
    now = (struct segel_progress){
        .size = progress->size,
        .preparing = counts[SLOT_QUEUED] + counts[SLOT_PREPARING],
        .sent = counts[SLOT_READY] + counts[SLOT_SENT] + counts[SLOT_RESTING],
        .finishing = counts[SLOT_ANSWERED] + counts[SLOT_FINISHING],
        .finished = counts[SLOT_DONE],
        .lost = bulk->lost,
        .connected = bulk->connected};
    (void)pthread_mutex_unlock(&bulk->lock);
    memcpy(progress, &now, size);
}
