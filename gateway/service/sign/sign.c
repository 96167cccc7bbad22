#include "gateway/service/sign/call.h"

#include <stdlib.h>
#include <string.h>

/* Terms that the call has left behind go with their last job. */
static void free_terms(struct sign_call *sign, struct sign_terms *terms)
{
    if (terms->jobs == 0 && terms != &sign->first) {
        free(terms);
    }
}

static uint32_t *taken_of(const struct sign_call *sign)
{
    const struct config_caller *first = sign->loop->services->options.config->callers;

    return &sign->loop->taken[sign->caller->config - first];
}

/* Items that are refused, or wait for others of their batch, have jobs too, and no place
 * in the core that would bound them: a quarter is always left to the other callers. */
struct job *sign_take(struct sign_call *sign)
{
    struct job_pool *pool = &sign->loop->pool;
    uint32_t *taken = taken_of(sign);
    struct job *job = *taken < pool->limit - pool->limit / 4 ? job_take(pool) : NULL;

    *taken += job != NULL ? 1 : 0;
    return job;
}

void sign_give(struct sign_call *sign, struct job *job)
{
    struct sign_terms *terms = (struct sign_terms *)job->terms;

    terms->jobs--;
    (*taken_of(sign))--;
    if (terms != sign->terms) {
        free_terms(sign, terms);
    }
    job_give(&sign->loop->pool, job);
}

void sign_give_batch(struct sign_call *sign)
{
    for (uint32_t i = 0; sign->batch != NULL && i < sign->total; i++) {
        if (sign->batch[i] != NULL) {
            sign_give(sign, sign->batch[i]);
            sign->batch[i] = NULL;
        }
    }
}

void sign_free_if_over(struct sign_call *sign)
{
    if (sign->call == NULL && sign->under_way == 0 && !sign->busy) {
        sign_give_batch(sign);
        free(sign->batch);
        free_terms(sign, sign->terms);
        caller_release(sign->caller);
        free(sign);
    }
}

/* Nothing of *sign may be used after it unless busy is set: the call may close at once.
 */
void sign_finish(struct sign_call *sign, enum sg_status status, const char *text,
                 struct slice details)
{
    if (sign->call != NULL && !sign->finished) {
        sign->finished = true;
        grpc_finish(sign->call, status, text, details);
    }
}

static void refuse_call(struct sign_call *sign, enum sg_status status, const char *text)
{
    sign_finish(sign, status, text == NULL ? sg_status_text(status) : text,
                slice_of(NULL, 0));
}

/* Like a job that finds the core's queue full: with the time to come back. */
static void refuse_busy(struct sign_call *sign)
{
    const struct job_refusal full = {REFUSAL_QUEUE_FULL, RETRY_AFTER_US};
    struct job job = {.status = SG_OK};

    job_refuse_load(&job, &full);
    arena_reset(&sign->loop->scratch);
    sign_finish(sign, SG_BUSY, job.why,
                denial_details(&sign->loop->scratch, &job, sign->terms->of.english));
}

static enum sign_kind kind_of(const struct grpc_call *call)
{
    const char *path = grpc_call_method(call)->path;

    if (strcmp(path, "/segel.v1.SigningService/Sign") == 0) {
        return SIGN_ONE;
    }
    return strcmp(path, "/segel.v1.SigningService/SignBatch") == 0 ? SIGN_BATCH
                                                                   : SIGN_STREAM;
}

/* Of two nobody knows which is right. */
static struct slice trace_header(const struct grpc_call *call)
{
    bool twice = grpc_metadata(call, TRACE_HEADER, 1).data != NULL;

    return twice ? slice_of(NULL, 0) : grpc_metadata(call, TRACE_HEADER, 0);
}

void sign_on_open(struct grpc_call *call, void *context)
{
    struct services *services = (struct services *)context;
    struct sign_call *sign = (struct sign_call *)calloc(1, sizeof(*sign));

    if (sign == NULL) {
        finish_plain(call, SG_NO_MEMORY, NULL);
        return;
    }
    sign->terms = &sign->first;
    sign->loop = loop_of(services, call);
    sign->call = call;
    sign->kind = kind_of(call);
    sign->caller = caller_hold((struct caller *)grpc_call_caller(call));
    trace_read(trace_header(call), sign->trace_id);
    LIST_INSERT_HEAD(&sign->loop->open, sign, link);
    grpc_call_set_state(call, sign);
    if (sign->kind == SIGN_STREAM && atomic_load(&services->draining)) {
        refuse_call(sign, SG_SHUTDOWN, "the gateway ends; connect again");
    }
}

void sign_on_close(struct grpc_call *call, void *context)
{
    struct sign_call *sign = (struct sign_call *)grpc_call_state(call);

    (void)context;
    if (sign != NULL) {
        sign->call = NULL;
        LIST_REMOVE(sign, link);
        atomic_store_explicit(&sign->gone, true, memory_order_relaxed);
        sign_free_if_over(sign);
    }
}

/* --- Messages in ----------------------------------------------------------------- */

static SG_MUST_USE enum sg_status read_terms(struct sign_call *sign,
                                             const Segel__V1__SignTerms *message,
                                             struct sg_error *why)
{
    struct sign_terms *terms = sign->terms;

    if (!caller_has_role(sign->caller, ROLE_BACKEND)) {
        return sg_fail(why, SG_DENIED, "caller '%s' does not have the role backend",
                       sign->caller->config->name);
    }
    if (terms->jobs > 0) {
        terms = (struct sign_terms *)calloc(1, sizeof(*terms));
    }
    if (terms == NULL) {
        return SG_NO_MEMORY;
    }
    sign->terms = terms; /* what it leaves behind has jobs, and goes with them */
    return terms_read(sign->loop->services, message, &terms->of, why);
}

static bool take_terms(struct sign_call *sign, const Segel__V1__SignTerms *message)
{
    struct sg_error why = {0};
    enum sg_status status = read_terms(sign, message, &why);

    if (status != SG_OK) {
        refuse_call(sign, status, why.text[0] == '\0' ? NULL : why.text);
        return false;
    }
    sign->has_terms = true;
    return true;
}

void sign_on_unary(struct grpc_call *call, const ProtobufCMessage *message, void *context)
{
    const Segel__V1__SignRequest *request =
        (const Segel__V1__SignRequest *)(const void *)message;
    struct sign_call *sign = (struct sign_call *)grpc_call_state(call);

    (void)context;
    if (sign == NULL || !take_terms(sign, request->terms)) {
        return;
    }
    if (request->item == NULL) {
        refuse_call(sign, SG_INVALID,
                    "item is missing: it carries request_id and digest");
        return;
    }
    Segel__V1__SignItem *const items[] = {request->item};
    if (sign_take_items(sign, items, 1) != SG_OK) {
        refuse_busy(sign);
    }
}

static int64_t queue_limit(const struct sign_call *sign)
{
    return sign->loop->services->options.config->queue_limit;
}

void sign_on_batch(struct grpc_call *call, const ProtobufCMessage *message, void *context)
{
    const Segel__V1__SignBatchRequest *request =
        (const Segel__V1__SignBatchRequest *)(const void *)message;
    struct sign_call *sign = (struct sign_call *)grpc_call_state(call);

    (void)context;
    if (sign == NULL || !take_terms(sign, request->terms)) {
        return;
    }
    if (request->n_items > (size_t)queue_limit(sign)) {
        refuse_call(sign, SG_TOO_LARGE,
                    "the batch has more items than the gateway's queue holds; send fewer "
                    "at a time");
        return;
    }
    size_t most =
        sg_profile_stamped(sign->terms->of.profile) ? BATCH_STAMPED_MAX : BATCH_MAX;
    if (request->n_items == 0 || request->n_items > most) {
        refuse_call(sign, SG_INVALID,
                    "a batch has 1 to 512 items, with time stamps 1 to 256; use "
                    "SignStream for more");
        return;
    }
    sign->batch = (struct job **)calloc(request->n_items, sizeof(struct job *));
    sign->total = (uint32_t)request->n_items;
    if (sign->batch == NULL ||
        sign_take_items(sign, request->items, request->n_items) != SG_OK) {
        refuse_busy(sign);
    }
}

void sign_hold_back(struct sign_call *sign)
{
    const struct config *config = sign->loop->services->options.config;
    bool crowded = core_crowded(sign->loop->services->options.core, sign->caller->config);
    uint32_t window = crowded ? CROWDED_WINDOW : (uint32_t)config->stream_window;

    if (atomic_load(&sign->loop->services->draining)) {
        return; /* paused for good */
    }
    if (!sign->paused && sign->under_way >= window) {
        grpc_pause(sign->call);
        sign->paused = true;
    } else if (sign->paused && sign->under_way < window / 2 + 1) {
        sign->paused = false;
        grpc_resume(sign->call);
    }
}

/* What a reload has changed of its roles and keys counts from the next message on, the
 * first too: a stream may last for hours. Its places are counted under its name. */
static bool renew_caller(struct sign_call *sign)
{
    struct caller *now = (struct caller *)grpc_call_caller(sign->call);

    if (now->config != sign->caller->config) {
        refuse_call(
            sign, SG_UNAUTHENTICATED,
            "the certificate belongs to another caller since a reload; open a new "
            "stream");
        return false;
    }
    if (sign->has_terms && !caller_has_role(now, ROLE_BACKEND)) {
        refuse_call(sign, SG_DENIED,
                    "the caller does not have the role backend any more");
        return false;
    }
    (void)caller_hold(now);
    caller_release(sign->caller);
    sign->caller = now;
    return true;
}

void sign_on_stream(struct grpc_call *call, const ProtobufCMessage *message,
                    void *context)
{
    const Segel__V1__SignStreamRequest *request =
        (const Segel__V1__SignStreamRequest *)(const void *)message;
    struct sign_call *sign = (struct sign_call *)grpc_call_state(call);

    (void)context;
    if (sign == NULL || !renew_caller(sign)) {
        return;
    }
    if ((request->terms != NULL || !sign->has_terms) &&
        !take_terms(sign, request->terms)) {
        return;
    }
    if (request->n_items > STREAM_MESSAGE_MAX ||
        request->n_items > (size_t)queue_limit(sign)) {
        refuse_call(
            sign, SG_TOO_LARGE,
            "a message may carry 1024 items, and no more jobs than the queue holds");
        return;
    }
    if (sign_take_items(sign, request->items, request->n_items) != SG_OK) {
        sign_refuse_items(sign, request->items, request->n_items);
        return;
    }
    sign_hold_back(sign);
}

void sign_end_if_done(struct sign_call *sign)
{
    bool draining = atomic_load(&sign->loop->services->draining);

    if (sign->kind != SIGN_STREAM || sign->under_way > 0) {
        return;
    }
    if (sign->half_closed) {
        sign_finish(sign, SG_OK, NULL, slice_of(NULL, 0));
    } else if (draining) {
        refuse_call(sign, SG_SHUTDOWN,
                    "the gateway ends; connect again and go on with the "
                    "ids that have no answer");
    }
}

void sign_drain(struct service_loop *loop)
{
    struct sign_call *sign;

    LIST_FOREACH(sign, &loop->open, link)
    {
        if (sign->kind == SIGN_STREAM && !sign->finished) {
            grpc_pause(sign->call);
            sign_end_if_done(sign); /* its on_close comes later: the list stays whole */
        }
    }
}

void sign_on_half_close(struct grpc_call *call, void *context)
{
    struct sign_call *sign = (struct sign_call *)grpc_call_state(call);

    (void)context;
    if (sign != NULL) {
        sign->half_closed = true;
        sign_end_if_done(sign);
    }
}
