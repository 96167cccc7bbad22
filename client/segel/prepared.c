#include "client/segel/prepared.h"

#include <stdlib.h>

#include "client/pdf/job.h"

static int build(struct segel_prepared *prepared, const struct segel_plan *plan,
                 const struct kept_letter *kept, struct segel_error *error)
{
    enum pdf_refusal refusal = PDF_ACCEPTED;
    struct sg_error why = {0};
    struct pdf_wish wish;
    char link[PLAN_LINK_SIZE];

    plan_wish(plan, kept, link, &wish);
    enum sg_status status =
        pdf_prepare(prepared->input.bytes, &wish, &prepared->job, &refusal, &why);
    if (status == SG_OK) {
        struct slice digest = pdf_job_digest(prepared->job);
        memcpy(prepared->digest, digest.data, digest.len);
        prepared->digest_len = digest.len;
        return SEGEL_OK;
    }
    if (refusal != PDF_ACCEPTED) {
        return error_set(error, SEGEL_REFUSED, pdf_refusal_code(refusal), "%s", why.text);
    }
    /* No process or file descriptor is left here: nothing that the gateway did. */
    return error_set(error, SEGEL_MEMORY, "failed", "%s",
                     why.text[0] == '\0' ? sg_status_text(status) : why.text);
}

static int fill(struct segel_prepared *prepared, const struct segel_plan *plan,
                const struct kept_letter *kept, struct segel_error *error)
{
    const struct segel_letter *letter = &kept->letter;
    int code = SEGEL_OK;

    if (letter->digest != NULL) {
        memcpy(prepared->digest, kept->digest, letter->digest_len);
        prepared->digest_len = letter->digest_len;
        return SEGEL_OK;
    }
    if (letter->path != NULL) {
        code = input_read(&prepared->input, letter->path, error);
    } else {
        prepared->input.bytes = slice_of(letter->pdf, letter->pdf_len);
    }
    return code == SEGEL_OK ? build(prepared, plan, kept, error) : code;
}

int prepared_make(const struct segel_plan *plan, const struct kept_letter *kept,
                  struct segel_prepared **out, struct segel_error *error)
{
    struct segel_prepared *prepared =
        (struct segel_prepared *)calloc(1, sizeof(*prepared));

    *out = NULL;
    if (prepared == NULL) {
        return error_memory(error);
    }
    int code = fill(prepared, plan, kept, error);
    if (code != SEGEL_OK) {
        segel_prepared_free(prepared);
        return code;
    }
    *out = prepared;
    return SEGEL_OK;
}

int segel_prepare(const struct segel_plan *plan, const struct segel_letter *letter,
                  struct segel_prepared **out, struct segel_error *error)
{
    struct kept_letter kept;

    if (out == NULL) {
        return error_null(error, "out");
    }
    *out = NULL;
    if (plan == NULL) {
        return error_null(error, "plan");
    }
    int code = kept_letter_take(&kept, letter, error);
    if (code == SEGEL_OK) {
        code = plan_fits(plan, &kept, error);
    }
    if (code == SEGEL_OK) {
        code = prepared_make(plan, &kept, out, error);
    }
    kept_letter_fini(&kept);
    return code;
}

const void *segel_prepared_digest(const struct segel_prepared *prepared, size_t *len)
{
    if (len != NULL) {
        *len = prepared == NULL ? 0 : prepared->digest_len;
    }
    return prepared == NULL ? NULL : prepared->digest;
}

void segel_prepared_free(struct segel_prepared *prepared)
{
    if (prepared != NULL) {
        pdf_job_free(prepared->job);
        input_fini(&prepared->input);
        free(prepared->joined);
        free(prepared);
    }
}

/* --- The signed letter ------------------------------------------------------------- */

static int join(struct segel_prepared *prepared, struct slice appendix,
                struct segel_error *error)
{
    struct slice input = prepared->input.bytes;
    uint8_t *joined = (uint8_t *)malloc(input.len + appendix.len);

    if (joined == NULL) {
        return error_memory(error);
    }
    memcpy(joined, input.data, input.len);
    memcpy(joined + input.len, appendix.data, appendix.len);
    free(prepared->joined);
    prepared->joined = joined;
    prepared->joined_len = input.len + appendix.len;
    return SEGEL_OK;
}

static int put_in(struct segel_prepared *prepared, struct slice cms,
                  struct slice *appendix, struct segel_error *error)
{
    if (prepared->job == NULL) {
        return error_set(error, SEGEL_USAGE, NULL,
                         "a digest has no letter that a signature could be put into");
    }
    if (pdf_embed(prepared->job, cms, appendix) != SG_OK) {
        return error_set(error, SEGEL_FAULT, "no-room",
                         "the signature of %zu bytes does not fit the room of %zu that "
                         "was left for it when the letter was prepared",
                         cms.len, prepared->job->reserve);
    }
    return SEGEL_OK;
}

int prepared_embed(struct segel_prepared *prepared, struct slice cms, const char *output,
                   struct pdf_file *file, struct segel_error *error)
{
    struct slice appendix = slice_of("", 0);

    int code = put_in(prepared, cms, &appendix, error);
    if (code != SEGEL_OK) {
        return code;
    }
    if (output == NULL) {
        return join(prepared, appendix, error);
    }
    pdf_file_begin(file, output, prepared->input.bytes, appendix);
    return SEGEL_OK;
}

int prepared_written(const struct pdf_file *file, struct segel_error *error)
{
    return file->status == SG_OK
               ? SEGEL_OK
               : error_set(error, SEGEL_FILE, "not-written", "%s", file->why.text);
}

int segel_embed(struct segel_prepared *prepared, const void *cms, size_t cms_len,
                const char *output, struct segel_error *error)
{
    struct pdf_file file;

    if (prepared == NULL) {
        return error_null(error, "prepared");
    }
    if (cms == NULL) {
        return error_null(error, "cms");
    }
    int code = prepared_embed(prepared, slice_of(cms, cms_len), output, &file, error);
    if (code != SEGEL_OK || output == NULL) {
        return code;
    }
    pdf_files_end(&file, 1);
    return prepared_written(&file, error);
}

const void *segel_prepared_pdf(const struct segel_prepared *prepared, size_t *len)
{
    if (len != NULL) {
        *len = prepared == NULL ? 0 : prepared->joined_len;
    }
    return prepared == NULL ? NULL : prepared->joined;
}
