#include "gateway/service/sign/explain.h"

#include <stdlib.h>
#include <string.h>

#include "gateway/clock.h"
#include "gateway/core/turn/inquiry.h"
#include "gateway/service/inside.h"

/* Explain: the path of Sign up to the verdict, then to the core for the record, and back
 * here for the words. */

/* A question under way, and who waits for it. */
struct explaining {
    struct inquiry inquiry;    /* first */
    struct services *services; /* borrowed */
    struct caller *caller;     /* owned: one use; the facts are partly its own */
    struct grpc_name name;
    struct terms terms;
    struct judged judged;
};

/* --- How often -------------------------------------------------------------------- */

/* Like a job that is refused for load: with the time to come back. */
static void refuse_often(struct grpc_call *call, struct services *services,
                         int64_t wait_us, bool english)
{
    struct job job = {.load = {.why = REFUSAL_CALLER_LIMIT, .retry_us = wait_us}};
    struct arena *scratch = &loop_of(services, call)->scratch;

    job_refuse(&job, SG_BUSY,
               "the caller asked limits.explains_per_minute questions in a minute; come "
               "back later");
    arena_reset(scratch);
    grpc_finish(call, SG_BUSY, job.why, denial_details(scratch, &job, english));
}

static bool may_ask(struct grpc_call *call, struct services *services, bool english)
{
    const struct caller *caller = (const struct caller *)grpc_call_caller(call);
    const struct config *config = services->options.config;
    struct explain_gauge *gauge = &services->explains[caller->config - config->callers];
    int64_t wait_us = explain_draw(gauge, config->explains_per_minute, clock_mono_us());

    if (wait_us > 0) {
        refuse_often(call, services, wait_us, english);
    }
    return wait_us == 0;
}

/* --- The question ----------------------------------------------------------------- */

static void release(struct explaining *it)
{
    caller_release(it->caller);
    job_fini(&it->inquiry.job);
    free(it);
}

/* What Sign would not take for want of an id or digest is judged as a job that has them.
 */
static enum sg_status read_item(const struct terms *terms,
                                const Segel__V1__SignItem *message, struct job *job)
{
    uint8_t any[SG_HASH_MAX] = {0};
    char no_id[] = "-";
    Segel__V1__SignItem item;

    segel__v1__sign_item__init(&item);
    if (message != NULL) {
        item = *message;
    }
    bool anonymous = item.request_id[0] == '\0';
    if (anonymous) {
        item.request_id = no_id;
    }
    bool any_digest = item.digest.len == 0;
    if (any_digest) {
        item.digest = pb_bytes(slice_of(any, sg_hash_len(terms->hash)));
    }
    TRY(terms_item(terms, &item, job));
    job->any_digest = any_digest;
    if (anonymous) {
        job->request_id[0] = '\0';
    }
    return SG_OK;
}

static void fill(struct explaining *it, struct grpc_call *call, struct services *services)
{
    struct caller *caller = caller_hold((struct caller *)grpc_call_caller(call));
    struct job *job = &it->inquiry.job;

    job_init(job);
    it->caller = caller;
    it->services = services;
    it->name = grpc_call_name(call);
    it->inquiry.facts = &it->judged.facts;
    job->reply = &loop_of(services, call)->replies;
    job->caller = caller->config;
    memcpy(job->caller_cert, caller->fingerprint, sizeof(job->caller_cert));
    job->caller_uid = caller->uid;
    job->signing_time_us = clock_wall_us();
}

/* Without a binding nothing is known of the key, and no rule could be judged. */
static enum sg_status judge(struct explaining *it, const struct caller *caller,
                            const Segel__V1__SignItem *item)
{
    struct job *job = &it->inquiry.job;

    TRY(read_item(&it->terms, item, job));
    judge_keep(caller, &it->terms, job, &it->judged);
    if (job->binding == NULL) {
        job_refuse(job, SG_LANE_DOWN,
                   "no lane has opened key '%s' since the gateway started, so nothing is "
                   "known of it; ask again later",
                   it->terms.key->config->name);
        return SG_LANE_DOWN;
    }
    return SG_OK;
}

static enum sg_status read_terms(const struct services *services,
                                 const struct caller *caller,
                                 const Segel__V1__ExplainRequest *request,
                                 struct terms *terms, struct sg_error *why)
{
    if (!caller_has_role(caller, ROLE_BACKEND)) {
        return sg_fail(why, SG_DENIED, "caller '%s' does not have the role backend",
                       caller->config->name);
    }
    return terms_read(services, request->terms, terms, why);
}

void explain_on_message(struct grpc_call *call, const ProtobufCMessage *message,
                        void *context)
{
    const Segel__V1__ExplainRequest *request =
        (const Segel__V1__ExplainRequest *)(const void *)message;
    struct services *services = (struct services *)context;
    const struct caller *caller = (const struct caller *)grpc_call_caller(call);
    struct sg_error why = {0};
    struct explaining *it = (struct explaining *)calloc(1, sizeof(*it));

    if (it == NULL) {
        finish_plain(call, SG_NO_MEMORY, NULL);
        return;
    }
    fill(it, call, services);
    enum sg_status status = read_terms(services, caller, request, &it->terms, &why);
    if (status != SG_OK) {
        finish_plain(call, status, why.text);
    } else if (!may_ask(call, services, it->terms.english)) {
        status = SG_BUSY;
    } else if ((status = judge(it, caller, request->item)) != SG_OK) {
        finish_plain(call, status, it->inquiry.job.why);
    } else if ((status = core_inquire(services->options.core, &it->inquiry)) != SG_OK) {
        finish_plain(call, status, NULL);
    }
    if (status != SG_OK) {
        release(it);
    }
}

/* --- The answer ------------------------------------------------------------------- */

/* By officers, as an exception of the policy would. */
static bool is_lifted(const struct job *job, size_t rule)
{
    bool lifted = false;

    for (size_t i = 0; i < job->lift_count; i++) {
        lifted = lifted || job->lifts[i].rule == rule;
    }
    return lifted;
}

/* The values of both contracts are those of policy.h, behind one for "not given". */
static Segel__V1__RuleVerdict *explain_rule(struct arena *arena,
                                            const struct explaining *it, size_t index)
{
    const struct policy *policy = it->inquiry.job.policy;
    const struct rule_info *rule = policy_rule(policy, index);
    struct rule_why *why = (struct rule_why *)arena_alloc(arena, sizeof(*why));

    if (why == NULL) {
        return NULL;
    }
    policy_explain(policy, index, &it->judged.facts, why);
    if (is_lifted(&it->inquiry.job, index) && why->raw == RULE_FAIL) {
        why->result = RULE_SKIP;
    }
    Segel__V1__RuleVerdict *out = denial_verdict(arena, rule, why, it->terms.english);
    if (out != NULL) {
        out->raw = (Segel__V1__RuleResult)why->raw;
        out->level = (Segel__V1__RuleLevel)(rule->level + 1);
        out->mode = (Segel__V1__RuleMode)(rule->mode + 1);
        out->excepted = why->raw == RULE_FAIL && why->result == RULE_SKIP;
        out->lacks = pb_text(policy_lacks(policy, index));
    }
    return out;
}

static bool explain_rules(struct arena *arena, const struct explaining *it,
                          Segel__V1__ExplainResponse *response)
{
    size_t count = policy_rule_count(it->inquiry.job.policy);

    response->rules = (Segel__V1__RuleVerdict **)arena_alloc(
        arena, (count + 1) * sizeof(Segel__V1__RuleVerdict *));
    for (size_t i = 0; response->rules != NULL && i < count; i++) {
        response->rules[i] = explain_rule(arena, it, i);
        if (response->rules[i] == NULL) {
            return false;
        }
    }
    response->n_rules = count;
    return response->rules != NULL;
}

static bool build(struct arena *arena, const struct explaining *it,
                  Segel__V1__ExplainResponse *out)
{
    const struct job *job = &it->inquiry.job;
    const struct policy_info *policy = policy_info(job->policy);
    bool allowed = job->status == SG_OK;

    segel__v1__explain_response__init(out);
    out->decision = allowed ? SEGEL__V1__DECISION__DECISION_ALLOW
                            : SEGEL__V1__DECISION__DECISION_DENY;
    out->policy_id = pb_text(policy->id);
    out->policy_sha256 = pb_bytes(slice_of(policy->sha256, sizeof(policy->sha256)));
    out->log = result_position(arena, it->services, job);
    out->status = allowed ? NULL : result_status(arena, job, it->terms.english);
    return out->log != NULL && (allowed || out->status != NULL) &&
           explain_rules(arena, it, out);
}

static void send_answer(struct service_loop *loop, struct grpc_call *call,
                        const struct explaining *it)
{
    Segel__V1__ExplainResponse response;

    arena_reset(&loop->scratch);
    if (!build(&loop->scratch, it, &response)) {
        finish_plain(call, SG_INTERNAL, NULL);
    } else if (grpc_send(call, &response.base) == SG_OK) {
        finish_plain(call, SG_OK, NULL);
    }
}

void explain_answer(struct service_loop *loop, struct letter *letter)
{
    struct explaining *it = (struct explaining *)letter;
    /* Who asked may have gone; the question stands on the log. */
    struct grpc_call *call = server_call(loop->services->server, it->name);

    if (call != NULL && it->inquiry.job.on_log) {
        send_answer(loop, call, it);
    } else if (call != NULL) {
        finish_plain(call, it->inquiry.job.status, it->inquiry.job.why);
    }
    release(it);
}

void explain_drop(struct letter *letter)
{
    release((struct explaining *)letter);
}
