/* Levels with statements that have run out since, and whose chain a level asks for. */
#include <stdlib.h>

#include <criterion/criterion.h>
#include <openssl/x509v3.h>

#include "client/verify/verify.h"
#include "tests/unit/cms/support/writable.h"
#include "tests/unit/verify/support/pdf.h"
#include "tests/unit/verify/support/store.h"

enum { SIGNED_S = 1767225600, DAY_S = 86400 };

static struct pki pki;
static struct pki other; /* of another root, which is an anchor where a claim says so */
static X509_STORE *anchors;
static struct authority authority;
static struct authority stranger; /* by the other */
static struct maker maker;
static struct slice letter;
static struct verify_material given;
static struct verify_report reports[4];
static int64_t at_us;

static void begin(void)
{
    pki_make(&pki, PKI_P256);
    pki_make(&other, PKI_P256);
    anchors = pki_store(&pki);
    authority_make(&authority, &pki, SIGNED_S);
    authority_make(&stranger, &other, SIGNED_S);
    maker = maker_lawful(&pki, slice_of(NULL, 0));
    at_us = (SIGNED_S + DAY_S) * INT64_C(1000000);
}

static void end(void)
{
    free(writable(letter));
    verify_material_fini(&given);
    authority_free(&authority);
    authority_free(&stranger);
    X509_STORE_free(anchors);
    pki_free(&pki);
    pki_free(&other);
}

TestSuite(verify_lasting, .init = begin, .fini = end);

static void replace(struct slice by)
{
    free(writable(letter));
    letter = by;
}

static void sign(const struct authority *by)
{
    maker.stamp = by;
    replace(pdf_signed(pdf_page(), maker));
    replace(store_add(letter, &authority, SIGNED_S + 60));
}

static void stamp(struct authority *by, int64_t time_s)
{
    by->time_s = time_s;
    replace(store_stamp(letter, by));
}

static void expect_level(const char *level, enum verify_missing missing)
{
    const struct verify_input terms = {
        .anchors = anchors, .at_us = at_us, .given = &given};
    struct sg_error why = {.text = ""};
    size_t count = 0;

    cr_assert_eq(verify_pdf(letter, &terms, reports, SG_COUNT(reports), &count, &why),
                 SG_OK, "%s", why.text);
    cr_expect_str_eq(reports[0].level, level);
    cr_expect(reports[0].valid);
    cr_expect_eq(reports[0].missing, missing);
}

static void wait_days(int64_t days)
{
    at_us = (SIGNED_S + days * DAY_S) * INT64_C(1000000);
}

/* The lists are good for a week. */
Test(verify_lasting, b_lt_does_not_run_out_with_its_lists)
{
    sign(&authority);
    wait_days(30);
    expect_level("PAdES B-LT", VERIFY_MISSING_ARCHIVE);
}

/* That the token's certificate was good on that day, nobody had said when it was stamped
 * over. */
Test(verify_lasting, a_late_time_stamp_over_old_lists_takes_nothing_and_gives_nothing)
{
    sign(&authority);
    wait_days(30);
    stamp(&authority, SIGNED_S + 20L * DAY_S);
    expect_level("PAdES B-LT", VERIFY_MISSING_ARCHIVE);
}

/* Be it a time-stamp of the document. */
Test(verify_lasting, statements_about_who_proves_the_time_are_asked_for)
{
    cr_assert_eq(X509_STORE_add_cert(anchors, other.root), 1);
    sign(NULL);
    stamp(&stranger, SIGNED_S + 120);
    expect_level("PAdES B-T", VERIFY_MISSING_STATUS);
}

/* It covers what is said of itself. */
Test(verify_lasting, one_time_stamp_of_the_document_proves_the_time_and_is_the_archive)
{
    sign(NULL);
    stamp(&authority, SIGNED_S + 120);
    expect_level("PAdES B-LTA", VERIFY_MISSING_NOTHING);
    wait_days(30);
    expect_level("PAdES B-LTA", VERIFY_MISSING_NOTHING);
}

Test(verify_lasting, statements_about_who_proves_nothing_are_not_asked_for)
{
    sign(&stranger);
    stamp(&authority, SIGNED_S + 120);
    expect_level("PAdES B-LTA", VERIFY_MISSING_NOTHING);
    cr_expect_str_eq(reports[0].authority, "TSA Contoh");
}

/* Whoever trusts that authority, too, gets no less. */
Test(verify_lasting, a_time_stamp_that_nothing_proves_takes_nothing_away)
{
    cr_assert_eq(X509_STORE_add_cert(anchors, other.root), 1);
    sign(&stranger);
    expect_level("PAdES B-T", VERIFY_MISSING_STATUS);
    stamp(&authority, SIGNED_S + 120);
    expect_level("PAdES B-LTA", VERIFY_MISSING_NOTHING);
    cr_expect_eq(reports[0].proven_us, SIGNED_S * INT64_C(1000000));
    sign(NULL);
    stamp(&stranger, SIGNED_S + 120);
    authority.time_s = SIGNED_S + 180;
    replace(store_stamp_again(letter, &authority));
    expect_level("PAdES B-LTA", VERIFY_MISSING_NOTHING);
    cr_expect_eq(reports[0].proven_us, (SIGNED_S + 120) * INT64_C(1000000));
}

/* What came when the signer's certificate had ended proves nothing of him. */
Test(verify_lasting, a_time_stamp_behind_the_signers_end_gives_no_level)
{
    X509 *brief = pki_leaf_new(&pki, pki.leaf_key,
                               &(struct pki_leaf){.common_name = "Segel Kota Contoh",
                                                  .not_after_s = SIGNED_S + 90});

    cr_assert_eq(X509_STORE_add_cert(anchors, other.root), 1);
    maker.certificate = maker.ess = brief;
    sign(&stranger);
    stamp(&authority, SIGNED_S + 120);
    expect_level("PAdES B-T", VERIFY_MISSING_STATUS);
    X509_free(brief);
}

/* --- An authority that is revoked ----------------------------------------------------
 */

/* Of the one that stamped the signature and the letter, half a year later, when another
 * one stamps. */
static struct authority successor;

static void begin_later(void)
{
    begin();
    authority_make(&successor, &pki, SIGNED_S);
    sign(&authority);
    stamp(&authority, SIGNED_S + 120);
    successor.time_s = SIGNED_S + 181L * DAY_S;
    replace(store_stamp_again(letter, &successor));
    wait_days(182);
}

static void end_later(void)
{
    authority_free(&successor);
    end();
}

TestSuite(verify_retired, .init = begin_later, .fini = end_later);

static void revoke(int64_t since_s, int reason)
{
    struct slice der = authority_crl(
        &authority, &(struct authority_list){.this_s = SIGNED_S + 180L * DAY_S,
                                             .revoked = authority.certificate,
                                             .revoked_s = since_s,
                                             .reason = reason});

    verify_material_crl(&given, der);
    OPENSSL_free(writable(der));
}

static void answer_revoked(void)
{
    struct slice der = authority_ocsp(&authority, authority.certificate, true,
                                      SIGNED_S + 180L * DAY_S, NULL, NULL);

    verify_material_ocsp(&given, der);
    OPENSSL_free(writable(der));
}

static enum verify_mark mark_of(const struct verify_report *report, const char *name)
{
    enum verify_mark mark = VERIFY_PASS;

    for (size_t i = 0; i < report->count; i++) {
        mark = strcmp(report->checks[i].name, name) == 0 ? report->checks[i].mark : mark;
    }
    return mark;
}

static void expect_believed(void)
{
    expect_level("PAdES B-LTA", VERIFY_MISSING_NOTHING);
    cr_expect_eq(reports[0].proven_us, SIGNED_S * INT64_C(1000000));
    cr_expect(reports[1].valid && reports[2].valid);
    verify_material_fini(&given);
}

/* The letter is as good as one whose time the successor alone proves. */
static void expect_doubted(void)
{
    expect_level("PAdES B-T", VERIFY_MISSING_STATUS);
    cr_expect_eq(reports[0].proven_us, (SIGNED_S + 181L * DAY_S) * INT64_C(1000000));
    cr_expect_eq(mark_of(&reports[0], "coverage"), VERIFY_PASS);
    cr_expect_eq(mark_of(&reports[0], "time-stamp"), VERIFY_NOTE);
    cr_expect_eq(mark_of(&reports[1], "revocation"), VERIFY_UNKNOWN);
    cr_expect_eq(reports[1].proven_us, 0);
    cr_expect(reports[2].valid);
    verify_material_fini(&given);
}

/* RFC 3161 section 4. */
Test(verify_retired, what_was_stamped_before_an_orderly_end_stays)
{
    expect_believed();
    revoke(SIGNED_S + 150L * DAY_S, CRL_REASON_SUPERSEDED);
    expect_believed();
    revoke(SIGNED_S + 150L * DAY_S, CRL_REASON_AFFILIATION_CHANGED);
    expect_believed();
    revoke(SIGNED_S + 150L * DAY_S, CRL_REASON_CESSATION_OF_OPERATION);
    expect_believed();
    answer_revoked();
    expect_believed();
}

Test(verify_retired, what_was_stamped_after_it_proves_nothing)
{
    revoke(SIGNED_S - DAY_S, CRL_REASON_SUPERSEDED);
    expect_doubted();
}

/* It proves nothing, and makes no sound letter a false one. */
Test(verify_retired, for_another_reason_or_none_all_stamps_are_void)
{
    revoke(SIGNED_S + 150L * DAY_S, 0);
    expect_doubted();
    revoke(SIGNED_S + 150L * DAY_S, CRL_REASON_KEY_COMPROMISE);
    expect_doubted();
    authority.no_reason = true;
    answer_revoked();
    expect_doubted();
    revoke(SIGNED_S + 150L * DAY_S, CRL_REASON_SUPERSEDED);
    answer_revoked();
    expect_doubted();
}

/* Nobody vouches for what came with it, and nobody has to. */
Test(verify_retired, a_void_stamp_that_is_the_last_harms_nothing)
{
    sign(&authority);
    stamp(&authority, SIGNED_S + 120);
    revoke(SIGNED_S + 150L * DAY_S, CRL_REASON_KEY_COMPROMISE);
    expect_level("PAdES B-B", VERIFY_MISSING_TIME_STAMP);
    cr_expect_eq(mark_of(&reports[1], "revocation"), VERIFY_UNKNOWN);
}

/* The reason is that of a time-stamp authority, not of a signer or an issuer. */
static void expect_revoked(const struct authority_list *list, size_t report,
                           enum verify_mark mark)
{
    const struct verify_input terms = {
        .anchors = anchors, .at_us = at_us, .given = &given};
    struct slice der = authority_crl(&authority, list);
    struct sg_error why;
    size_t count = 0;

    verify_material_crl(&given, der);
    OPENSSL_free(writable(der));
    cr_assert_eq(verify_pdf(letter, &terms, reports, SG_COUNT(reports), &count, &why),
                 SG_OK);
    cr_expect_eq(mark_of(&reports[report], "revocation"), mark);
    verify_material_fini(&given);
}

Test(verify_retired, of_a_signer_and_of_an_issuer_no_reason_is_asked_for)
{
    struct authority_list list = {.this_s = SIGNED_S + 60,
                                  .revoked = pki.leaf,
                                  .revoked_s = SIGNED_S - DAY_S,
                                  .reason = CRL_REASON_SUPERSEDED};

    expect_revoked(&list, 0, VERIFY_FAIL);
    list.root = true;
    list.revoked = pki.issuing;
    list.revoked_s = SIGNED_S + DAY_S;
    expect_revoked(&list, 1, VERIFY_UNKNOWN);
}
