#include <string.h>

#include "gateway/clock.h"
#include "gateway/core/core_inside.h"
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
    return job->status == SG_INDETERMINATE ? CLAIM_INDETERMINATE : CLAIM_FAILED;
}

/* Whoever asked for the same while it was under way gets the same answer. */
static enum sg_status answer_followers(struct core *core, struct job *job)
{
    struct job *follower;

    while ((follower = STAILQ_FIRST(&job->followers)) != NULL) {
        STAILQ_REMOVE_HEAD(&job->followers, queue);
        follower->status = job->status;
        follower->replayed = job->status == SG_OK;
        follower->attempt = job->attempt;
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

enum sg_status conclude(struct core *core, struct job *job)
{
    char buffer[LEDGER_RECORD_MAX];
    struct record_head head;
    struct slice text = {0};
    struct claim claim;
    const struct record_result result = {
        .decision_id = job->decision_id,
        .intent_index = job->intent_index,
        .attempt = job->attempt,
        .outcome = outcome_name(job),
        .code = job->status == SG_OK ? NULL : sg_status_name(job->status),
        .signature = slice_of(job->signature, job->signature_len),
        .lane = lane_name(core->berths[job->key->lane].lane),
        .latency_us = (uint32_t)(clock_mono_us() - job->intent_us),
    };

    inflight_remove(&core->inflight, job);
    STAILQ_INSERT_TAIL(&core->answered, job, queue);
    record_begin(core, &head);
    TRY(record_outcome(buffer, &head, &result, &text));
    TRY(decide_append(core, job, text));
    decide_claim_of(job, outcome_state(job), &claim);
    claim.outcome_index = job->log_index;
    memcpy(claim.outcome_hash, job->log_hash, sizeof(claim.outcome_hash));
    claim.signature_len = (uint16_t)job->signature_len;
    memcpy(claim.signature, job->signature, job->signature_len);
    TRY(ledger_settle(core->ledger, &claim));
    return answer_followers(core, job);
}
