/* Which letters are fit for a higher level, by their time-stamps. */
#include "client/commands/extend/check.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/cms/support/writable.h"
#include "tests/unit/verify/support/pdf.h"
#include "tests/unit/verify/support/store.h"

enum { SIGNED_S = 1767225600, CERTIFICATES = 2 };

static struct pki pki;
static struct authority authority;
static struct maker maker;
static struct slice letter;
static struct slice certificates[CERTIFICATES]; /* of the key, and of the authority */
static struct extend_facts facts;
static struct sg_error why;

static struct slice der_of(const X509 *certificate)
{
    uint8_t *der = NULL;
    int len = i2d_X509(certificate, &der);

    cr_assert_gt(len, 0);
    return slice_of(der, (size_t)len);
}

static void begin(void)
{
    pki_make(&pki, PKI_P256);
    authority_make(&authority, &pki, SIGNED_S);
    maker = maker_lawful(&pki, slice_of(NULL, 0));
    maker.stamp = &authority;
    certificates[0] = der_of(pki.leaf);
    certificates[1] = der_of(authority.certificate);
}

static void end(void)
{
    free(writable(letter));
    for (size_t i = 0; i < CERTIFICATES; i++) {
        OPENSSL_free(writable(certificates[i]));
    }
    authority_free(&authority);
    pki_free(&pki);
}

TestSuite(extend_check, .init = begin, .fini = end);

static enum sg_status check(void)
{
    return extend_check(letter, certificates, CERTIFICATES, &facts, &why);
}

static void sign(void)
{
    letter = pdf_signed(pdf_page(), maker);
}

static void stamp_document(void)
{
    struct slice whole = store_stamp(letter, &authority);

    free(writable(letter));
    letter = whole;
}

static void expect_refusal(const char *words)
{
    cr_expect_eq(check(), SG_INVALID);
    cr_expect_not_null(strstr(why.text, words), "%s", why.text);
}

/* --- Of a signature ---------------------------------------------------------------- */

Test(extend_check, a_signature_with_a_sound_time_stamp_is_fit)
{
    sign();
    cr_assert_eq(check(), SG_OK, "%s", why.text);
    cr_expect(facts.by_key && facts.stamped && facts.stamp_known);
    cr_expect_not(facts.document_stamp);
}

Test(extend_check, a_token_that_nobody_signed_is_no_time_stamp)
{
    authority.no_signer = true;
    sign();
    expect_refusal("the signature in field");
}

Test(extend_check, a_token_without_certificates_is_of_nobody_who_is_known)
{
    authority.no_certificates = true;
    sign();
    cr_assert_eq(check(), SG_OK, "%s", why.text);
    cr_expect(facts.stamped);
    cr_expect_not(facts.stamp_known);
}

Test(extend_check, a_token_without_both_is_no_time_stamp)
{
    authority.no_signer = true;
    authority.no_certificates = true;
    sign();
    expect_refusal("the signature in field");
}

/* --- Of the document --------------------------------------------------------------- */

Test(extend_check, a_sound_time_stamp_of_the_document_is_found)
{
    maker.stamp = NULL;
    sign();
    stamp_document();
    cr_assert_eq(check(), SG_OK, "%s", why.text);
    cr_expect(facts.document_stamp && facts.stamped && facts.stamp_known);
}

Test(extend_check, a_token_over_the_document_that_nobody_signed_is_none)
{
    sign();
    authority.no_signer = true;
    stamp_document();
    expect_refusal("the time stamp in field 'cap'");
}
