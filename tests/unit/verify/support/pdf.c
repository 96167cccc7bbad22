#include "tests/unit/verify/support/pdf.h"

#include <stdio.h>
#include <stdlib.h>

#include <criterion/criterion.h>

#include "tests/unit/cms/support/writable.h"

#include "client/pdf/pdf.h"

struct slice pdf_page(void)
{
    static const char *const objects[] = {
        "<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << >> >>"};
    static char text[2048];
    int at[4] = {0};
    int len = snprintf(text, sizeof(text), "%%PDF-1.7\n");

    for (int i = 1; i <= 3; i++) {
        at[i] = len;
        len += snprintf(text + len, sizeof(text) - (size_t)len, "%d 0 obj\n%s\nendobj\n",
                        i, objects[i - 1]);
    }
    int table = len;
    len += snprintf(text + len, sizeof(text) - (size_t)len,
                    "xref\n0 4\n0000000000 65535 f \n");
    for (int i = 1; i <= 3; i++) {
        len +=
            snprintf(text + len, sizeof(text) - (size_t)len, "%010d 00000 n \n", at[i]);
    }
    len +=
        snprintf(text + len, sizeof(text) - (size_t)len,
                 "trailer\n<< /Size 4 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n", table);
    return slice_of(text, (size_t)len);
}

static struct slice join(struct slice first, struct slice second)
{
    uint8_t *both = malloc(first.len + second.len);

    MUST(both != NULL && first.len > 0 && second.len > 0);
    memcpy(both, first.data, first.len);
    memcpy(both + first.len, second.data, second.len);
    return slice_of(both, first.len + second.len);
}

struct slice pdf_signed(struct slice pdf, struct maker maker)
{
    return pdf_signed_in(pdf, NULL, maker);
}

struct slice pdf_signed_in(struct slice pdf, const char *field, struct maker maker)
{
    struct pdf_wish wish = {.hash = SG_HASH_SHA256,
                            .reserve = 8192,
                            .signing_time_us = 1767225600000000,
                            .field = field,
                            .name = "Kepala Dinas",
                            .statement = "Dokumen ini telah ditandatangani."};
    struct pdf_job *job = NULL;
    enum pdf_refusal refusal = PDF_ACCEPTED;
    struct slice appendix;
    struct sg_error why = {.text = ""};

    cr_assert_eq(pdf_prepare(pdf, &wish, &job, &refusal, &why), SG_OK, "%s", why.text);
    maker.digest = pdf_job_digest(job);
    struct slice cms = maker_make(&maker);
    cr_assert_eq(pdf_embed(job, cms, &appendix), SG_OK);
    struct slice whole = join(pdf, appendix);
    OPENSSL_free(writable(cms));
    pdf_job_free(job);
    return whole;
}

struct slice pdf_longer(struct slice pdf, const char *text)
{
    return join(pdf, slice_str(text));
}
