#include <stdlib.h>
#include <string.h>

#include "gateway/clock.h"
#include "gateway/service/inside.h"
#include "gateway/service/sign/explain.h"
#include "gateway/service/sign/stamping.h"
#include "proto/text.h"

/* Timestamp: a token over the digest of a document, which holds no key of the gateway.
 * Who may sign may ask; how often is bounded, and each is on the log before it leaves. */

/* One under way, and who waits for it. */
struct stamping {
    struct stamp stamp; /* first */
    struct grpc_name name;
};

static bool may_ask(struct grpc_call *call, struct services *services,
                    const struct caller *caller)
{
    const struct config *config = services->options.config;
    struct explain_gauge *gauge = &services->stamps[caller->config - config->callers];
    int64_t wait_us = explain_draw(gauge, config->timestamps_per_minute, clock_mono_us());
    struct job job = {.load = {.why = REFUSAL_CALLER_LIMIT, .retry_us = wait_us}};

    if (wait_us > 0) {
        struct arena *scratch = &loop_of(services, call)->scratch;
        job_refuse(&job, SG_BUSY,
                   "the caller asked for limits.timestamps_per_minute time stamps in a "
                   "minute; come back later");
        arena_reset(scratch);
        grpc_finish(call, SG_BUSY, job.why, denial_details(scratch, &job, true));
    }
    return wait_us == 0;
}

static enum sg_status check(const struct caller *caller,
                            const Segel__V1__TimestampRequest *request,
                            struct sg_error *why)
{
    size_t id = strlen(request->request_id);

    if (!caller_has_role(caller, ROLE_BACKEND)) {
        return sg_fail(why, SG_DENIED, "caller '%s' does not have the role backend",
                       caller->config->name);
    }
    if (id == 0 || id > LEDGER_ID_MAX || !text_plain(slice_of(request->request_id, id))) {
        return sg_fail(why, SG_INVALID,
                       "request_id must have 1 to %d bytes without control characters",
                       LEDGER_ID_MAX);
    }
    if (!sg_hash_valid((int)request->hash_algorithm) ||
        request->digest.len != sg_hash_len((enum sg_hash)request->hash_algorithm)) {
        return sg_fail(why, SG_INVALID,
                       "hash_algorithm is missing, or the digest has another length than "
                       "its");
    }
    return SG_OK;
}

static enum sg_status begin(struct services *services, struct grpc_call *call,
                            const struct caller *caller,
                            const Segel__V1__TimestampRequest *request)
{
    struct stamping *it = (struct stamping *)calloc(1, sizeof(*it));

    if (it == NULL) {
        return SG_NO_MEMORY;
    }
    it->name = grpc_call_name(call);
    it->stamp.caller = caller->config->name;
    it->stamp.ask.letter.kind = LETTER_STAMP;
    it->stamp.ask.reply = &loop_of(services, call)->replies;
    it->stamp.ask.hash = (enum sg_hash)request->hash_algorithm;
    memcpy(it->stamp.ask.digest, request->digest.data, request->digest.len);
    memcpy(it->stamp.request_id, request->request_id, strlen(request->request_id) + 1);
    enum sg_status status = tsa_ask(services->tsa, &it->stamp.ask);
    if (status != SG_OK) {
        free(it);
    }
    return status;
}

void timestamp_on_message(struct grpc_call *call, const ProtobufCMessage *message,
                          void *context)
{
    const Segel__V1__TimestampRequest *request =
        (const Segel__V1__TimestampRequest *)(const void *)message;
    struct services *services = (struct services *)context;
    const struct caller *caller = (const struct caller *)grpc_call_caller(call);
    struct sg_error why = {0};

    enum sg_status status = check(caller, request, &why);
    if (status == SG_OK && services->tsa == NULL) {
        status = sg_fail(&why, SG_UNSUPPORTED,
                         "no time stamp authority is configured (tsa.urls)");
    }
    if (status != SG_OK) {
        finish_plain(call, status, why.text);
    } else if (may_ask(call, services, caller)) {
        status = begin(services, call, caller, request);
        if (status != SG_OK) {
            finish_plain(call, status, NULL);
        }
    }
}

/* --- The answer ------------------------------------------------------------------- */

static void send_token(struct service_loop *loop, struct grpc_call *call,
                       struct stamp *stamp)
{
    Segel__V1__TimestampResponse response;
    Segel__V1__LogPosition log;

    segel__v1__timestamp_response__init(&response);
    segel__v1__log_position__init(&log);
    log.origin = pb_text(loop->services->options.config->ledger_origin);
    log.index = stamp->log_index;
    log.leaf_hash = pb_bytes(slice_of(stamp->log_hash, sizeof(stamp->log_hash)));
    response.log = &log;
    response.token = pb_bytes(slice_of(stamp->ask.token.der, stamp->ask.token.len));
    response.time_us = stamp->ask.token.time_us;
    if (grpc_send(call, &response.base) == SG_OK) {
        finish_plain(call, SG_OK, NULL);
    }
}

/* What no authority gave needs no record: nothing was given. */
static bool to_core(struct service_loop *loop, struct stamp *stamp)
{
    if (stamp->recorded || stamp->ask.status != SG_OK) {
        return false;
    }
    enum sg_status status = core_stamp(loop->services->options.core, stamp);
    if (status != SG_OK) { /* else it is no longer ours */
        stamp->status = status;
    }
    return status == SG_OK;
}

void timestamp_answer(struct service_loop *loop, struct stamp *stamp)
{
    struct stamping *it = (struct stamping *)stamp;

    if (to_core(loop, stamp)) {
        return;
    }
    /* Who asked may have gone; the token stands on the log. */
    struct grpc_call *call = server_call(loop->services->server, it->name);
    enum sg_status status =
        stamp->ask.status != SG_OK ? stamp->ask.status : stamp->status;
    if (call != NULL && status == SG_OK) {
        send_token(loop, call, stamp);
    } else if (call != NULL) {
        finish_plain(call, status,
                     stamp->ask.status != SG_OK ? stamp->ask.why.text : NULL);
    }
    free(it);
}
