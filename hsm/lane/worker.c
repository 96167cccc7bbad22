#include "hsm/lane/worker.h"

#include <openssl/crypto.h>
#include <time.h>

#include "hsm/lane/intake.h"

enum { MINUTE_US = 60000000 };

static_assert((int)QUEUE_WORKERS >= (int)WIRE_THREADS_MAX, "each may give one back");

/* The wait before a module that may be busy is asked again, and before a token without a
 * free session is. */
static const struct timespec BUSY_PAUSE = {.tv_nsec = 20000000};
static const struct timespec SESSION_PAUSE = {.tv_sec = 1};

CK_RV worker_init(struct worker *worker, struct crew *crew)
{
    worker->crew = crew;
    worker->reach.fn = crew->token->fn;
    CK_RV rv = token_session(crew->token, &worker->reach.session);
    worker->session_open = rv == CKR_OK;
    (void)atomic_fetch_add(&crew->sessions, rv == CKR_OK ? 1 : 0);
    return rv;
}

static CK_RV need_session(struct worker *worker)
{
    CK_RV rv = worker->session_open ? CKR_OK : worker_init(worker, worker->crew);
    worker->starved = rv == CKR_SESSION_COUNT;
    return rv;
}

static void drop_session(struct worker *worker)
{
    if (worker->session_open) {
        (void)worker->reach.fn->C_CloseSession(worker->reach.session);
        (void)atomic_fetch_sub(&worker->crew->sessions, 1);
    }
    worker->session_open = false;
}

static bool expired(const struct operation *operation)
{
    return operation->deadline_us != 0 && operation_now_us() >= operation->deadline_us;
}

/* The signer looks for itself, whoever asked. */
static enum failure refuse(const struct crew *crew, const struct operation *operation)
{
    if (operation->key >= crew->key_count) {
        return FAILURE_REQUEST;
    }
    const struct key *key = &crew->keys[operation->key];
    if (!key->usable || !sign_fits(key, &operation->wanted) ||
        (key->mechanisms >> operation->wanted.mechanism & 1U) == 0) {
        return FAILURE_REQUEST;
    }
    return expired(operation) ? FAILURE_EXPIRED : FAILURE_NONE;
}

static struct verifier *verifier_of(struct worker *worker, uint32_t index)
{
    struct verifier *verifier = &worker->verifiers[index];
    const struct key *key = &worker->crew->keys[index];
    if (verifier->key == NULL &&
        verifier_init(verifier, slice_of(key->spki, key->spki_len)) != SG_OK) {
        return NULL;
    }
    return verifier;
}

/* A signature that the pinned key does not confirm may give the key away (RSA-CRT) or
 * come from another key: it is wiped here. */
static enum failure verify(struct worker *worker, const struct operation *operation,
                           struct signature *raw, struct signature *out)
{
    struct verifier *verifier = verifier_of(worker, operation->key);
    bool good = verifier != NULL &&
                sign_encode(&worker->crew->keys[operation->key], raw, out) &&
                verifier_check(verifier, &operation->wanted, out);
    if (!good) {
        OPENSSL_cleanse(raw->data, sizeof(raw->data));
        OPENSSL_cleanse(out->data, sizeof(out->data));
        out->len = 0;
    }
    return good ? FAILURE_NONE : FAILURE_DEVICE;
}

static void try_once(struct worker *worker, const struct operation *operation,
                     struct outcome *outcome)
{
    struct signature raw;
    CK_OBJECT_HANDLE handle = worker->handles[operation->key];
    if (handle == 0) {
        handle = worker->crew->keys[operation->key].handle;
    }
    CK_RV rv = need_session(worker);
    if (rv == CKR_OK) {
        int64_t start = operation_now_us();
        rv = sign_raw(worker->reach, handle, &operation->wanted, &raw);
        outcome->hsm_us += (uint32_t)(operation_now_us() - start);
    }
    outcome->rv = rv;
    outcome->failure = rv_failure(rv);
    if (rv == CKR_OK) {
        outcome->failure = verify(worker, operation, &raw, &outcome->signature);
    }
    if (outcome->failure != FAILURE_NONE) {
        drop_session(worker);
    }
}

/* Sessions that break now and then are normal; more than three a minute are a broken
 * device. */
static bool too_many_session_errors(struct worker *worker)
{
    int64_t now = operation_now_us();
    int64_t *oldest = &worker->session_errors_us[worker->next_error];
    bool many = *oldest != 0 && now - *oldest < MINUTE_US;
    *oldest = now;
    worker->next_error = (worker->next_error + 1) % WORKER_SESSION_ERRORS;
    return many;
}

static bool find_again(struct worker *worker, uint32_t index)
{
    struct trouble trouble = {0};
    struct key found;
    bool good = need_session(worker) == CKR_OK &&
                key_load(worker->reach, &worker->crew->keys[index].ref, &found,
                         &trouble) == SG_OK &&
                found.usable;
    if (good) {
        worker->handles[index] = found.handle;
    }
    drop_session(worker); /* attributes that a token lacks are errors of a session, too */
    return good;
}

/* Prepares the one repeat, if there is to be one. */
static bool repeat(struct worker *worker, const struct operation *operation,
                   struct outcome *outcome)
{
    enum again again = rv_again(outcome->rv);
    if (again == AGAIN_FRESH && too_many_session_errors(worker)) {
        outcome->failure = FAILURE_DEVICE;
        return false;
    }
    if (again == AGAIN_WAIT) {
        (void)clock_nanosleep(CLOCK_MONOTONIC, 0, &BUSY_PAUSE, NULL);
    }
    if (again == AGAIN_FIND && !find_again(worker, operation->key)) {
        outcome->failure = FAILURE_HANDLE;
        return false;
    }
    return again != AGAIN_NEVER && !expired(operation);
}

/* Does one operation: checks it, signs, verifies, repeats once where that is worth it.
 * Never answers a signature that was not verified. Blocks as long as the module does. */
static void worker_perform(struct worker *worker, const struct operation *operation,
                           struct outcome *outcome)
{
    outcome->id = operation->id;
    outcome->rv = CKR_OK;
    outcome->hsm_us = 0;
    outcome->retries = operation->retries;
    worker->starved = false;
    outcome->signature.len = 0;
    outcome->failure = refuse(worker->crew, operation);
    if (outcome->failure != FAILURE_NONE) {
        return;
    }
    try_once(worker, operation, outcome);
    if (outcome->failure != FAILURE_NONE && operation->retries == 0 &&
        repeat(worker, operation, outcome)) {
        outcome->retries = 1;
        try_once(worker, operation, outcome);
    }
}

/* Some other worker has a session, and so goes on with what this one gives back: one that
 * stands aside has none. Where nobody has, the operation fails. */
static bool give_back(struct worker *worker)
{
    struct crew *crew = worker->crew;
    if (!worker->starved || atomic_load(&crew->sessions) == 0) {
        return false;
    }
    worker->work.operation.retries = worker->outcome.retries;
    queue_return(&crew->queue, &worker->work);
    return true;
}

static void stand_aside(struct worker *worker)
{
    do {
        (void)clock_nanosleep(CLOCK_MONOTONIC, 0, &SESSION_PAUSE, NULL);
    } while (worker_init(worker, worker->crew) == CKR_SESSION_COUNT);
}

/* Does the operation in hand. Returns how long it took, for its account. */
static int64_t work_once(struct worker *worker)
{
    struct crew *crew = worker->crew;
    int64_t start_us = operation_now_us();
    worker_perform(worker, &worker->work.operation, &worker->outcome);
    int64_t took_us = operation_now_us() - start_us;
    if (give_back(worker)) {
        stand_aside(worker);
        return QUEUE_NOTHING;
    }
    if (outbox_put(&crew->outbox, &worker->outcome,
                   queue_outlook(&crew->queue, &worker->work))) {
        queue_call_clerk(&crew->queue);
    }
    return took_us;
}

static void *work(void *argument)
{
    struct worker *worker = argument;
    struct crew *crew = worker->crew;
    int64_t before = QUEUE_NOTHING;
    for (;;) {
        if (queue_next(&crew->queue, &worker->work, before) == NEXT_READ) {
            intake_wait(crew);
            before = QUEUE_READ;
        } else {
            before = work_once(worker);
        }
    }
    return NULL;
}

enum sg_status worker_start(struct worker *worker)
{
    pthread_t thread;
    if (pthread_create(&thread, NULL, work, worker) != 0) {
        return SG_NO_MEMORY;
    }
    return pthread_detach(thread) == 0 ? SG_OK : SG_INTERNAL;
}
