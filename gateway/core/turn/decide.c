#include <string.h>

#include "gateway/clock.h"
#include "gateway/core/core_inside.h"
#include "gateway/core/turn/grounds.h"
#include "gateway/core/turn/stop.h"
#include "gateway/core/turn/withhold.h"
#include "gateway/ledger/record.h"

/* --- Records --------------------------------------------------------------------- */

static struct record_job record_of(const struct job *job)
{
    return (struct record_job){
        .decision_id = job->decision_id,
        .caller = job->caller->name,
        .caller_cert = job->caller_uid == JOB_REMOTE ? job->caller_cert : NULL,
        .caller_uid = job->caller_uid,
        .request_id = job->request_id,
        .batch = job->batch,
        .trace_id = job->trace_id,
        .key = job->key->config->name,
        .cert_serial = cert_serial(job->key->cert),
        .cert_spki = job->key->spki_sha256,
        .assurance = job->binding->hardware ? "hardware" : "software",
        .profile = job->profile,
        .document_class = job->document_class,
        .algorithm = job->key->algorithms[job->scheme][job->hash],
        .hash = job->hash,
        .digest = slice_of(job->digest, sg_hash_len(job->hash)),
        .approval_ref = job->approval_ref,
        .mandate = job->mandate,
        .policy_rev = policy_info(job->policy)->sha256,
        .attempt = job->attempt,
    };
}

enum sg_status decide_append(struct core *core, struct job *job, struct slice text)
{
    job->log_index = ledger_next_index(core->ledger);
    job->on_log = true;
    return ledger_append(core->ledger, text, job->log_hash);
}

static enum sg_status write_deny(struct core *core, struct job *job,
                                 const struct record_decision *decision,
                                 enum tally_kind because)
{
    char buffer[LEDGER_RECORD_MAX];
    struct record_head head;
    struct slice text = {0};

    struct record_decision fitting = *decision;

    if (job->pii) {
        withhold_job(job);
    }
    key_facts_name(core, job, &fitting.facts);
    decision_id(core, job->decision_id);
    tally_count(&core->tally, decision->failures[0].rule, because);
    struct record_job fields = record_of(job);
    record_begin(core, &head);
    /* A caller chooses some of the words that were found: a long list of failures is cut,
     * the deciding one stays. */
    while (record_deny(buffer, &head, &fields, &fitting, &text) != SG_OK) {
        MUST(fitting.failure_count > 1);
        fitting.failure_count /= 2;
    }
    TRY(decide_append(core, job, text));
    job->denied = true;
    STAILQ_INSERT_TAIL(&core->answered, job, queue);
    return SG_OK;
}

/* A refusal that is not a rule of the file but has its place in the Certificate Policy.
 */
static enum sg_status deny_by(struct core *core, struct job *job,
                              const struct record_failure *failure,
                              enum tally_kind because)
{
    const struct record_decision decision = {
        .failures = failure, .failure_count = 1, .by_gateway = true};

    return write_deny(core, job, &decision, because);
}

static enum sg_status deny_job(struct core *core, struct job *job)
{
    struct record_failure failures[VERDICT_FAILURES];
    struct record_lift lifts[JOB_LIFTS_MAX];
    struct record_decision decision = grounds_of(job, failures);

    /* They are out of the verdict also where another rule denies: whoever judges by the
     * record has to take them out, too. Nothing is signed, so none of them counts. */
    decision.lifts = lifts;
    decision.lift_count = overrides_name(core, job, lifts);
    return write_deny(core, job, &decision, grounds_because(job));
}

/* By which rules it came through that it did not pass. */
static void count_accepted(struct core *core, const struct record_decision *decision)
{
    tally_accept(&core->tally);
    for (size_t i = 0; i < REMARKS; i++) {
        for (size_t at = 0; at < decision->remarks[i].count; at++) {
            tally_count(&core->tally, decision->remarks[i].ids[at],
                        (enum tally_kind)(TALLY_REMARKS + i));
        }
    }
    for (size_t i = 0; i < decision->lift_count; i++) {
        tally_count(&core->tally, decision->lifts[i].rule, TALLY_LIFTED);
    }
}

static size_t list_rules(const struct job *job, const struct rule_set *set,
                         const char **ids)
{
    size_t count = 0;

    for (size_t rule = rule_set_next(set, 0); rule < POLICY_RULES_MAX;
         rule = rule_set_next(set, rule + 1)) {
        ids[count++] = policy_rule(job->policy, rule)->id;
    }
    return count;
}

/* All of them: the record is what shortens its lists. A rule is in one set at most, so
 * that there is room. */
static void list_remarks(const struct job *job, const char *ids[POLICY_RULES_MAX],
                         struct record_decision *decision)
{
    decision->remarked = true;
    for (size_t i = 0; i < REMARKS; i++) {
        size_t count = list_rules(job, &job->verdict.remarks[i], ids);
        decision->remarks[i] = (struct record_rules){ids, count};
        ids += count;
    }
}

static enum sg_status write_intent(struct core *core, struct job *job)
{
    char buffer[LEDGER_RECORD_MAX]
        __attribute__((uninitialized)); /* written before read */
    const char *remarked[POLICY_RULES_MAX] __attribute__((uninitialized)); /* likewise */
    struct record_lift lifts[JOB_LIFTS_MAX];
    struct record_head head;
    struct slice text = {0};

    struct record_decision decision = {.passed = job->verdict.passed};
    list_remarks(job, remarked, &decision);
    decision.lifts = lifts;
    decision.lift_count = overrides_name(core, job, lifts);
    key_facts_name(core, job, &decision.facts);
    struct record_job fields = record_of(job);
    fields.to_be_signed = slice_of(job->to_be_signed, sg_hash_len(job->hash));
    record_begin(core, &head);
    TRY(record_intent(buffer, &head, &fields, &decision, &text));
    if (job->tries == 0) { /* a job, not each of its attempts */
        count_accepted(core, &decision);
    }
    job->intent_index = head.seq;
    return ledger_append(core->ledger, text, NULL);
}

/* --- The claim on a request id --------------------------------------------------- */

static void copy_name(char out[LEDGER_ID_MAX + 1], const char *name)
{
    size_t len = strnlen(name, LEDGER_ID_MAX);

    memcpy(out, name, len);
    out[len] = '\0';
}

void decide_claim_of(const struct job *job, enum claim_state state, struct claim *out)
{
    memset(out, 0, offsetof(struct claim, signature));
    copy_name(out->caller, job->caller->name);
    copy_name(out->request_id, job->request_id);
    memcpy(out->request_hash, job->request_hash, sizeof(out->request_hash));
    memcpy(out->decision_id, job->decision_id, sizeof(out->decision_id));
    memcpy(out->template_id, cms_template_id(job->template), sizeof(out->template_id));
    out->state = state;
    out->attempt = job->attempt;
    out->intent_index = job->intent_index;
    out->signing_time_us = job->signing_time_us;
}

static enum sg_status admit(struct core *core, struct job *job)
{
    struct claim claim;

    MUST(job->berth != NO_BERTH);
    decision_id(core, job->decision_id);
    TRY(write_intent(core, job));
    state_count(core, job);
    TRY(mandates_take(core, job));
    overrides_use(core, job);
    decide_claim_of(job, CLAIM_PENDING, &claim);
    TRY(ledger_claim(core->ledger, &claim));
    job->intent_us = clock_mono_us();
    inflight_add(&core->inflight, job);
    core->routes[route_index(core, job->key)].in_hand++;
    core->berths[job->berth].planned[lane_kind_of(job->scheme)]++;
    job->tries++;
    STAILQ_INSERT_TAIL(&core->admitted, job, queue);
    return SG_OK;
}

static enum sg_status conflict_by_gateway(struct core *core, struct job *job)
{
    static const struct record_failure failure = {
        .rule = "CP-4.5-06",
        .cp_section = "4.5.1",
        .code = "IDEMPOTENCY_CONFLICT",
        .found = "another request under the same id",
        .required = "the same content, or an id that was never used",
    };

    job->reason = failure.code; /* as the sample policy's rule calls it */
    job_refuse(
        job, SG_CONFLICT,
        "request id '%s' was used before for other content; use a new id for a new "
        "document",
        job->request_id);
    return deny_by(core, job, &failure, TALLY_REQUEST);
}

/* Other content under a known id: the policy may have a rule about it, and its words; an
 * id is signed at most once without one, too. */
static enum sg_status conflict(struct core *core, struct job *job)
{
    bool judged = policy_reads_fact(job->policy, FACT_ID_job_repeat) &&
                  job->binding == key_binding(job->key) && overrides_hold(core, job);

    if (judged) {
        TRY(state_look_at_mandate(core, job));
        state_judge(core, job, "other");
    }
    return judged && job->refuser == REFUSER_POLICY && !job->verdict.allow
               ? deny_job(core, job)
               : conflict_by_gateway(core, job);
}

/* --- One job --------------------------------------------------------------------- */

static enum sg_status answer_unrecorded(struct core *core, struct job *job,
                                        enum unrecorded kind)
{
    notes_count(core, kind, 1);
    STAILQ_INSERT_TAIL(&core->answered, job, queue);
    return SG_OK;
}

bool decide_outdated(const struct core *core, const struct job *job)
{
    return !overrides_hold(core, job) || job->binding != key_binding(job->key) ||
           (job->verdict.allow &&
            job->status_generation != status_generation(&job->key->holder->status));
}

/* It should be judged again, and cannot be because the gateway ends: answered and counted
 * like a lane that is away. */
static enum sg_status answer_outdated(struct core *core, struct job *job)
{
    job_refuse(
        job, SG_LANE_DOWN,
        "what a job for key '%s' is judged by has just changed; ask again with the "
        "same id",
        job->key->config->name);
    return answer_unrecorded(core, job, UNRECORDED_NO_LANE);
}

/* Before anything else that may be said of it. */
static enum sg_status deny_stopped(struct core *core, struct job *job,
                                   const struct record_failure *stop)
{
    stop_refuse(core, job);
    return deny_by(core, job, stop, TALLY_GATEWAY);
}

/* What no rule of the policy has found wrong with its mandate. */
static enum sg_status deny_mandate(struct core *core, struct job *job)
{
    const struct mandate_view *view = &core->state.mandate;

    mandate_refuse(view, job);
    return deny_by(core, job, mandate_failure(view->fault), TALLY_REQUEST);
}

static enum sg_status judge_new(struct core *core, struct job *job, const char *repeat)
{
    const struct record_failure *stop = stop_of(core, job->key);

    if (stop != NULL) {
        return deny_stopped(core, job, stop);
    }
    if (decide_outdated(core, job)) {
        return answer_outdated(core, job);
    }
    TRY(state_look_at_mandate(core, job));
    state_judge(core, job, repeat);
    if (!job->verdict.allow) {
        return deny_job(core, job);
    }
    if (core->state.mandate.fault != MANDATE_FAULT_NONE) {
        return deny_mandate(core, job);
    }
    if (!job->binding->usable) {
        grounds_unusable(job);
        return deny_job(core, job);
    }
    overrides_mark(core, job);
    return admit(core, job);
}

static enum sg_status judge_known(struct core *core, struct job *job,
                                  const struct claim *claim)
{
    if (memcmp(claim->request_hash, job->request_hash, sizeof(job->request_hash)) != 0) {
        return conflict(core, job);
    }
    if (claim->state == CLAIM_SIGNED) {
        return decide_replay(core, job, claim);
    }
    job->attempt = claim->attempt + 1;
    job->uncertain = job->mandate[0] != '\0' && claim->state == CLAIM_INDETERMINATE;
    return judge_new(core, job, "same");
}

static enum sg_status join(struct core *core, struct job *leader, struct job *job)
{
    if (memcmp(leader->request_hash, job->request_hash, sizeof(job->request_hash)) != 0) {
        return conflict(core, job);
    }
    STAILQ_INSERT_TAIL(&leader->followers, job, queue);
    return SG_OK;
}

enum sg_status decide(struct core *core, struct job *job)
{
    struct claim claim;
    struct job *leader = inflight_find(&core->inflight, job);

    job->attempt = 1;
    job->uncertain = false;
    if (leader != NULL) {
        return join(core, leader, job);
    }
    enum sg_status found =
        ledger_find(core->ledger, job->caller->name, job->request_id, &claim);
    if (found == SG_NOT_FOUND) {
        return judge_new(core, job, "first");
    }
    return found == SG_OK ? judge_known(core, job, &claim) : found;
}
