#include "gateway/service/terms.h"

#include <string.h>

#include "gateway/core/turn/nik.h"
#include "gateway/service/inside.h"
#include "proto/text.h"
#include "proto/tlog/merkle.h"

/* --- Terms ----------------------------------------------------------------------- */

/* Texts arrive free of NUL and bad UTF-8 (preflight); controls and length are checked
 * here. */
static enum sg_status copy_text(const char *name, const char *from, char *to, size_t cap,
                                struct sg_error *why)
{
    size_t len = strlen(from);

    if (len >= cap || !text_plain(slice_of(from, len))) {
        return sg_fail(why, SG_INVALID,
                       "%s must have at most %zu bytes and no control characters", name,
                       cap - 1);
    }
    memcpy(to, from, len + 1);
    return SG_OK;
}

static enum sg_status read_labels(const Segel__V1__SignTerms *message, struct terms *out,
                                  struct sg_error *why)
{
    char value[LEDGER_ID_MAX + 1] = "";

    if (message->n_labels > SG_COUNT(out->label_names)) {
        return sg_fail(why, SG_INVALID, "a job may have at most %zu labels",
                       SG_COUNT(out->label_names));
    }
    for (size_t i = 0; i < message->n_labels; i++) {
        TRY(copy_text("the name of a label", message->labels[i]->key, out->label_names[i],
                      sizeof(out->label_names[i]), why));
        TRY(copy_text("a label", message->labels[i]->value, value, sizeof(value), why));
        out->pii = out->pii || nik_inside(out->label_names[i]) || nik_inside(value);
    }
    out->label_count = message->n_labels;
    return SG_OK;
}

static enum sg_status read_texts(const Segel__V1__SignTerms *message, struct terms *out,
                                 struct sg_error *why)
{
    TRY(copy_text("document_class", message->document_class, out->document_class,
                  sizeof(out->document_class), why));
    if (out->document_class[0] == '\0') {
        return sg_fail(why, SG_INVALID,
                       "document_class is missing; name what kind of "
                       "document it is, as in the policy");
    }
    TRY(copy_text("approval_ref", message->approval_ref, out->approval_ref,
                  sizeof(out->approval_ref), why));
    TRY(copy_text("batch", message->batch, out->batch, sizeof(out->batch), why));
    TRY(copy_text("mandate", message->mandate, out->mandate, sizeof(out->mandate), why));
    TRY(copy_text("content_type", message->content_type, out->content_type,
                  sizeof(out->content_type), why));
    out->pii = nik_inside(out->approval_ref) || nik_inside(out->batch) ||
               nik_inside(out->mandate) || nik_inside(out->document_class) ||
               nik_inside(out->content_type);
    out->notice = message->notice_shown != 0;
    out->english = strcmp(message->language, "en") == 0;
    return read_labels(message, out, why);
}

void terms_follow(struct terms *terms)
{
    terms->key = key_current(terms->named);
    terms->scheme =
        terms->asked == SG_SCHEME_NONE ? terms->key->config->scheme : terms->asked;
}

static enum sg_status read_algorithms(const Segel__V1__SignTerms *message,
                                      struct terms *out, struct sg_error *why)
{
    int scheme = (int)message->signature_algorithm;

    if (!sg_profile_valid((int)message->profile)) {
        return sg_fail(why, SG_INVALID,
                       "profile is missing; name one of SignatureProfile");
    }
    if (!sg_hash_valid((int)message->hash_algorithm)) {
        return sg_fail(why, SG_INVALID,
                       "hash_algorithm is missing; name one of HashAlgorithm");
    }
    if (scheme != 0 && !sg_scheme_valid(scheme)) {
        return sg_fail(why, SG_INVALID, "signature_algorithm %d is not known", scheme);
    }
    out->profile = (enum sg_profile)message->profile;
    out->hash = (enum sg_hash)message->hash_algorithm;
    if (message->job_class < 0 || message->job_class > (int)JOB_CLASSES) {
        return sg_fail(why, SG_INVALID, "job_class %d is not known",
                       (int)message->job_class);
    }
    out->job_class = (int)message->job_class;
    out->asked = (enum sg_scheme)scheme;
    terms_follow(out);
    return SG_OK;
}

enum sg_status terms_read(const struct services *services,
                          const Segel__V1__SignTerms *message, struct terms *out,
                          struct sg_error *why)
{
    *out = (struct terms){.overrides = core_overrides(services->options.core)};
    if (message == NULL) {
        return sg_fail(why, SG_INVALID,
                       "terms are missing; they say which key and profile "
                       "to use");
    }
    if (!text_name(slice_str(message->key))) {
        return sg_fail(why, SG_INVALID, "terms.key is missing or no name of a key");
    }
    out->named = keyring_find(core_keys(services->options.core), slice_str(message->key));
    if (out->named == NULL) {
        return sg_fail(why, SG_NOT_FOUND,
                       "there is no key '%s' on this gateway; ask its officers which key "
                       "to use",
                       message->key);
    }
    if (!key_ready(out->named)) {
        return sg_fail(why, SG_PRECONDITION,
                       "key '%s' has no certificate yet; its officers must generate it "
                       "and accept one",
                       message->key);
    }
    TRY(read_algorithms(message, out, why));
    return read_texts(message, out, why);
}

/* --- Items ----------------------------------------------------------------------- */

static uint8_t *put_text(uint8_t *at, const char *text)
{
    size_t len = strlen(text);

    *at++ = (uint8_t)len; /* all texts are shorter than 256 bytes */
    for (size_t i = 0; i < len; i++) {
        *at++ = (uint8_t)text[i];
    }
    return at;
}

/* Binds an id to all that was asked under it: whatever changes what is signed or why it
 * may be signed makes it another request. Not so that another key has taken the place of
 * the one that was named: what that one has signed stays the answer. */
static void hash_request(const struct terms *terms, struct job *job)
{
    uint8_t all[4 * 256 + 3 + SG_HASH_MAX];
    size_t digest_len = sg_hash_len(job->hash);
    uint8_t *at = all;

    at = put_text(at, terms->named->config->name);
    at = put_text(at, terms->document_class);
    at = put_text(at, terms->approval_ref);
    at = put_text(at, terms->mandate);
    *at++ = (uint8_t)job->profile;
    *at++ = (uint8_t)(terms->asked == SG_SCHEME_NONE ? terms->named->config->scheme
                                                     : terms->asked);
    *at++ = (uint8_t)job->hash;
    memcpy(at, job->digest, digest_len);
    at += digest_len;
    struct tlog_hash hash = tlog_sha256(slice_of(all, (size_t)(at - all)));
    memcpy(job->request_hash, hash.bytes, sizeof(job->request_hash));
}

static enum sg_status take_digest(const Segel__V1__SignItem *item, struct job *job)
{
    size_t wanted = sg_hash_len(job->hash);

    if (item->digest.len != wanted) {
        job_refuse(job, SG_INVALID,
                   "the digest has %zu bytes, but %s makes %zu; send the hash of the "
                   "document, not a DigestInfo",
                   item->digest.len, sg_hash_name(job->hash), wanted);
        return SG_INVALID;
    }
    memcpy(job->digest, item->digest.data, wanted);
    return SG_OK;
}

static enum sg_status take_id(const Segel__V1__SignItem *item, struct job *job)
{
    size_t len = strlen(item->request_id);

    if (len == 0 || len > LEDGER_ID_MAX || !text_plain(slice_of(item->request_id, len))) {
        job_refuse(job, SG_INVALID,
                   "request_id must have 1 to %d bytes without control characters",
                   LEDGER_ID_MAX);
        return SG_INVALID;
    }
    memcpy(job->request_id, item->request_id, len + 1);
    return SG_OK;
}

void terms_texts(const struct terms *terms, struct job *job)
{
    memcpy(job->document_class, terms->document_class, sizeof(job->document_class));
    memcpy(job->approval_ref, terms->approval_ref, sizeof(job->approval_ref));
    memcpy(job->batch, terms->batch, sizeof(job->batch));
    memcpy(job->mandate, terms->mandate, sizeof(job->mandate));
}

enum sg_status terms_item(const struct terms *terms, const Segel__V1__SignItem *item,
                          struct job *job)
{
    size_t len = 0;

    job->key = terms->key;
    job->profile = terms->profile;
    job->hash = terms->hash;
    job->scheme = terms->scheme;
    terms_texts(terms, job);
    TRY(take_id(item, job));
    TRY(take_digest(item, job));
    hash_request(terms, job);
    job->template = terms->key->templates[terms->profile][terms->hash];
    if (job->template == NULL || terms->scheme != terms->key->config->scheme) {
        return SG_OK; /* judge_job refuses it, after the policy had its say */
    }
    enum sg_status status =
        cms_to_be_signed(job->template, slice_of(job->digest, sg_hash_len(job->hash)),
                         job->signing_time_us, job->to_be_signed, &len);
    if (status != SG_OK) {
        job_refuse(job, SG_INTERNAL,
                   "the gateway cannot prepare this signature; its administrator should "
                   "check its clock");
    }
    return status;
}
