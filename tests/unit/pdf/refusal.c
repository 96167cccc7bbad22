#include "client/pdf/refusal.h"

#include <criterion/criterion.h>
#include <stdlib.h>

#include "tests/unit/pdf/support/letter.h"
#include "tests/unit/pdf/support/signer.h"

TestSuite(refusal, .timeout = 120);

/* What hangs on the template, the policy or the load of the moment may pass. */
Test(refusal, those_of_the_letter_itself_last)
{
    static const char *const passing[] = {"too-complex",
                                          "page-out-of-range",
                                          "page-unusual",
                                          "rectangle-off-page",
                                          "field-not-visible",
                                          "text-not-printable",
                                          "statement-reworded",
                                          "stamp-does-not-fit",
                                          "wish-unusable",
                                          "CERTIFICATE_EXPIRED",
                                          "accepted"};
    static const char *const lasting[] = {"damaged", "encrypted", "certified", "xfa-form",
                                          "no-startxref"};

    for (size_t i = 0; i < SG_COUNT(passing); i++) {
        cr_expect_not(pdf_refusal_lasts(passing[i]), "%s", passing[i]);
    }
    for (size_t i = 0; i < SG_COUNT(lasting); i++) {
        cr_expect(pdf_refusal_lasts(lasting[i]), "%s", lasting[i]);
    }
}

/* Letters whose objects take more memory than a reader has: what is told is the limit,
 * and not a fault that they do not have. No limit is set where a sanitizer needs room. */
#ifndef __SANITIZE_ADDRESS__

enum { ITEMS = 5000000, ITEM = 4 };

/* The words around so many empty dictionaries; to be freed. */
static char *much(const char *before, const char *after)
{
    size_t head = strlen(before);
    size_t body = (size_t)ITEMS * ITEM;
    char *text = malloc(head + body + strlen(after) + 1);

    cr_assert_not_null(text);
    memcpy(text, before, head);
    for (size_t i = 0; i < ITEMS; i++) {
        memcpy(text + head + ITEM * i, "<<>>", ITEM);
    }
    memcpy(text + head + body, after, strlen(after) + 1);
    return text;
}

static void expect_too_complex(const struct letter *letter, const char *what)
{
    struct pdf_wish wish = signer_wish();
    enum pdf_refusal refusal = PDF_ACCEPTED;
    struct sg_error why = {.text = ""};
    struct pdf_job *job = NULL;
    struct slice pdf = letter_build(letter);

    cr_expect_eq(pdf_prepare(pdf, &wish, &job, &refusal, &why), SG_INVALID, "%s", what);
    cr_expect_eq(refusal, PDF_TOO_COMPLEX, "%s: %s", what, why.text);
    pdf_job_free(job);
    letter_free(pdf);
}

Test(refusal, an_object_for_which_there_is_none_is_too_complex)
{
    struct letter letter = letter_lawful();
    char *text = much("[", "]");

    letter.objects[4] = text;
    expect_too_complex(&letter, "of any kind");
    free(text);
}

/* The reader takes it for none before it asks what was wrong. */
Test(refusal, a_page_for_which_there_is_none_is_too_complex)
{
    struct letter letter = letter_lawful();
    char *text =
        much("<< /Type /Page /Parent 2 0 R /MediaBox [0 0 400 300] /X [", "] >>");

    letter.objects[2] = text;
    expect_too_complex(&letter, "page");
    free(text);
}
#endif
