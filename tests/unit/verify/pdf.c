/* Signatures inside a PDF: what they cover, and what was done to the file afterwards. */
#include <stdlib.h>

#include <criterion/criterion.h>

#include "client/verify/verify.h"
#include "tests/unit/cms/support/writable.h"
#include "tests/unit/verify/support/pdf.h"
#include "tests/unit/verify/support/update.h"

static const int64_t in_2026_us = 1767225600000000;
static struct pki pki;
static X509_STORE *anchors;
static struct maker maker;
static struct slice letter;
static struct verify_report reports[4];
static size_t count;
static struct sg_error why;

static void begin(void)
{
    pki_make(&pki, PKI_P256);
    anchors = pki_store(&pki);
    maker = maker_lawful(&pki, slice_of(NULL, 0));
    letter = pdf_signed(pdf_page(), maker);
}

static void end(void)
{
    free(writable(letter));
    X509_STORE_free(anchors);
    pki_free(&pki);
}

TestSuite(verify_pdf, .init = begin, .fini = end);

static enum sg_status verify(struct slice pdf)
{
    const struct verify_input terms = {.anchors = anchors, .at_us = in_2026_us};

    return verify_pdf(pdf, &terms, reports, SG_COUNT(reports), &count, &why);
}

static const struct verify_check *check(const struct verify_report *report,
                                        const char *name)
{
    for (size_t i = 0; i < report->count; i++) {
        if (strcmp(report->checks[i].name, name) == 0) {
            return &report->checks[i];
        }
    }
    cr_assert_fail("no check '%s'", name);
    return NULL;
}

/* Where a text stands in the letter, to be written over. */
static char *place_of(const char *text)
{
    for (size_t i = 0; i + strlen(text) <= letter.len; i++) {
        if (memcmp(letter.data + i, text, strlen(text)) == 0) {
            return (char *)writable(letter) + i;
        }
    }
    cr_assert_fail("the letter has no '%s'", text);
    return NULL;
}

/* Takes the place of the lawful letter; frees what was there. */
static void replace(struct slice by)
{
    free(writable(letter));
    letter = by;
}

Test(verify_pdf, a_signed_letter_passes_every_check_in_order)
{
    static const char *const order[] = {"structure",   "digest",   "signature",
                                        "certificate", "chain",    "revocation",
                                        "time-stamp",  "coverage", "profile"};

    cr_assert_eq(verify(letter), SG_OK, "%s", why.text);
    cr_assert_eq(count, 1);
    cr_assert_eq(reports[0].count, SG_COUNT(order));
    for (size_t i = 0; i < SG_COUNT(order); i++) {
        cr_expect_str_eq(reports[0].checks[i].name, order[i]);
        cr_expect_eq(reports[0].checks[i].mark,
                     i == 5 || i == 6 ? VERIFY_NOTE : VERIFY_PASS, "%s",
                     reports[0].checks[i].text);
    }
    cr_expect(reports[0].valid);
    cr_expect_str_eq(reports[0].level, "PAdES B-B");
    cr_expect_eq(reports[0].signing_time_us, in_2026_us);
}

Test(verify_pdf, a_changed_byte_of_the_page_fails_the_digest)
{
    *place_of("842") = '9';
    cr_assert_eq(verify(letter), SG_OK);
    cr_expect_eq(check(&reports[0], "digest")->mark, VERIFY_FAIL);
    cr_expect_eq(check(&reports[0], "signature")->mark, VERIFY_PASS);
    cr_expect_not(reports[0].valid);
}

Test(verify_pdf, bytes_that_are_no_revision_fail_the_coverage)
{
    replace(pdf_longer(letter, "% appended\n"));
    cr_assert_eq(verify(letter), SG_OK, "%s", why.text);
    cr_expect_eq(check(&reports[0], "coverage")->mark, VERIFY_FAIL);
    cr_expect_neq(strstr(check(&reports[0], "coverage")->text, "no revision"), NULL, "%s",
                  check(&reports[0], "coverage")->text);
    cr_expect_eq(check(&reports[0], "digest")->mark, VERIFY_PASS);
    cr_expect_not(reports[0].valid);
}

Test(verify_pdf, a_second_signature_covers_the_first)
{
    replace(pdf_signed(letter, maker));
    cr_assert_eq(verify(letter), SG_OK, "%s", why.text);
    cr_assert_eq(count, 2);
    cr_expect(reports[0].valid);
    cr_expect(reports[1].valid);
    cr_expect_neq(
        strstr(check(&reports[0], "coverage")->text, "another signature was added"), NULL,
        "%s", check(&reports[0], "coverage")->text);
    cr_expect_neq(strstr(check(&reports[1], "coverage")->text, "whole file"), NULL);
}

Test(verify_pdf, a_second_signature_in_a_widget_of_its_own_covers_the_first)
{
    static const char *const objects[] = {
        "<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields [4 0 R] >> >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << >> "
        "/Annots [5 0 R] >>",
        "<< /FT /Sig /T (kepala) /Kids [5 0 R] >>",
        "<< /Parent 4 0 R /Type /Annot /Subtype /Widget /Rect [20 20 220 80] /P 3 0 R "
        "/F 4 >>"};
    struct slice empty = update_build(objects, SG_COUNT(objects));
    struct slice first = pdf_signed(empty, maker);

    replace(pdf_signed_in(first, "kepala", maker));
    free(writable(empty));
    free(writable(first));
    cr_assert_eq(verify(letter), SG_OK, "%s", why.text);
    cr_assert_eq(count, 2);
    cr_expect(reports[0].valid);
    cr_expect(reports[1].valid);
    const char *text = check(&reports[0], "coverage")->text;
    cr_expect_neq(strstr(text, "another signature was added (kepala)."), NULL, "%s",
                  text);
}

/* Otherwise anybody could append pages and a signature of his own making. */
Test(verify_pdf, a_second_signature_that_fails_covers_nothing)
{
    struct maker stranger = maker;
    EVP_PKEY *other = pki_key_new(PKI_P256);

    stranger.key = other;
    replace(pdf_signed(letter, stranger));
    cr_assert_eq(verify(letter), SG_OK);
    cr_expect_eq(check(&reports[1], "signature")->mark, VERIFY_FAIL);
    cr_expect_eq(check(&reports[0], "coverage")->mark, VERIFY_UNKNOWN);
    cr_expect_not(reports[0].valid);
    EVP_PKEY_free(other);
}

Test(verify_pdf, a_second_signature_of_another_profile_covers_the_first)
{
    struct maker timed = maker;

    timed.time_s = 1767225600;
    replace(pdf_signed(letter, timed));
    cr_assert_eq(verify(letter), SG_OK);
    cr_expect_eq(check(&reports[1], "profile")->mark, VERIFY_NOTE);
    cr_expect(reports[1].valid);
    cr_expect_str_eq(reports[1].level, "");
    cr_expect(reports[0].valid);
}

Test(verify_pdf, a_signature_in_the_place_of_a_time_stamp_is_none)
{
    memcpy(place_of("ETSI.CAdES.detached"), "ETSI.RFC3161       ", 19);
    cr_assert_eq(verify(letter), SG_OK, "%s", why.text);
    cr_expect(reports[0].is_time_stamp);
    cr_expect_eq(check(&reports[0], "structure")->mark, VERIFY_FAIL);
    cr_expect_eq(reports[0].proven_us, 0);
    cr_expect_not(reports[0].valid);
}

Test(verify_pdf, more_signatures_than_asked_for_are_counted)
{
    replace(pdf_signed(letter, maker));
    const struct verify_input terms = {.anchors = anchors, .at_us = in_2026_us};
    cr_assert_eq(verify_pdf(letter, &terms, reports, 1, &count, &why), SG_OK);
    cr_expect_eq(count, 2);
    cr_expect(reports[0].valid);
}

Test(verify_pdf, byte_ranges_that_leave_a_gap_fail_the_coverage)
{
    /* The second range begins one byte later: the gap is no longer the Contents alone. */
    char *range = place_of("/ByteRange");
    char *end = range;
    unsigned long numbers[4];
    char text[64];

    for (size_t i = 0; i < SG_COUNT(numbers); i++) {
        numbers[i] = strtoul(end + (i == 0 ? strlen("/ByteRange [") : 0), &end, 10);
    }
    int written = snprintf(text, sizeof(text), "/ByteRange [0 %lu %lu %lu", numbers[1],
                           numbers[2] + 1, numbers[3] - 1);
    memcpy(range, text, (size_t)written);
    cr_assert_eq(verify(letter), SG_OK, "%s", why.text);
    cr_expect_eq(check(&reports[0], "coverage")->mark, VERIFY_FAIL);
    cr_expect_not(reports[0].valid);
}

Test(verify_pdf, another_subfilter_is_not_pades)
{
    memcpy(place_of("ETSI.CAdES.detached"), "adbe.pkcs7.detached", 19);
    cr_assert_eq(verify(letter), SG_OK, "%s", why.text);
    cr_expect_eq(check(&reports[0], "profile")->mark, VERIFY_NOTE);
    cr_expect_neq(strstr(check(&reports[0], "profile")->text, "SubFilter"), NULL);
    cr_expect_str_eq(reports[0].level, "");
}

/* The signature as programs write it that do not know its length beforehand: the three
 * outermost values are open, and end with two zero bytes each. Then one byte more. */
static void open_lengths(char last)
{
    static const char heads[] = "a0803080";
    static const char ends[] = "000000000000";
    /* In digits: a head of four bytes, the type, two heads, the rest. */
    const size_t head = 8;
    const size_t type = 22;
    char *cms = place_of("/Contents <3082") + strlen("/Contents <");
    char *body = cms + head + type + head + head;
    char *to = cms + strlen("3080") + type + strlen(heads);
    size_t len =
        head + 2 * strtoul((char[]){cms[4], cms[5], cms[6], cms[7], 0}, NULL, 16);

    memcpy(cms, "3080", strlen("3080"));
    memmove(cms + strlen("3080"), cms + head, type);
    memcpy(to - strlen(heads), heads, strlen(heads));
    memmove(to, body, len - (size_t)(body - cms));
    memcpy(cms + len - strlen(ends), ends, strlen(ends));
    cms[len] = last;
}

Test(verify_pdf, a_signature_of_indefinite_length_is_read_up_to_its_end)
{
    open_lengths('0');
    replace(pdf_signed(letter, maker));
    open_lengths('0');
    cr_assert_eq(verify(letter), SG_OK, "%s", why.text);
    cr_assert_eq(count, 2);
    for (size_t i = 0; i < count; i++) {
        cr_expect(reports[i].valid);
        cr_expect_eq(check(&reports[i], "profile")->mark, VERIFY_NOTE);
        cr_expect_neq(strstr(check(&reports[i], "profile")->text, "DER"), NULL);
        cr_expect_str_eq(reports[i].level, "");
    }
}

Test(verify_pdf, what_follows_a_signature_of_indefinite_length_is_not_signed)
{
    open_lengths('1');
    cr_assert_eq(verify(letter), SG_OK, "%s", why.text);
    cr_expect_eq(check(&reports[0], "structure")->mark, VERIFY_PASS);
    cr_expect_eq(check(&reports[0], "coverage")->mark, VERIFY_FAIL);
    cr_expect_not(reports[0].valid);
}

Test(verify_pdf, a_pdf_without_signature_is_not_found)
{
    cr_expect_eq(verify(pdf_page()), SG_NOT_FOUND);
    cr_expect_neq(strstr(why.text, "no signature"), NULL);
    cr_expect_eq(count, 0);
}

Test(verify_pdf, what_is_no_pdf_is_refused_with_a_sentence)
{
    cr_expect_eq(verify(slice_str("Not a PDF at all")), SG_INVALID);
    cr_expect_gt(strlen(why.text), 0);
}
