#include <string.h>

#include "gateway/service/inside.h"

Segel__V1__ItemStatus *result_status(struct arena *arena, const struct job *job,
                                     bool english)
{
    Segel__V1__ItemStatus *status =
        (Segel__V1__ItemStatus *)arena_alloc(arena, sizeof(*status));

    if (status == NULL) {
        return NULL;
    }
    segel__v1__item_status__init(status);
    status->code = sg_status_grpc(job->status);
    status->message = pb_text(job->why);
    status->retry_after_us = retry_after_us(job);
    if (job->reason != NULL) {
        status->reason = pb_text(job->reason);
    } else if (job->load.retry_us > 0) {
        status->reason = pb_text(refusal_name(job->load.why));
    }
    if (job->denial != NULL && job->denial->count > 0) {
        status->denial = denial_message(arena, job, english);
    }
    return status;
}

static bool add_signature(struct arena *arena, const struct job *job,
                          Segel__V1__SignResult *result)
{
    size_t cap = cms_max_len(job->template) + cms_token_room(job->token_len);
    uint8_t *bytes = (uint8_t *)arena_alloc(arena, cap);
    const struct cms_parts parts = {
        .digest = slice_of(job->digest, sg_hash_len(job->hash)),
        .signature = slice_of(job->signature, job->signature_len),
        .signing_time_us = job->signing_time_us,
        .token = slice_of(job->token, job->token_len),
    };
    size_t len = 0;

    if (bytes == NULL || cms_assemble(job->template, &parts, bytes, cap, &len) != SG_OK) {
        return false;
    }
    result->signature = pb_bytes(slice_of(bytes, len));
    return true;
}

Segel__V1__LogPosition *result_position(struct arena *arena,
                                        const struct services *services,
                                        const struct job *job)
{
    Segel__V1__LogPosition *log =
        (Segel__V1__LogPosition *)arena_alloc(arena, sizeof(*log));

    if (log == NULL) {
        return NULL;
    }
    segel__v1__log_position__init(log);
    log->origin = pb_text(services->options.config->ledger_origin);
    log->index = job->log_index;
    log->leaf_hash = pb_bytes(slice_of(job->log_hash, sizeof(job->log_hash)));
    return log;
}

Segel__V1__SignResult *result_message(struct arena *arena,
                                      const struct services *services,
                                      const struct job *job, bool english)
{
    Segel__V1__SignResult *result =
        (Segel__V1__SignResult *)arena_alloc(arena, sizeof(*result));

    if (result == NULL) {
        return NULL;
    }
    segel__v1__sign_result__init(result);
    result->request_id = pb_text(job->request_id);
    result->decision_id = pb_text(job->decision_id);
    result->replayed = job->replayed;
    result->attempt = job->attempt;
    result->downgraded = job->status == SG_OK && job->downgraded;
    result->log = job->on_log ? result_position(arena, services, job) : NULL;
    if (job->on_log && result->log == NULL) {
        return NULL;
    }
    if (job->status == SG_OK) {
        return add_signature(arena, job, result) ? result : NULL;
    }
    result->status = result_status(arena, job, english);
    return result->status != NULL ? result : NULL;
}

size_t result_room(const struct job *job)
{
    size_t fixed = sizeof(Segel__V1__SignResult) + sizeof(Segel__V1__LogPosition) +
                   sizeof(Segel__V1__ItemStatus) + sizeof(Segel__V1__PolicyDenial) + 128;
    size_t verdict = sizeof(Segel__V1__RuleVerdict) + sizeof(void *) + 32;
    size_t failures = job->denial == NULL ? 0 : job->denial->count;

    return fixed + failures * verdict +
           (job->status == SG_OK
                ? cms_max_len(job->template) + cms_token_room(job->token_len) + 32
                : 0);
}
