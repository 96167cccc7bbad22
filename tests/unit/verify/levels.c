/* The levels B-B to B-LTA, and what must not count for one. */
#include <stdio.h>
#include <stdlib.h>

#include <criterion/criterion.h>

#include "client/verify/verify.h"
#include "tests/unit/cms/support/writable.h"
#include "tests/unit/verify/support/pdf.h"
#include "tests/unit/verify/support/store.h"
#include "tests/unit/verify/support/update.h"

enum { SIGNED_S = 1767225600, DAY_S = 86400, LATER_S = 1798761600 + 86400 };

static struct pki pki;
static X509_STORE *anchors;
static struct authority authority;
static struct maker maker;
static struct slice letter;
static struct verify_report reports[4];
static size_t count;
static int64_t at_us;

static void begin(void)
{
    pki_make(&pki, PKI_P256);
    anchors = pki_store(&pki);
    authority_make(&authority, &pki, SIGNED_S);
    maker = maker_lawful(&pki, slice_of(NULL, 0));
    maker.stamp = &authority;
    at_us = (SIGNED_S + DAY_S) * INT64_C(1000000);
}

static void end(void)
{
    free(writable(letter));
    authority_free(&authority);
    X509_STORE_free(anchors);
    pki_free(&pki);
}

TestSuite(verify_levels, .init = begin, .fini = end);

static void replace(struct slice by)
{
    free(writable(letter));
    letter = by;
}

static void verify(void)
{
    const struct verify_input terms = {.anchors = anchors, .at_us = at_us};
    struct sg_error why = {.text = ""};

    cr_assert_eq(verify_pdf(letter, &terms, reports, SG_COUNT(reports), &count, &why),
                 SG_OK, "%s", why.text);
}

static const struct verify_check *check(size_t report, const char *name)
{
    for (size_t i = 0; i < reports[report].count; i++) {
        if (strcmp(reports[report].checks[i].name, name) == 0) {
            return &reports[report].checks[i];
        }
    }
    cr_assert_fail("no check '%s'", name);
    return NULL;
}

static void expect_level(const char *level, bool valid)
{
    verify();
    cr_expect_str_eq(reports[0].level, level);
    cr_expect_eq(reports[0].valid, valid);
    for (size_t i = 0; i < reports[0].count; i++) {
        if ((reports[0].checks[i].mark == VERIFY_FAIL ||
             reports[0].checks[i].mark == VERIFY_UNKNOWN) == valid &&
            valid) {
            cr_log_error("%s: %s", reports[0].checks[i].name, reports[0].checks[i].text);
        }
    }
}

/* Lists of both CAs, made at a time. */
static void add_store(int64_t this_s)
{
    replace(store_add(letter, &authority, this_s));
}

static void add_document_stamp(int64_t time_s)
{
    authority.time_s = time_s;
    replace(store_stamp(letter, &authority));
}

/* --- The levels ------------------------------------------------------------------------
 */

Test(verify_levels, without_a_time_stamp_it_is_b_b)
{
    maker.stamp = NULL;
    replace(pdf_signed(pdf_page(), maker));
    expect_level("PAdES B-B", true);
    cr_expect_eq(reports[0].proven_us, 0);
    cr_expect_eq(check(0, "time-stamp")->mark, VERIFY_NOTE);
    cr_expect_eq(reports[0].missing, VERIFY_MISSING_TIME_STAMP);
}

Test(verify_levels, a_time_stamp_makes_b_t_and_proves_the_time)
{
    replace(pdf_signed(pdf_page(), maker));
    expect_level("PAdES B-T", true);
    cr_expect_eq(reports[0].proven_us, SIGNED_S * INT64_C(1000000));
    cr_expect_str_eq(reports[0].authority, "TSA Contoh");
    cr_expect_eq(check(0, "time-stamp")->mark, VERIFY_PASS);
    cr_expect_eq(reports[0].missing, VERIFY_MISSING_STATUS);
}

Test(verify_levels, statements_about_both_chains_make_b_lt)
{
    replace(pdf_signed(pdf_page(), maker));
    add_store(SIGNED_S + 60);
    expect_level("PAdES B-LT", true);
    cr_expect(reports[0].status_known && reports[0].status_in_file);
    cr_expect_eq(check(0, "revocation")->mark, VERIFY_PASS);
    cr_expect_eq(check(0, "coverage")->mark, VERIFY_PASS, "%s",
                 check(0, "coverage")->text);
    cr_expect_eq(reports[0].missing, VERIFY_MISSING_ARCHIVE);
}

Test(verify_levels, a_time_stamp_of_the_document_makes_b_lta)
{
    replace(pdf_signed(pdf_page(), maker));
    add_store(SIGNED_S + 60);
    add_document_stamp(SIGNED_S + 120);
    expect_level("PAdES B-LTA", true);
    cr_assert_eq(count, 2);
    cr_expect(reports[1].is_time_stamp && reports[1].valid);
    cr_expect_str_eq(reports[1].signer, "TSA Contoh");
    cr_expect_eq(reports[1].proven_us, (SIGNED_S + 120) * INT64_C(1000000));
    cr_expect_eq(reports[0].proven_us, SIGNED_S * INT64_C(1000000));
    cr_expect_eq(reports[0].missing, VERIFY_MISSING_NOTHING);
}

Test(verify_levels, a_time_stamp_before_the_data_is_not_lta)
{
    replace(pdf_signed(pdf_page(), maker));
    add_document_stamp(SIGNED_S + 30);
    add_store(SIGNED_S + 60);
    expect_level("PAdES B-LT", true);
}

Test(verify_levels, a_document_time_stamp_alone_proves_the_time)
{
    maker.stamp = NULL;
    replace(pdf_signed(pdf_page(), maker));
    add_document_stamp(SIGNED_S + 30);
    expect_level("PAdES B-T", true);
    cr_expect_eq(reports[0].proven_us, (SIGNED_S + 30) * INT64_C(1000000));
    cr_expect_str_eq(reports[0].authority, "TSA Contoh");
}

/* --- Time ------------------------------------------------------------------------------
 */

Test(verify_levels, an_expired_certificate_was_good_when_the_time_is_proven)
{
    maker.stamp = NULL;
    replace(pdf_signed(pdf_page(), maker));
    at_us = LATER_S * INT64_C(1000000);
    expect_level("PAdES B-B", false);
    cr_expect_eq(check(0, "chain")->mark, VERIFY_UNKNOWN);
}

/* The authority's own certificate has run out too, unless a later one proves it. */
Test(verify_levels, a_time_stamp_of_an_expired_authority_proves_nothing)
{
    replace(pdf_signed(pdf_page(), maker));
    at_us = LATER_S * INT64_C(1000000);
    expect_level("PAdES B-B", false);
    cr_expect_eq(check(0, "time-stamp")->mark, VERIFY_NOTE);
    cr_expect_eq(reports[0].proven_us, 0);
}

Test(verify_levels, a_later_time_stamp_keeps_the_earlier_ones_alive)
{
    struct authority young = authority;

    young.certificate =
        pki_leaf_new(&pki, authority.key,
                     &(struct pki_leaf){.common_name = "TSA Baru",
                                        .not_after_s = LATER_S + 365L * DAY_S,
                                        .key_usage = "critical,digitalSignature",
                                        .extended_key_usage = "critical,timeStamping"});
    replace(pdf_signed(pdf_page(), maker));
    add_store(SIGNED_S + 60);
    young.time_s = SIGNED_S + 120;
    replace(store_stamp(letter, &young));
    at_us = LATER_S * INT64_C(1000000);
    expect_level("PAdES B-LTA", true);
    cr_expect_eq(reports[0].proven_us, SIGNED_S * INT64_C(1000000));
    X509_free(young.certificate);
}

Test(verify_levels, a_time_stamp_of_tomorrow_proves_nothing)
{
    authority.time_s = SIGNED_S + 2 * DAY_S;
    replace(pdf_signed(pdf_page(), maker));
    expect_level("PAdES B-B", true);
    cr_expect_eq(reports[0].proven_us, 0);
}

/* --- Time-stamps that are none -------------------------------------------------------
 */

Test(verify_levels, a_time_stamp_of_other_bytes_is_false)
{
    maker.stamp_other = true;
    replace(pdf_signed(pdf_page(), maker));
    expect_level("", false);
    cr_expect_eq(check(0, "time-stamp")->mark, VERIFY_FAIL);
}

/* RFC 3161 section 2.3: critical, and nothing but time-stamps. */
Test(verify_levels, a_certificate_for_other_things_too_gives_no_time)
{
    static const char *const usages[] = {"critical,timeStamping,emailProtection",
                                         "timeStamping", "emailProtection", NULL};

    for (size_t i = 0; i < SG_COUNT(usages); i++) {
        authority.other =
            pki_leaf_new(&pki, authority.key,
                         &(struct pki_leaf){.common_name = "TSA Salah",
                                            .key_usage = "critical,digitalSignature",
                                            .extended_key_usage = usages[i]});
        replace(pdf_signed(pdf_page(), maker));
        verify();
        cr_expect_eq(reports[0].proven_us, 0);
        cr_expect_str_neq(reports[0].level, "PAdES B-T");
        cr_expect_neq(check(0, "time-stamp")->mark, VERIFY_PASS);
        X509_free(authority.other);
    }
    authority.other =
        pki_leaf_new(&pki, authority.key,
                     &(struct pki_leaf){.common_name = "TSA Lain",
                                        .key_usage = "critical,digitalSignature",
                                        .extended_key_usage = "critical,timeStamping"});
    replace(pdf_signed(pdf_page(), maker));
    expect_level("PAdES B-T", true);
    X509_free(authority.other);
}

Test(verify_levels, an_authority_that_nobody_knows_proves_nothing)
{
    struct pki other;
    struct authority stranger;

    pki_make(&other, PKI_P256);
    authority_make(&stranger, &other, SIGNED_S);
    maker.stamp = &stranger;
    replace(pdf_signed(pdf_page(), maker));
    expect_level("PAdES B-B", true);
    cr_expect_eq(check(0, "time-stamp")->mark, VERIFY_NOTE);
    cr_expect_eq(reports[0].proven_us, 0);
    authority_free(&stranger);
    pki_free(&other);
}

Test(verify_levels, a_document_time_stamp_by_nobody_known_leaves_the_signature_valid)
{
    struct pki other;
    struct authority stranger;

    pki_make(&other, PKI_P256);
    authority_make(&stranger, &other, SIGNED_S + 30);
    maker.stamp = NULL;
    replace(pdf_signed(pdf_page(), maker));
    replace(store_stamp(letter, &stranger));
    expect_level("PAdES B-B", true);
    cr_expect_eq(reports[0].proven_us, 0);
    cr_expect_not(reports[1].valid);
    cr_expect_eq(check(1, "chain")->mark, VERIFY_UNKNOWN);
    authority_free(&stranger);
    pki_free(&other);
}

/* A document time-stamp over other bytes: no proof, and no cover for what came with it.
 */
Test(verify_levels, a_document_time_stamp_of_other_bytes_is_false)
{
    maker.stamp = NULL;
    replace(pdf_signed(pdf_page(), maker));
    add_document_stamp(SIGNED_S + 30);
    char *bytes = (char *)writable(letter);
    for (size_t i = letter.len - 1; i > 0; i--) {
        if (memcmp(bytes + i, "(cap)", 5) == 0) {
            bytes[i + 1] = 'b';
            break;
        }
    }
    verify();
    cr_expect_eq(reports[0].proven_us, 0);
    cr_expect_eq(check(1, "digest")->mark, VERIFY_FAIL);
    cr_expect_not(reports[0].valid);
    cr_expect_not(reports[1].valid);
}

/* --- Statements that must not count ---------------------------------------------------
 */

Test(verify_levels, a_list_that_had_run_out_before_the_time_is_no_proof)
{
    replace(pdf_signed(pdf_page(), maker));
    add_store(SIGNED_S - 30L * DAY_S);
    expect_level("PAdES B-T", true);
    cr_expect_eq(check(0, "revocation")->mark, VERIFY_NOTE);
}

Test(verify_levels, a_list_of_tomorrow_is_no_proof)
{
    replace(pdf_signed(pdf_page(), maker));
    add_store(SIGNED_S + 2L * DAY_S);
    expect_level("PAdES B-T", true);
}

/* Lists from the command line tell, but the letter does not carry them on. */
Test(verify_levels, given_lists_do_not_raise_the_level)
{
    struct verify_material given = {.crls = NULL};

    for (int root = 0; root < 2; root++) {
        struct slice crl = authority_crl(
            &authority, &(struct authority_list){.this_s = SIGNED_S + 60, .root = root});
        verify_material_crl(&given, crl);
        OPENSSL_free(writable(crl));
    }
    replace(pdf_signed(pdf_page(), maker));
    const struct verify_input terms = {
        .anchors = anchors, .at_us = at_us, .given = &given};
    struct sg_error why;
    cr_assert_eq(verify_pdf(letter, &terms, reports, SG_COUNT(reports), &count, &why),
                 SG_OK);
    cr_expect(reports[0].status_known && !reports[0].status_in_file);
    cr_expect_str_eq(reports[0].level, "PAdES B-T");
    verify_material_fini(&given);
}

/* It is signed by who may only give the time. */
Test(verify_levels, a_false_answer_about_who_proves_the_time_is_told)
{
    struct verify_material given = {.given = true};
    struct slice answer =
        authority_ocsp(&authority, authority.certificate, false, SIGNED_S + 60,
                       authority.certificate, authority.key);
    struct sg_error why;

    verify_material_ocsp(&given, answer);
    OPENSSL_free(writable(answer));
    maker.stamp = NULL;
    replace(pdf_signed(pdf_page(), maker));
    add_document_stamp(SIGNED_S + 30);
    const struct verify_input terms = {
        .anchors = anchors, .at_us = at_us, .given = &given};
    cr_assert_eq(verify_pdf(letter, &terms, reports, SG_COUNT(reports), &count, &why),
                 SG_OK);
    cr_expect_eq(check(0, "statements")->mark, VERIFY_UNKNOWN);
    cr_expect_not(reports[0].valid);
    verify_material_fini(&given);
}

/* Whoever reads Indonesian is told as much, and programs see English in any case. */
Test(verify_levels, what_is_missing_is_said_in_both_languages)
{
    for (int i = VERIFY_MISSING_SOUND; i <= VERIFY_MISSING_CADES; i++) {
        enum verify_missing missing = (enum verify_missing)i;
        cr_expect_neq(verify_missing_text(missing, true)[0], '\0');
        cr_expect_str_neq(verify_missing_text(missing, true),
                          verify_missing_text(missing, false));
    }
    cr_expect_str_eq(verify_missing_text(VERIFY_MISSING_NOTHING, true), "");
}
