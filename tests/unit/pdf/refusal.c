#include "client/pdf/refusal.h"

#include <criterion/criterion.h>

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
