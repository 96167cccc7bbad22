#ifndef SEGEL_GATEWAY_SERVICE_TERMS_H
#define SEGEL_GATEWAY_SERVICE_TERMS_H

#include "gateway/core/turn/job.h"
#include "segel/v1/signing.pb-c.h"

struct services;

/* SignTerms checked and resolved. Texts are copied. */
struct terms {
    const struct key *named;          /* by the caller */
    const struct key *key;            /* that signs: see terms_follow */
    struct override_board *overrides; /* borrowed */
    enum sg_profile profile;
    enum sg_hash hash;
    enum sg_scheme scheme;
    enum sg_scheme asked; /* by the caller; NONE = the key's own */
    char document_class[LEDGER_ID_MAX + 1];
    char approval_ref[JOB_APPROVAL_MAX + 1];
    char batch[LEDGER_ID_MAX + 1];
    char mandate[LEDGER_ID_MAX + 1];
    char content_type[LEDGER_ID_MAX + 1];
    char label_names[8][LEDGER_ID_MAX + 1];
    size_t label_count;
    bool notice;
    bool pii; /* something looks like a NIK */
    bool english;
    int job_class; /* JobClass as it was asked for */
};
/* SG_INVALID, SG_NOT_FOUND (key), SG_UNSUPPORTED (profile): the whole call fails. */
SG_MUST_USE enum sg_status terms_read(const struct services *services,
                                      const Segel__V1__SignTerms *message,
                                      struct terms *out, struct sg_error *why);
/* One item into a job: id, digest, what is to be signed, request hash. On a failure the
 * job holds its refusal. */
SG_MUST_USE enum sg_status terms_item(const struct terms *terms,
                                      const Segel__V1__SignItem *item, struct job *job);
/* For jobs that are to be made from now on: the key that signs where the named one is
 * retired. Jobs that were made keep theirs. */
void terms_follow(struct terms *terms);
/* The texts of the terms as they were sent: a denial may have masked those of the job. */
void terms_texts(const struct terms *terms, struct job *job);

#endif
