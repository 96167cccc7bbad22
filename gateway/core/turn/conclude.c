#include <string.h>

#include "gateway/clock.h"
#include "gateway/core/core_inside.h"
#include "gateway/core/turn/waiting.h"
#include "gateway/ledger/record.h"

/* --- What came back from the lane ------------------------------------------------ */

static const char *outcome_name(const struct job *job)
{
    if (job->status == SG_OK) {
        return "signed";
    }
    return job->status == SG_INDETERMINATE ? "indeterminate" : "failed";
}

static enum claim_state outcome_state(const struct job *job)
{
    if (job->status == SG_OK) {
        return CLAIM_SIGNED;
    }
    /* What an earlier attempt may have made, a later one does not undo. */
    return job->status == SG_INDETERMINATE || job->uncertain ? CLAIM_INDETERMINATE
                                                             : CLAIM_FAILED;
}

/* Whoever asked for the same while it was under way gets the same answer. */
static enum sg_status answer_followers(struct core *core, struct job *job)
{
    struct job *follower;

    while ((follower = STAILQ_FIRST(&job->followers)) != NULL) {
        STAILQ_REMOVE_HEAD(&job->followers, queue);
        job_forget_denial(
            follower); /* who came later may have been judged by other rules */
        follower->template = job->template; /* it may have come for the key's successor */
        follower->status = job->status;
        follower->replayed = job->status == SG_OK;
        follower->attempt = job->attempt;
        follower->tries = job->tries;
        follower->signing_time_us = job->signing_time_us;
        follower->log_index = job->log_index;
        follower->on_log = true;
        follower->signature_len = job->signature_len;
        memcpy(follower->why, job->why, sizeof(follower->why));
        memcpy(follower->log_hash, job->log_hash, sizeof(follower->log_hash));
        memcpy(follower->decision_id, job->decision_id, sizeof(follower->decision_id));
        memcpy(follower->signature, job->signature, job->signature_len);
        STAILQ_INSERT_TAIL(&core->answered, follower, queue);
        TRY(decide_write_replay(core, follower));
    }
    return SG_OK;
}

/* --- Another attempt -------------------------------------------------------------- */

/* A lane that failed says for certain that no signature came of the attempt: it is on the
 * log as failed, and the next one may go elsewhere. What is indeterminate is never
 * repeated but by its owner. asker: whose attempt that would be, the job or one of its
 * followers. */
static bool worth_another(const struct core *core, const struct job *job,
                          const struct job *asker)
{
    enum { TRIES_MAX = 3 };
    bool certain = job->status == SG_HSM || job->unused;

    return certain && job->tries < TRIES_MAX && !job_given_up(asker) &&
           clock_mono_us() < asker->deadline_us &&
           (job->unused || route_other(core, route_index(core, asker->key), job->tried));
}

/* Somebody asked for the same, and has more time or patience than the job. */
static bool is_outlived(const struct core *core, const struct job *job)
{
    const struct job *follower;

    STAILQ_FOREACH(follower, &job->followers, queue)
    {
        if (worth_another(core, job, follower)) {
            return true;
        }
    }
    return false;
}

/* It is one id, whoever asks: where its owner goes, or has no time left, before the next
 * attempt, those that were made count for whoever makes it, and so do the lanes that
 * failed. */
static void share_tries(struct job *job)
{
    struct job *follower;

    STAILQ_FOREACH(follower, &job->followers, queue)
    {
        follower->tried = job->tried;
        follower->tries = job->tries;
    }
}

/* The first of them that is still there takes its place; the others are told for
 * themselves. */
static void leave_to_followers(struct core *core, struct job *job)
{
    share_tries(job);
    waiting_put_followers(core, job);
}

/* Whoever waits for its answer joins it again, or is told for itself. */
static void try_again(struct core *core, struct job *job)
{
    job->status = SG_OK;
    job->why[0] = '\0';
    job->on_log = false;
    job->unused = false;
    job->berth = NO_BERTH;
    share_tries(job);
    waiting_put_again(core, job);
}

static enum sg_status write_outcome(struct core *core, struct job *job)
{
    char buffer[LEDGER_RECORD_MAX]
        __attribute__((uninitialized)); /* written before read */
    struct record_head head;
    struct slice text = {0};
    struct claim claim;
    const struct record_result result = {
        .decision_id = job->decision_id,
        .caller = job->caller->name,
        .request_id = job->request_id,
        .key = job->key->config->name,
        .hash = job->hash,
        .digest = slice_of(job->digest, sg_hash_len(job->hash)),
        .intent_index = job->intent_index,
        .attempt = job->attempt,
        .outcome = outcome_name(job),
        .code = job->status == SG_OK ? NULL : sg_status_name(job->status),
        .signature = slice_of(job->signature, job->signature_len),
        .lane = lane_name(core->berths[job->berth].lane),
        .latency_us = (uint32_t)(clock_mono_us() - job->intent_us),
    };

    TRY(mandates_settle(core, job));
    record_begin(core, &head);
    TRY(record_outcome(buffer, &head, &result, &text));
    TRY(decide_append(core, job, text));
    decide_claim_of(job, outcome_state(job), &claim);
    claim.outcome_index = job->log_index;
    memcpy(claim.outcome_hash, job->log_hash, sizeof(claim.outcome_hash));
    claim.signature_len = (uint16_t)job->signature_len;
    memcpy(claim.signature, job->signature, job->signature_len);
    return ledger_settle(core->ledger, &claim);
}

static enum sg_status end(struct core *core, struct job *job)
{
    STAILQ_INSERT_TAIL(&core->answered, job, queue);
    TRY(write_outcome(core, job));
    if (!is_outlived(core, job)) {
        return answer_followers(core, job);
    }
    leave_to_followers(core, job);
    return SG_OK;
}

enum sg_status conclude(struct core *core, struct job *job)
{
    inflight_remove(&core->inflight, job);
    core->routes[route_index(core, job->key)].in_hand--;
    /* This attempt, whatever an earlier one may have made. */
    bool unmade = job->status != SG_OK && job->status != SG_INDETERMINATE;
    if (unmade) {
        state_give_back(core, job);
    }
    overrides_conclude(core, job, unmade);
    job->tried |= job->status == SG_HSM ? 1ULL << job->berth : 0;
    if (!worth_another(core, job, job)) {
        return end(core, job);
    }
    /* In nobody's hands but ours until it is written down. */
    STAILQ_INSERT_TAIL(&core->again, job, queue);
    TRY(write_outcome(core, job));
    STAILQ_REMOVE(&core->again, job, job, queue);
    try_again(core, job);
    return SG_OK;
}
