#include <criterion/criterion.h>
#include <stdio.h>

#include "tests/unit/pdf/support/letter.h"
#include "tests/unit/pdf/support/signer.h"

/* How the page says that it lies, where viewers may differ in what they make of it. */

static enum pdf_refusal stamp_on(const char *page_keys)
{
    char page[256];
    struct letter letter = letter_lawful();
    struct pdf_wish wish = signer_wish();
    enum pdf_refusal refusal = PDF_ACCEPTED;
    struct pdf_job *job = NULL;
    struct sg_error why = {0};

    wish.page = 1;
    wish.rect = (struct pdf_rect){.x = 10, .y = 10, .width = 200, .height = 60};
    (void)snprintf(page, sizeof(page),
                   "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 400 300] %s >>",
                   page_keys);
    letter.objects[2] = page;
    struct slice pdf = letter_build(&letter);
    enum sg_status status = pdf_prepare(pdf, &wish, &job, &refusal, &why);
    cr_expect_eq(status == SG_OK, refusal == PDF_ACCEPTED, "%s", why.text);
    pdf_job_free(job);
    letter_free(pdf);
    return refusal;
}

Test(page, rotation_that_is_no_whole_number_is_refused)
{
    static const char *const wrong[] = {"90.0", "0.0", "/R90", "(90)", "[90]"};
    char keys[64];

    for (size_t i = 0; i < SG_COUNT(wrong); i++) {
        (void)snprintf(keys, sizeof(keys), "/Rotate %s", wrong[i]);
        cr_expect_eq(stamp_on(keys), PDF_PAGE_UNUSUAL, "%s", wrong[i]);
    }
    cr_expect_eq(stamp_on("/Rotate 450"), PDF_ACCEPTED);
    cr_expect_eq(stamp_on("/Rotate null"), PDF_ACCEPTED);
    cr_expect_eq(stamp_on(""), PDF_ACCEPTED);
}
