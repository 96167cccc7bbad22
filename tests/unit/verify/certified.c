/* A form that its author certified is filled in after the city signed it: he permits it
 * only where his signature is true, and known to whoever checks. */
#define _GNU_SOURCE /* NOLINT: the name is the C library's */
#include <stdio.h>
#include <stdlib.h>

#include <criterion/criterion.h>
#include <openssl/crypto.h>

#include "client/pdf/pdf.h"
#include "client/verify/verify.h"
#include "tests/unit/cms/support/writable.h"
#include "tests/unit/verify/support/certified.h"
#include "tests/unit/verify/support/pdf.h"
#include "tests/unit/verify/support/store.h"
#include "tests/unit/verify/support/update.h"

enum { SIGNED_S = 1767225600, TEXT_MAX = 1024 };

static struct pki pki;
static struct pki other;
static X509_STORE *anchors;
static struct authority authority;
static struct slice letter;
static struct verify_report reports[4];
static size_t count;

static void begin(void)
{
    pki_make(&pki, PKI_P256);
    pki_make(&other, PKI_P256);
    anchors = pki_store(&pki);
    authority_make(&authority, &pki, SIGNED_S + 30);
}

static void end(void)
{
    free(writable(letter));
    authority_free(&authority);
    X509_STORE_free(anchors);
    pki_free(&pki);
    pki_free(&other);
}

TestSuite(verify_certified, .init = begin, .fini = end);

static struct maker maker_of(const struct pki *whose)
{
    return maker_lawful(whose, slice_of(NULL, 0));
}

static void replace(struct slice by)
{
    free(writable(letter));
    letter = by;
}

/* By the city, in the field that the author left for it. */
static void seal(void)
{
    replace(pdf_signed_in(letter, "ttd", maker_of(&pki)));
}

static void judge(X509_STORE *trusted)
{
    const struct verify_input terms = {.anchors = trusted,
                                       .at_us = (SIGNED_S + 86400) * INT64_C(1000000)};
    struct sg_error why = {.text = ""};

    cr_assert_eq(verify_pdf(letter, &terms, reports, SG_COUNT(reports), &count, &why),
                 SG_OK, "%s", why.text);
}

/* The city seals what stands there, the field is filled in, and both are judged. */
static void seal_fill_and_judge(struct slice certified)
{
    replace(certified);
    seal();
    replace(certified_filled(letter));
    judge(anchors);
}

static void expect_coverage(size_t at, enum verify_mark mark, const char *words)
{
    for (size_t i = 0; i < reports[at].count; i++) {
        const struct verify_check *check = &reports[at].checks[i];
        if (strcmp(check->name, "coverage") == 0) {
            cr_expect_eq(check->mark, mark, "%s", check->text);
            cr_expect_neq(strstr(check->text, words), NULL, "%s", check->text);
        }
    }
    cr_expect_eq(reports[at].valid, mark == VERIFY_PASS);
}

Test(verify_certified, a_form_may_be_filled_in_as_its_author_permits)
{
    seal_fill_and_judge(certified_letter(maker_of(&pki)));
    cr_assert_eq(count, 2);
    cr_expect_str_eq(reports[0].field, "penyusun");
    expect_coverage(0, VERIFY_PASS, "another signature was added (ttd)");
    expect_coverage(1, VERIFY_PASS, "the form field nama was filled in");
    cr_expect(reports[1].added);
}

/* Filled in and signed in one step, then kept for long: as viewers and archives do it. */
Test(verify_certified, a_form_may_be_filled_in_signed_and_archived)
{
    replace(certified_letter(maker_of(&pki)));
    replace(certified_filled(letter));
    seal();
    replace(store_add(letter, &authority, SIGNED_S));
    judge(anchors);
    cr_assert_eq(count, 2);
    expect_coverage(0, VERIFY_PASS, "the form field nama was filled in");
    expect_coverage(1, VERIFY_PASS, "DSS");
}

/* As `segel extend` does it: the token over all but the place for it. */
static void stamp(void)
{
    const struct pdf_wish wish = {
        .adds = PDF_ADDS_STAMP, .hash = SG_HASH_SHA256, .reserve = 8192};
    struct pdf_job *job = NULL;
    enum pdf_refusal refusal = PDF_ACCEPTED;
    struct sg_error why = {.text = ""};
    struct slice added;

    cr_assert_eq(pdf_prepare(letter, &wish, &job, &refusal, &why), SG_OK, "%s", why.text);
    cr_assert_eq(pdf_embed(job, slice_of(NULL, 0), &added), SG_OK);
    uint8_t *whole = malloc(letter.len + added.len);
    cr_assert_not_null(whole);
    memcpy(whole, letter.data, letter.len);
    memcpy(whole + letter.len, added.data, added.len);
    const uint8_t *place = memmem(added.data, added.len, "/Contents <", 11);
    cr_assert_not_null(place);
    size_t open = letter.len + (size_t)(place - added.data) + 10;
    size_t close = open + 2 * wish.reserve + 2;
    size_t len = letter.len + added.len;
    struct slice token = authority_token(&authority, slice_of(whole, open),
                                         slice_of(whole + close, len - close));
    cr_assert_eq(pdf_embed(job, token, &added), SG_OK);
    memcpy(whole + letter.len, added.data, added.len);
    OPENSSL_free(writable(token));
    pdf_job_free(job);
    replace(slice_of(whole, len));
}

/* The author allowed no new field, and meant no time stamp by that. */
Test(verify_certified, a_letter_is_as_good_when_it_was_archived)
{
    replace(certified_letter(maker_of(&pki)));
    seal();
    stamp();
    judge(anchors);
    cr_assert_eq(count, 3);
    expect_coverage(0, VERIFY_PASS, "a time-stamp of the document was added");
    expect_coverage(1, VERIFY_PASS, "a time-stamp of the document was added");
    cr_expect(reports[2].is_time_stamp && reports[2].valid);
}

/* The author of the letter writes the certification into it himself, and exchanges what
 * the letter shows when the city has sealed it. */
Test(verify_certified, a_certification_that_nobody_signed_permits_nothing)
{
    seal_fill_and_judge(certified_by_nobody());
    cr_assert_eq(count, 1);
    expect_coverage(0, VERIFY_FAIL, "the form field nama was changed");
    cr_expect_eq(reports[0].changes.at[0].kind, PDF_CHANGE_FIELD);
}

Test(verify_certified, a_certification_that_is_false_permits_nothing)
{
    struct maker maker = maker_of(&pki);

    maker.key = other.leaf_key;
    seal_fill_and_judge(certified_letter(maker));
    cr_assert_eq(count, 2);
    cr_expect_not(reports[0].valid);
    expect_coverage(1, VERIFY_FAIL, "the form field nama was changed");
    cr_expect_eq(reports[1].changes.at[0].kind, PDF_CHANGE_FIELD);
}

/* Nothing is false, and nobody here knows who he is. */
Test(verify_certified, a_certification_by_a_stranger_leaves_it_open)
{
    seal_fill_and_judge(certified_letter(maker_of(&other)));
    cr_assert_eq(count, 2);
    cr_expect_not(reports[0].valid);
    expect_coverage(1, VERIFY_UNKNOWN, "could not be confirmed");
    cr_expect_not(reports[1].changes.forbidden);
    /* Where no issuer is known, his is not asked for either. */
    judge(NULL);
    cr_expect(reports[1].added);
}

/* Anybody can have one made. */
Test(verify_certified, a_time_stamp_permits_nothing)
{
    seal_fill_and_judge(certified_by_stamp(&authority));
    cr_assert_eq(count, 2);
    cr_expect(reports[0].is_time_stamp);
    expect_coverage(1, VERIFY_FAIL, "the form field nama was changed");
}

/* What the author certified is not what the city got. */
Test(verify_certified, a_letter_that_was_altered_is_not_the_certified_one)
{
    char page[TEXT_MAX];

    replace(certified_letter(maker_of(&pki)));
    (void)snprintf(page, sizeof(page), "%s", update_text(letter, CERTIFIED_PAGE));
    update_replace(page, "842", "999");
    seal_fill_and_judge(update_pdf(letter, &(struct update){CERTIFIED_PAGE, page}, 1, 1));
    cr_assert_eq(count, 2);
    expect_coverage(1, VERIFY_FAIL, "the form field nama was changed");
}

/* The true signature once more, in a field that the author adds, with leave to fill in.
 */
Test(verify_certified, a_copy_of_a_signature_permits_nothing)
{
    static char value[32768];
    const char *const reference = "/Reference [<< /TransformMethod /DocMDP "
                                  "/TransformParams << /P 2 >> >>]";
    struct slice certified = certified_letter(maker_of(&pki));

    (void)snprintf(value, sizeof(value), "%s", update_text(certified, CERTIFIED_VALUE));
    update_replace(value, reference, "/Reference [<< /TransformMethod /DocMDP >>]");
    const struct update objects[] = {
        {1, "<< /Type /Catalog /Pages 2 0 R /AcroForm 4 0 R /Perms << /DocMDP 31 0 R >> "
            ">>"},
        {CERTIFIED_FORM, "<< /Fields [5 0 R 6 0 R 7 0 R 32 0 R] /SigFlags 3 >>"},
        {31, value},
        {32, "<< /FT /Sig /T (salinan) /V 31 0 R >>"}};
    seal_fill_and_judge(update_pdf(certified, objects, SG_COUNT(objects), 1));
    cr_assert_eq(count, 3);
    expect_coverage(2, VERIFY_FAIL, "the form field nama was changed");
    free(writable(certified));
}
