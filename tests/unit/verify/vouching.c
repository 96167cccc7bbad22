/* Who answers for what a later revision put on a signed letter: a sound signature does,
 * and a time-stamp for itself alone. */
#include <stdio.h>
#include <stdlib.h>

#include <criterion/criterion.h>

#include "client/verify/verify.h"
#include "tests/unit/cms/support/writable.h"
#include "tests/unit/verify/support/pdf.h"
#include "tests/unit/verify/support/store.h"
#include "tests/unit/verify/support/update.h"

/* PAGE, FORM: their numbers in a signed letter of pdf.h. */
enum { SIGNED_S = 1767225600, PAGE = 3, FORM = 7, OVERLAY = 50, TEXT_MAX = 1024 };

static struct pki pki;
static struct pki other;
static X509_STORE *anchors;
static struct authority authority;
static struct authority stranger;
static struct slice letter;
static struct verify_report reports[4];
static size_t count;

static void begin(void)
{
    pki_make(&pki, PKI_P256);
    pki_make(&other, PKI_P256);
    anchors = pki_store(&pki);
    authority_make(&authority, &pki, SIGNED_S + 30);
    authority_make(&stranger, &other, SIGNED_S + 30);
    letter = pdf_signed(pdf_page(), maker_lawful(&pki, slice_of(NULL, 0)));
}

static void end(void)
{
    free(writable(letter));
    authority_free(&authority);
    authority_free(&stranger);
    X509_STORE_free(anchors);
    pki_free(&pki);
    pki_free(&other);
}

TestSuite(verify_vouching, .init = begin, .fini = end);

static void replace(struct slice by)
{
    free(writable(letter));
    letter = by;
}

static void verify(void)
{
    const struct verify_input terms = {.anchors = anchors,
                                       .at_us = (SIGNED_S + 86400) * INT64_C(1000000)};
    struct sg_error why = {.text = ""};

    cr_assert_eq(verify_pdf(letter, &terms, reports, SG_COUNT(reports), &count, &why),
                 SG_OK, "%s", why.text);
}

static void expect_coverage(enum verify_mark mark)
{
    for (size_t i = 0; i < reports[0].count; i++) {
        if (strcmp(reports[0].checks[i].name, "coverage") == 0) {
            cr_expect_eq(reports[0].checks[i].mark, mark, "%s",
                         reports[0].checks[i].text);
        }
    }
    cr_expect_eq(reports[0].valid, mark == VERIFY_PASS);
}

/* Covers page 1 with what says that it is a signature, and is none. */
static void overlay(bool listed)
{
    char page[TEXT_MAX];
    char form[TEXT_MAX];
    char field[TEXT_MAX];

    (void)snprintf(page, sizeof(page), "%s", update_text(letter, PAGE));
    update_replace(page, "]\n>>", "50 0 R ]\n>>");
    (void)snprintf(form, sizeof(form), "%s", update_text(letter, FORM));
    update_replace(form, "]", "50 0 R ]");
    (void)snprintf(field, sizeof(field),
                   "<< /FT /Sig /T (palsu) /Type /Annot /Subtype /Widget /Rect [0 0 595 "
                   "842] /AP << /N 51 0 R >> /P 3 0 R /V << /SubFilter "
                   "/adbe.pkcs7.detached /Contents <30> /ByteRange [0 1 %zu 99] >> >>",
                   letter.len);
    const struct update objects[] = {
        {PAGE, page},
        {OVERLAY, field},
        {OVERLAY + 1, "<< /Type /XObject /Subtype /Form /BBox [0 0 9 9] /Length 3 >>\n"
                      "stream\nq Q\nendstream"},
        {FORM, form}};
    replace(update_pdf(letter, objects, listed ? 4 : 3, 1));
}

/* Anybody can make a time-stamp, and with it a revision that something covers. */
Test(verify_vouching, a_time_stamp_does_not_answer_for_what_no_form_lists)
{
    overlay(false);
    replace(store_stamp(letter, &stranger));
    verify();
    cr_assert_eq(count, 2);
    expect_coverage(VERIFY_FAIL);
}

Test(verify_vouching, a_time_stamp_does_not_answer_for_a_signature)
{
    overlay(true);
    replace(store_stamp(letter, &stranger));
    verify();
    cr_assert_eq(count, 3);
    expect_coverage(VERIFY_UNKNOWN);
}

/* Nor does one by an authority that is known: it was asked for a time alone. */
Test(verify_vouching, a_known_authority_does_not_either)
{
    overlay(true);
    replace(store_stamp(letter, &authority));
    verify();
    expect_coverage(VERIFY_UNKNOWN);
}

Test(verify_vouching, a_sound_signature_answers_for_itself_before_a_strangers_stamp)
{
    replace(pdf_signed(letter, maker_lawful(&pki, slice_of(NULL, 0))));
    replace(store_stamp(letter, &stranger));
    verify();
    cr_assert_eq(count, 3);
    expect_coverage(VERIFY_PASS);
}
