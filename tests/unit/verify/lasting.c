/* Levels with statements that have run out since, and whose chain a level asks for. */
#include <stdlib.h>

#include <criterion/criterion.h>

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
    const struct verify_input terms = {.anchors = anchors, .at_us = at_us};
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
