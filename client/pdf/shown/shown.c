#include "client/pdf/shown/shown.h"

#include <stdlib.h>
#include <zlib.h>

#include "client/pdf/guard/guard.h"
#include "client/pdf/shown/inside.h"
#include "proto/text.h"

/* The parent's side: what is asked, and what comes back. */

/* The picture as it comes out of a letter; the caller frees its samples. */
static enum sg_status unpack(const struct pdf_image *logo, struct pdf_picture *out,
                             uint8_t **samples, struct sg_error *why)
{
    size_t size = (size_t)logo->width * (size_t)logo->height * (logo->grey ? 1 : 3);
    uLongf len = size;

    *samples = malloc(size);
    if (*samples == NULL) {
        return SG_NO_MEMORY;
    }
    *out = (struct pdf_picture){logo->width, logo->height, slice_of(*samples, size)};
    return uncompress(*samples, &len, logo->pixels.data, logo->pixels.len) == Z_OK &&
                   len == size
               ? SG_OK
               : sg_fail(why, SG_INTERNAL, "%s", sg_status_text(SG_INTERNAL));
}

/* Whatever the child wrote. */
static void make_safe(struct pdf_shown *shown)
{
    for (size_t i = 0; i < shown->count; i++) {
        struct pdf_shown_stamp *stamp = &shown->stamps[i];
        stamp->text[sizeof(stamp->text) - 1] = '\0';
        stamp->page = stamp->page < 0 ? 0 : stamp->page;
        if (!text_utf8(slice_str(stamp->text))) {
            stamp->text[0] = '\0';
            stamp->unclear = true;
        }
    }
    shown->page = shown->page < 0 ? 0 : shown->page;
}

static enum sg_status refuse(uint32_t refusal, struct pdf_verdict *verdict)
{
    bool named = refusal > PDF_ACCEPTED && refusal < PDF_REFUSAL_COUNT;

    return pdf_refuse(verdict, named ? (enum pdf_refusal)refusal : PDF_DAMAGED, NULL);
}

static enum sg_status take(struct slice answer, struct pdf_shown *out,
                           struct pdf_verdict *verdict)
{
    struct shown_answer *got = (struct shown_answer *)calloc(1, sizeof(*got));

    if (got == NULL) {
        return SG_NO_MEMORY;
    }
    bool whole = answer.len == sizeof(*got);
    if (whole) {
        memcpy(got, answer.data, sizeof(*got));
        whole = shown_unpack(got, out);
    }
    enum sg_status status = got->status;
    uint32_t refusal = got->refusal;
    free(got);
    if (!whole) {
        return pdf_refuse(verdict, PDF_TOO_COMPLEX, NULL);
    }
    if (status != SG_OK) {
        return refuse(refusal, verdict);
    }
    make_safe(out);
    return SG_OK;
}

enum sg_status pdf_shown_read(struct slice pdf, const char *statement,
                              const struct pdf_image *logo, struct pdf_shown *out,
                              struct sg_error *why)
{
    AUTO(pdf_buffer_fini) struct pdf_buffer answer = {0};
    uint8_t *samples = NULL;
    enum sg_status status = SG_OK;
    char wanted[SHOWN_WANTED_SIZE] = "";
    struct pdf_verdict verdict = {.why = why};
    struct pdf_picture picture = {.width = 0};
    struct pdf_shown_order order = {.pdf = pdf, .wanted = wanted};

    *out = (struct pdf_shown){.count = 0};
    shown_fold(statement == NULL ? "" : statement, wanted, sizeof(wanted));
    if (logo != NULL && logo->width > 0) {
        order.picture = &picture;
        status = unpack(logo, &picture, &samples, why);
    }
    if (status == SG_OK) {
        status = pdf_guard_run(pdf_shown_find, &order, &answer, &verdict);
    }
    free(samples);
    return status == SG_OK ? take(pdf_buffer_slice(&answer), out, &verdict) : status;
}
