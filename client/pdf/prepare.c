#include <openssl/evp.h>
#include <stdlib.h>

#include "client/pdf/field.h"
#include "client/pdf/job.h"
#include "client/pdf/pdf.h"
#include "proto/text.h"

/* The smallest CMS that anybody makes is larger; the largest reserve is far above what a
 * chain with its time-stamp takes. */
enum { RESERVE_MIN = 256, RESERVE_MAX = 1 << 20, TEXT_MAX = 1024 };

/* Year 1970 to 9999. */
static const int64_t time_max_us = INT64_C(253402300799) * 1000000;

static bool text_usable(const char *text)
{
    return text == NULL || (strlen(text) <= TEXT_MAX && text_plain(slice_str(text)));
}

static enum sg_status check_wish(const struct pdf_wish *wish, struct pdf_verdict *verdict)
{
    if (!sg_hash_valid((int)wish->hash)) {
        return pdf_refuse(verdict, PDF_WISH, "the hash");
    }
    if (wish->reserve < RESERVE_MIN || wish->reserve > RESERVE_MAX) {
        return pdf_refuse(verdict, PDF_WISH, "the room for the signature");
    }
    if (wish->signing_time_us < 0 || wish->signing_time_us > time_max_us) {
        return pdf_refuse(verdict, PDF_WISH, "the time");
    }
    const char *texts[] = {wish->reason, wish->location,  wish->name,
                           wish->field,  wish->statement, wish->qr_text};
    for (size_t i = 0; i < SG_COUNT(texts); i++) {
        if (!text_usable(texts[i])) {
            return pdf_refuse(verdict, PDF_TEXT, NULL);
        }
    }
    return SG_OK;
}

static const EVP_MD *md_of(enum sg_hash hash)
{
    if (hash == SG_HASH_SHA384) {
        return EVP_sha384();
    }
    return hash == SG_HASH_SHA512 ? EVP_sha512() : EVP_sha256();
}

static void free_md(EVP_MD_CTX **md)
{
    EVP_MD_CTX_free(*md);
}

/* The input is hashed where it lies. */
static enum sg_status make_digest(struct pdf_job *job, enum sg_hash hash)
{
    AUTO(free_md) EVP_MD_CTX *md = EVP_MD_CTX_new();
    const struct pdf_buffer *appendix = &job->appendix;
    unsigned len = 0;

    bool made = md != NULL && EVP_DigestInit_ex(md, md_of(hash), NULL) == 1 &&
                EVP_DigestUpdate(md, job->input.data, job->input.len) == 1 &&
                EVP_DigestUpdate(md, appendix->data, job->holes.contents) == 1 &&
                EVP_DigestUpdate(md, appendix->data + job->holes.contents_end,
                                 appendix->len - job->holes.contents_end) == 1 &&
                EVP_DigestFinal_ex(md, job->digest, &len) == 1;
    job->digest_len = len;
    return made ? SG_OK : SG_INTERNAL;
}

/* One object in two roles (the page as the form, say) would be written twice. */
static bool has_twice(const struct pdf_append *append)
{
    for (size_t i = 0; i < append->count; i++) {
        for (size_t j = i + 1; j < append->count; j++) {
            if (append->entries[i].number == append->entries[j].number) {
                return true;
            }
        }
    }
    return false;
}

static enum sg_status append_all(const struct pdf_signing *signing,
                                 struct pdf_holes *holes)
{
    struct pdf_append *append = signing->append;

    pdf_signature_append(append, signing->signature, signing->wish, holes);
    TRY(pdf_field_append(signing));
    if (has_twice(append)) {
        return pdf_refuse(signing->verdict, PDF_FORM_DAMAGED, "one object in two roles");
    }
    TRY(pdf_append_finish(append, signing->reader));
    /* Writing out the letter's objects was the last look at it. */
    TRY(pdf_reader_settle(signing->reader, signing->verdict));
    pdf_signature_range(append, holes);
    return SG_OK;
}

/* Moves the appendix from the writer to the job. */
static enum sg_status build(const struct pdf_reader *reader, const struct pdf_wish *wish,
                            struct pdf_job *job, struct pdf_verdict *verdict)
{
    struct pdf_place place;
    int first_number = 0;

    TRY(pdf_reader_free_number(reader, &first_number, verdict));
    TRY(pdf_place_choose(reader, wish, &place, verdict));

    AUTO(pdf_append_fini) struct pdf_append append;
    pdf_append_init(&append, reader->pdf, first_number);
    struct pdf_signing signing = {
        .reader = reader,
        .wish = wish,
        .place = &place,
        .append = &append,
        .verdict = verdict,
        .signature = pdf_append_number(&append),
    };
    TRY(append_all(&signing, &job->holes));
    job->appendix = append.out;
    append.out = (struct pdf_buffer){0};
    return make_digest(job, wish->hash);
}

static enum sg_status prepare(struct pdf_job *job, const struct pdf_wish *wish,
                              struct pdf_verdict *verdict)
{
    AUTO(pdf_reader_close) struct pdf_reader reader = {0};

    TRY(check_wish(wish, verdict));
    TRY(pdf_reader_open(&reader, job->input, false, verdict));
    return build(&reader, wish, job, verdict);
}

enum sg_status pdf_prepare(struct slice pdf, const struct pdf_wish *wish,
                           struct pdf_job **out, enum pdf_refusal *refusal,
                           struct sg_error *why)
{
    struct pdf_verdict verdict = {.why = why};
    struct pdf_job *job = calloc(1, sizeof(*job));

    *out = NULL;
    *refusal = PDF_ACCEPTED;
    if (job == NULL) {
        return sg_fail(why, SG_NO_MEMORY, "there is no memory to prepare the letter");
    }
    job->input = pdf;
    job->reserve = wish->reserve;
    enum sg_status status = prepare(job, wish, &verdict);
    *refusal = verdict.refusal;
    if (status != SG_OK) {
        pdf_job_free(job);
        return status;
    }
    *out = job;
    return SG_OK;
}

struct slice pdf_job_digest(const struct pdf_job *job)
{
    return slice_of(job->digest, job->digest_len);
}

void pdf_job_free(struct pdf_job *job)
{
    if (job != NULL) {
        pdf_buffer_fini(&job->appendix);
        free(job);
    }
}
