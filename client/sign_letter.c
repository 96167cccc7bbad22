#include "client/sign_letter.h"

#include <stdio.h>
#include <string.h>

#include "client/moment.h"
#include "client/verify/verify.h"

enum sg_status letter_place(struct letter *letter, const struct sign_plan *plan,
                            bool *skip, struct sg_error *why)
{
    int len = snprintf(letter->output, sizeof(letter->output), "%s/%s", plan->out_dir,
                       file_name(letter->path));

    *skip = false;
    if (len < 0 || (size_t)len >= sizeof(letter->output)) {
        return sg_fail(why, SG_INVALID, "the path of the output is too long");
    }
    if (file_same(letter->path, letter->output)) {
        return sg_fail(why, SG_CONFLICT,
                       "the signed letter would overwrite the letter itself: choose "
                       "another folder with -o");
    }
    if (!file_exists(letter->output) || plan->force) {
        return SG_OK;
    }
    *skip = plan->resume;
    return plan->resume ? SG_OK
                        : sg_fail(why, SG_CONFLICT,
                                  "%s is there already: --force overwrites, --resume "
                                  "leaves it",
                                  letter->output);
}

/* The link in the QR code ends with the request id: it names the letter and tells nothing
 * about it. */
static const char *qr_text(const struct letter *letter, const struct sign_plan *plan,
                           char *out, size_t cap)
{
    if (plan->verify_url == NULL) {
        return NULL;
    }
    char last = plan->verify_url[strlen(plan->verify_url) - 1];
    (void)snprintf(out, cap, "%s%s%s", plan->verify_url,
                   last == '/' || last == '=' ? "" : "/", letter->request_id);
    return out;
}

enum sg_status letter_prepare(struct letter *letter, const struct sign_plan *plan,
                              const char **code, struct sg_error *why)
{
    enum pdf_refusal refusal = PDF_ACCEPTED;
    struct pdf_wish wish = plan->wish;
    char link[1024];

    *code = "unreadable";
    TRY(file_read(letter->path, LETTER_BYTES_MAX, &letter->pdf, why));
    wish.signing_time_us = moment_wall_us();
    wish.qr_text = qr_text(letter, plan, link, sizeof(link));
    enum sg_status status = pdf_prepare(slice_of(letter->pdf.data, letter->pdf.len),
                                        &wish, &letter->job, &refusal, why);
    if (status != SG_OK) {
        *code = refusal == PDF_ACCEPTED ? "failed" : pdf_refusal_code(refusal);
        return status;
    }
    letter->state = LETTER_READY;
    return SG_OK;
}

enum sg_status letter_finish(struct letter *letter, struct slice cms,
                             struct sg_error *why)
{
    struct slice appendix;

    TRY(verify_answer(cms, pdf_job_digest(letter->job), why));
    enum sg_status status = pdf_embed(letter->job, cms, &appendix);

    if (status != SG_OK) {
        return sg_fail(why, status,
                       "the signature of %zu bytes does not fit the room that the "
                       "gateway asked for",
                       cms.len);
    }
    return pdf_write(letter->output, slice_of(letter->pdf.data, letter->pdf.len),
                     appendix, why);
}

void letter_clear(struct letter *letter)
{
    if (letter->job != NULL) {
        pdf_job_free(letter->job);
    }
    file_free(&letter->pdf);
    *letter = (struct letter){.state = LETTER_EMPTY};
}
