#include "gateway/tsa/tsa.h"

#include <stdlib.h>
#include <string.h>

#include "gateway/clock.h"
#include "gateway/thread.h"
#include "gateway/tsa/inside.h"

static enum sg_status set_up(struct tsa *tsa, struct sg_error *why)
{
    TRY(tsa_settings_read(tsa->config, &tsa->settings, why));
    TRY(http_new(tsa->config->tsa_proxy, &tsa->http));
    return mbox_init(&tsa->box, 0); /* tsa_ask counts them, there and behind it */
}

enum sg_status tsa_new(const struct config *config, struct tsa **out,
                       struct sg_error *why)
{
    *out = NULL;
    if (config->tsa_urls[strspn(config->tsa_urls, " ")] == '\0') {
        return SG_OK;
    }
    struct tsa *tsa = (struct tsa *)calloc(1, sizeof(*tsa));
    if (tsa == NULL) {
        return sg_fail(why, SG_NO_MEMORY, "no memory for time stamps");
    }
    tsa->config = config;
    tsa->box.wake_fd = -1;
    STAILQ_INIT(&tsa->waiting);
    MUST(pthread_mutex_init(&tsa->lock, NULL) == 0);
    enum sg_status status = set_up(tsa, why);
    if (status != SG_OK) {
        tsa_free(tsa);
        return status;
    }
    *out = tsa;
    return SG_OK;
}

enum sg_status tsa_start(struct tsa *tsa, struct sg_error *why)
{
    if (thread_start(&tsa->thread, "segeld-tsa", work_run, tsa) != SG_OK) {
        return sg_fail(why, SG_NO_MEMORY, "cannot start the thread for time stamps");
    }
    tsa->running = true;
    /* So a wrong setting is told at once, and not with the first letter. */
    tsa->probe.hash = tsa->settings.hash;
    atomic_store(&tsa->probing, true);
    return tsa_ask(tsa, &tsa->probe);
}

void tsa_probe(struct tsa *tsa)
{
    if (!atomic_exchange(&tsa->probing, true) && tsa_ask(tsa, &tsa->probe) != SG_OK) {
        atomic_store(&tsa->probing, false);
    }
}

void tsa_free(struct tsa *tsa)
{
    if (tsa == NULL) {
        return;
    }
    atomic_store(&tsa->stop, true);
    if (tsa->box.wake_fd >= 0) {
        mbox_close(&tsa->box);
    }
    if (tsa->running) {
        http_wake(tsa->http);
        (void)pthread_join(tsa->thread, NULL);
    }
    http_free(tsa->http);
    if (tsa->box.wake_fd >= 0) {
        work_give_back(tsa);
        mbox_fini(&tsa->box);
    }
    tsa_settings_fini(&tsa->settings);
    (void)pthread_mutex_destroy(&tsa->lock);
    free(tsa);
}

/* The thread empties its box at each turn, so what waits is counted from here until it is
 * given back. Before it can come back; the gateway's own question has a place beside. */
static bool admit(struct tsa *tsa, const struct tsa_ask *ask)
{
    int64_t most = tsa->config->tsa_queue_limit + tsa->config->tsa_at_once;

    if (ask == &tsa->probe || atomic_fetch_add(&tsa->waiting_count, 1) < most) {
        return true;
    }
    (void)atomic_fetch_sub(&tsa->waiting_count, 1);
    return false;
}

enum sg_status tsa_ask(struct tsa *tsa, struct tsa_ask *ask)
{
    enum { US_PER_MS = 1000 };
    struct letters one = STAILQ_HEAD_INITIALIZER(one);

    ask->deadline_us = clock_mono_us() + tsa->config->tsa_wait_ms * US_PER_MS;
    ask->tried = 0;
    ask->why.text[0] = '\0';
    STAILQ_INSERT_TAIL(&one, &ask->letter, link);
    if (!admit(tsa, ask)) {
        return SG_BUSY;
    }
    enum sg_status status = mbox_put(&tsa->box, &one, 1);
    if (status != SG_OK) {
        (void)atomic_fetch_sub(&tsa->waiting_count, ask == &tsa->probe ? 0 : 1);
        return status;
    }
    http_wake(tsa->http);
    return SG_OK;
}

size_t tsa_room(const struct tsa *tsa)
{
    enum { COMMON = 8192 };
    size_t longest = atomic_load(&tsa->longest);

    /* In one step: a letter's digest hangs on its room, and each move makes the digest of
     * whoever prepares a letter again another. */
    return longest + longest / 2 > COMMON ? TSA_TOKEN_MAX : COMMON;
}

enum sg_hash tsa_hash(const struct tsa *tsa)
{
    return tsa->settings.hash;
}

void tsa_count(struct tsa *tsa, struct tsa_counts *out)
{
    *out = (struct tsa_counts){
        .tokens = atomic_load(&tsa->tokens),
        .failures = atomic_load(&tsa->failures),
        .without = atomic_load(&tsa->without),
        .waiting = atomic_load(&tsa->waiting_count),
        .authorities = (unsigned)tsa->settings.count,
        .resting = atomic_load(&tsa->resting),
    };
}
