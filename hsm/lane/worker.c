#include "hsm/lane/worker.h"

#include <openssl/crypto.h>
#include <time.h>

#include "hsm/lane/intake.h"

enum { MINUTE_US = 60000000 };

static_assert((int)RING_WORKERS >= (int)WIRE_THREADS_MAX, "each may give one back");

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
                     struct signature *raw, struct outcome *outcome)
{
    CK_OBJECT_HANDLE handle = worker->handles[operation->key];
    if (handle == 0) {
        handle = worker->crew->keys[operation->key].handle;
    }
    CK_RV rv = need_session(worker);
    if (rv == CKR_OK) {
        int64_t start = operation_now_us();
        rv = sign_raw(worker->reach, handle, &operation->wanted, raw);
        outcome->hsm_us += (uint32_t)(operation_now_us() - start);
    }
    outcome->rv = rv;
    outcome->failure = rv_failure(rv);
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

/* Has one operation signed: looks at it, calls the module, repeats once where that is
 * worth it. Blocks as long as the module does. */
static void sign(struct worker *worker, const struct operation *operation,
                 struct signature *raw, struct outcome *outcome)
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
    try_once(worker, operation, raw, outcome);
    if (outcome->failure != FAILURE_NONE && operation->retries == 0 &&
        repeat(worker, operation, outcome)) {
        outcome->retries = 1;
        try_once(worker, operation, raw, outcome);
    }
}

/* Some other worker has a session, and so goes on with what this one gives back: one that
 * stands aside has none. Where nobody has, the operation fails. */
static bool gives_back(const struct worker *worker)
{
    return worker->starved && atomic_load(&worker->crew->sessions) > 0;
}

/* One operation of the batch. False: there was no session for it. */
static bool sign_next(struct worker *worker, size_t index, int64_t *now_us)
{
    struct queued *queued = &worker->batch.operations[index];
    struct outcome *outcome = &worker->outcomes[index];
    int64_t before_us = *now_us;
    queue_begin(&worker->crew->queue, queued);
    sign(worker, &queued->operation, &worker->raw[index], outcome);
    *now_us = operation_now_us();
    queued->took_us = *now_us - before_us;
    /* A call that the module refuses at once says nothing of one that signs. */
    queued->called_us = outcome->failure == FAILURE_NONE ? outcome->hsm_us : 0;
    queued->operation.retries = outcome->retries;
    return !gives_back(worker);
}

/* All of a batch, one after the other. What is left goes back where there is no session
 * for it, and where the module has turned slow: others may do it meanwhile, and what is
 * signed already is not to wait for it. False: there was no session. */
static bool sign_all(struct worker *worker)
{
    enum { BATCH_MAX_US = 5000 }; /* the scheduler may take the processor away for some */
    struct batch *batch = &worker->batch;
    int64_t now_us = operation_now_us();
    int64_t end_us = now_us + BATCH_MAX_US;
    size_t done = 0;
    bool good = true;
    while (good && done < batch->len && (done == 0 || now_us < end_us)) {
        good = sign_next(worker, done, &now_us);
        done += good ? 1 : 0;
    }
    if (done < batch->len) {
        queue_return(&worker->crew->queue, batch, done);
    }
    queue_leave(&worker->crew->queue, batch);
    return good;
}

/* Never answers a signature that was not verified. */
static void answer(struct worker *worker, struct queued *queued, struct signature *raw,
                   struct outcome *outcome)
{
    struct crew *crew = worker->crew;
    int64_t start_us = operation_now_us();
    if (outcome->failure == FAILURE_NONE) {
        outcome->failure = verify(worker, &queued->operation, raw, &outcome->signature);
        if (outcome->failure != FAILURE_NONE) {
            drop_session(worker);
        }
    }
    queued->took_us += operation_now_us() - start_us;
    if (outbox_put(&crew->outbox, outcome, queue_outlook(&crew->queue, queued))) {
        queue_call_clerk(&crew->queue);
    }
}

static void stand_aside(struct worker *worker)
{
    do {
        (void)clock_nanosleep(CLOCK_MONOTONIC, 0, &SESSION_PAUSE, NULL);
    } while (worker_init(worker, worker->crew) == CKR_SESSION_COUNT);
}

/* Does what is in hand, and writes down how long each took. */
static void work_once(struct worker *worker)
{
    bool enough = sign_all(worker);
    for (size_t i = 0; i < worker->batch.len; i++) {
        answer(worker, &worker->batch.operations[i], &worker->raw[i],
               &worker->outcomes[i]);
    }
    if (!enough) {
        stand_aside(worker);
    }
}

static void *work(void *argument)
{
    struct worker *worker = argument;
    struct crew *crew = worker->crew;
    bool read = false;
    for (;;) {
        read = queue_next(&crew->queue, &worker->batch, read) == NEXT_READ;
        if (read) {
            intake_wait(crew);
        } else {
            work_once(worker);
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
