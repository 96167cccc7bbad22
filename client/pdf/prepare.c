#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>

#include "client/pdf/job.h"
#include "client/pdf/order.h"
#include "client/pdf/pdf.h"
#include "client/pdf/stamp/stamp.h"
#include "client/pdf/wish.h"
#include "proto/text.h"

/* The smallest CMS that anybody makes is larger; the largest reserve is far above what a
 * chain with its time-stamp takes. */
enum { RESERVE_MIN = 256, RESERVE_MAX = 1 << 20 };

/* The last second of 9999. */
static const int64_t time_max_us = TEXT_TIME_END_US - 1000000;

static size_t parts_of(const struct pdf_dss *dss)
{
    size_t count = 0;

    for (int i = 0; dss != NULL && i < PDF_DSS_KINDS; i++) {
        count += dss->parts[i].count;
    }
    return count;
}

static enum sg_status check_wish(const struct pdf_wish *wish, struct pdf_verdict *verdict)
{
    if (!sg_hash_valid((int)wish->hash)) {
        return pdf_refuse(verdict, PDF_WISH, "the hash");
    }
    if (wish->adds == PDF_ADDS_STORE
            ? wish->reserve != 0 || wish->dss == NULL
            : wish->reserve < RESERVE_MIN || wish->reserve > RESERVE_MAX) {
        return pdf_refuse(verdict, PDF_WISH, "the room for the signature");
    }
    if (parts_of(wish->dss) > PDF_DSS_MAX) {
        return pdf_refuse(verdict, PDF_WISH, "so much validation data");
    }
    if (wish->signing_time_us < 0 || wish->signing_time_us > time_max_us) {
        return pdf_refuse(verdict, PDF_WISH, "the time");
    }
    return pdf_wish_check(wish, verdict);
}

/* Here and not where the letter is read: the next letter can use the same. */
static enum sg_status take_fonts(const struct pdf_wish *wish, struct pdf_fonts **fonts,
                                 struct pdf_verdict *verdict)
{
    struct pdf_charset wanted[PDF_FACES] = {{{0}}};

    if (wish->page == 0 && wish->field == NULL) {
        return SG_OK;
    }
    pdf_stamp_wants(wish, wanted);
    enum sg_status status = pdf_fonts_take(wanted, fonts);
    return status == SG_TOO_LARGE ? pdf_refuse(verdict, PDF_TEXT, NULL) : status;
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

/* The holes come from the process that read the letter: nothing is written or left out
 * of the digest but what was meant to be. */
static bool holes_fit(const struct pdf_job *job)
{
    const struct pdf_holes *holes = &job->holes;
    size_t len = job->appendix.len;
    size_t room = 2 * job->reserve + 2;

    if (job->reserve == 0) { /* PDF_ADDS_STORE */
        return holes->contents == 0 && holes->contents_end == 0 &&
               holes->byte_range == 0 && len > PDF_APPEND_ID &&
               holes->id <= len - PDF_APPEND_ID;
    }
    return len > room && holes->contents <= len - room &&
           holes->contents_end == holes->contents + room &&
           job->appendix.data[holes->contents] == '<' &&
           job->appendix.data[holes->contents_end - 1] == '>' && len > PDF_RANGE_LEN &&
           holes->byte_range <= len - PDF_RANGE_LEN && len > PDF_APPEND_ID &&
           holes->id <= len - PDF_APPEND_ID;
}

/* Everything but /Contents. */
static void fill_range(struct pdf_job *job)
{
    char range[PDF_RANGE_LEN + 1];
    int len = snprintf(range, sizeof(range), "[0 %zu %zu %zu]",
                       job->input.len + job->holes.contents,
                       job->input.len + job->holes.contents_end,
                       job->appendix.len - job->holes.contents_end);

    MUST(len > 0 && len <= PDF_RANGE_LEN);
    memcpy(job->appendix.data + job->holes.byte_range, range, (size_t)len);
}

/* Made from the appendix, so that the same letter with the same wish gives the same
 * bytes. */
static enum sg_status fill_id(struct pdf_job *job)
{
    uint8_t digest[EVP_MAX_MD_SIZE];
    char digits[PDF_APPEND_ID + 1];

    if (job->holes.id == 0) {
        return SG_OK;
    }
    if (EVP_Digest(job->appendix.data, job->appendix.len, digest, NULL, EVP_sha256(),
                   NULL) != 1) {
        return SG_INTERNAL;
    }
    text_hex(slice_of(digest, PDF_APPEND_ID / 2), digits);
    memcpy(job->appendix.data + job->holes.id, digits, PDF_APPEND_ID);
    return SG_OK;
}

/* Takes the head off the answer: what is left is the appendix. */
static enum sg_status take_answer(struct pdf_job *job, struct pdf_verdict *verdict)
{
    struct pdf_built built;
    struct pdf_buffer *answer = &job->appendix;

    if (answer->len < sizeof(built)) {
        return pdf_refuse(verdict, PDF_TOO_COMPLEX, NULL);
    }
    memcpy(&built, answer->data, sizeof(built));
    built.why.text[sizeof(built.why.text) - 1] = '\0';
    if (built.status != SG_OK) {
        verdict->refusal = built.refusal;
        return sg_fail(verdict->why, built.status, "%s", built.why.text);
    }
    answer->len -= sizeof(built);
    memmove(answer->data, answer->data + sizeof(built), answer->len);
    job->holes = built.holes;
    return holes_fit(job) ? SG_OK : pdf_refuse(verdict, PDF_TOO_COMPLEX, NULL);
}

static enum sg_status prepare(struct pdf_job *job, const struct pdf_wish *wish,
                              struct pdf_verdict *verdict)
{
    AUTO(pdf_fonts_give) struct pdf_fonts *fonts = NULL;

    TRY(check_wish(wish, verdict));
    TRY(take_fonts(wish, &fonts, verdict));
    struct pdf_order order = {.pdf = job->input, .wish = wish, .fonts = fonts};
    TRY(pdf_order_run(&order, &job->appendix, verdict));
    TRY(take_answer(job, verdict));
    if (wish->adds == PDF_ADDS_STORE) {
        return fill_id(job);
    }
    fill_range(job);
    TRY(fill_id(job));
    return make_digest(job, wish->hash);
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
