#include <string.h>

#include "gateway/core/core_inside.h"
#include "gateway/core/turn/stamp.h"
#include "gateway/ledger/record.h"

/* The same asked again: the stored answer, without another use of the key. */

/* The template that the stored answer was made with: the present one, or one of earlier
 * certificates out of the ledger. */
static enum sg_status find_template(struct core *core, struct job *job,
                                    const struct claim *claim)
{
    uint8_t packed[CMS_PACKED_MAX];
    size_t len = 0;

    if (job->template != NULL &&
        memcmp(cms_template_id(job->template), claim->template_id, 32) == 0) {
        return SG_OK;
    }
    TRY(ledger_find_template(core->ledger, claim->template_id, packed, sizeof(packed),
                             &len));
    TRY(cms_template_unpack(slice_of(packed, len), &job->old_template));
    job->template = job->old_template;
    return SG_OK;
}

enum sg_status decide_write_replay(struct core *core, struct job *job)
{
    char buffer[LEDGER_RECORD_MAX];
    struct record_head head;
    struct slice text = {0};

    TRY(stamps_recall(core, job));
    const struct record_again again = {.decision_id = job->decision_id,
                                       .outcome_index = job->log_index};
    record_begin(core, &head);
    TRY(record_replay(buffer, &head, &again, &text));
    return ledger_append(core->ledger, text, NULL);
}

/* Its signature is not kept any more (ledger.answers_days): it was signed, so it is not
 * signed again. */
static enum sg_status refuse_expired(struct core *core, struct job *job,
                                     const struct claim *claim)
{
    char buffer[LEDGER_RECORD_MAX];
    struct record_head head;
    struct slice text = {0};

    memcpy(job->decision_id, claim->decision_id, sizeof(job->decision_id));
    job_refuse(job, SG_PRECONDITION,
               "request id '%s' was signed before, and its answer is no longer kept: use "
               "the document that was signed then, or a new id for a new signature",
               job->request_id);
    const struct record_again again = {.decision_id = claim->decision_id,
                                       .outcome_index = claim->outcome_index,
                                       .expired = true};
    record_begin(core, &head);
    TRY(record_replay(buffer, &head, &again, &text));
    TRY(decide_append(core, job, text));
    job->denied = true;
    STAILQ_INSERT_TAIL(&core->answered, job, queue);
    return SG_OK;
}

enum sg_status decide_replay(struct core *core, struct job *job,
                             const struct claim *claim)
{
    if (claim->signature_len == 0) {
        return refuse_expired(core, job, claim);
    }
    job->status = SG_OK;
    job->replayed = true;
    job->attempt = claim->attempt;
    job->signing_time_us = claim->signing_time_us;
    job->log_index = claim->outcome_index;
    job->on_log = true;
    job->signature_len = claim->signature_len;
    memcpy(job->log_hash, claim->outcome_hash, sizeof(job->log_hash));
    memcpy(job->decision_id, claim->decision_id, sizeof(job->decision_id));
    memcpy(job->signature, claim->signature, claim->signature_len);
    enum sg_status status = find_template(core, job, claim);
    if (status == SG_LEDGER) {
        return status;
    }
    if (status != SG_OK ||
        !cms_signature_fits(job->template,
                            slice_of(job->signature, job->signature_len))) {
        job_refuse(job, SG_INTERNAL,
                   "the stored answer cannot be built again; see the "
                   "gateway's log");
    }
    TRY(decide_write_replay(core, job));
    STAILQ_INSERT_TAIL(&core->answered, job, queue);
    return SG_OK;
}

enum sg_status decide_stored(struct core *core, struct job *job, bool *answered)
{
    struct claim claim;
    enum sg_status found =
        ledger_find(core->ledger, job->caller->name, job->request_id, &claim);

    *answered =
        found == SG_OK && claim.state == CLAIM_SIGNED &&
        memcmp(claim.request_hash, job->request_hash, sizeof(job->request_hash)) == 0;
    if (*answered) {
        return decide_replay(core, job, &claim);
    }
    return found == SG_NOT_FOUND ? SG_OK : found;
}
