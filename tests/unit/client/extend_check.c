/* Which letters are fit for a higher level, by their time-stamps. */
#include "client/commands/extend/check.h"

#include <criterion/criterion.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

#include "client/commands/extend/loss.h"
#include "client/pdf/pdf.h"
#include "tests/unit/cms/support/writable.h"
#include "tests/unit/verify/support/pdf.h"
#include "tests/unit/verify/support/store.h"

enum { SIGNED_S = 1767225600, DAY_S = 86400, CERTIFICATES = 4 };

static struct pki pki;
static struct authority authority;
static struct maker maker;
static struct slice letter;
static struct slice certificates[CERTIFICATES]; /* of the key, the authority, both CAs */
static struct slice statement; /* the one that is added; empty = none is */
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
    certificates[2] = der_of(pki.issuing);
    certificates[3] = der_of(pki.root);
}

static void end(void)
{
    free(writable(letter));
    OPENSSL_free(writable(statement));
    for (size_t i = 0; i < CERTIFICATES; i++) {
        OPENSSL_free(writable(certificates[i]));
    }
    authority_free(&authority);
    pki_free(&pki);
}

TestSuite(extend_check, .init = begin, .fini = end);

static bool is_list = true;

static struct pdf_dss added(void)
{
    size_t count = statement.len > 0 ? 1 : 0;
    struct pdf_dss dss = {.parts = {{certificates, CERTIFICATES}}};

    dss.parts[is_list ? PDF_DSS_CRLS : PDF_DSS_OCSPS] =
        (struct pdf_dss_part){&statement, count};
    return dss;
}

static enum sg_status check(void)
{
    const struct pdf_dss dss = added();

    return extend_check(letter, &dss, &facts, &why);
}

static void sign(void)
{
    letter = pdf_signed(pdf_page(), maker);
}

static void stamp_document_by(const struct authority *by)
{
    struct slice whole = store_stamp(letter, by);

    free(writable(letter));
    letter = whole;
}

static void stamp_document(void)
{
    stamp_document_by(&authority);
}

/* As an earlier extension left it: certificates, and the word of their issuer. */
static void add_store(const struct authority *of, bool with_word)
{
    const struct slice certs[] = {der_of(of->certificate), der_of(pki.issuing)};
    const struct slice word =
        authority_crl(of, &(struct authority_list){.this_s = SIGNED_S});
    const struct pdf_dss dss = {{{certs, 2}, {&word, with_word ? 1 : 0}, {NULL, 0}}, 0};
    const struct pdf_wish wish = {
        .adds = PDF_ADDS_STORE, .hash = SG_HASH_SHA256, .dss = &dss};
    enum pdf_refusal refusal = PDF_ACCEPTED;
    struct pdf_job *job = NULL;
    struct slice more;

    cr_assert_eq(pdf_prepare(letter, &wish, &job, &refusal, &why), SG_OK, "%s", why.text);
    cr_assert_eq(pdf_embed(job, slice_of(NULL, 0), &more), SG_OK);
    uint8_t *whole = malloc(letter.len + more.len);
    cr_assert_not_null(whole);
    memcpy(whole, letter.data, letter.len);
    memcpy(whole + letter.len, more.data, more.len);
    free(writable(letter));
    letter = slice_of(whole, letter.len + more.len);
    pdf_job_free(job);
    OPENSSL_free(writable(certs[0]));
    OPENSSL_free(writable(certs[1]));
    OPENSSL_free(writable(word));
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
    cr_expect(facts.stamped && facts.stamp_known);
}

Test(extend_check, a_token_over_the_document_that_nobody_signed_is_none)
{
    sign();
    authority.no_signer = true;
    stamp_document();
    expect_refusal("the time stamp in field 'cap'");
}

/* --- Of an authority that the gateway does not know ----------------------------------
 */

/* `authority` is the one of now; this one was it when the letter was extended. */
static struct authority former;

static void begin_later(void)
{
    begin();
    authority_make(&former, &pki, SIGNED_S);
    sign();
}

static void end_later(void)
{
    authority_free(&former);
    end();
}

TestSuite(extend_former, .init = begin_later, .fini = end_later, .timeout = 60);

static void stamp_by_former(void)
{
    stamp_document_by(&former);
}

static bool is_known(void)
{
    cr_assert_eq(check(), SG_OK, "%s", why.text);
    cr_expect(facts.stamped);
    return facts.stamp_known;
}

Test(extend_former, a_stamp_over_the_letter_that_nothing_proves_is_not_known)
{
    stamp_by_former();
    cr_expect_not(is_known());
}

Test(extend_former, one_that_the_letters_store_proves_is_known)
{
    add_store(&former, true);
    stamp_by_former();
    cr_expect(is_known());
}

Test(extend_former, a_certificate_without_its_issuers_word_proves_nothing)
{
    add_store(&former, false);
    stamp_by_former();
    cr_expect_not(is_known());
}

Test(extend_former, the_word_about_another_certificate_proves_nothing)
{
    add_store(&authority, true);
    stamp_by_former();
    cr_expect_not(is_known());
}

/* --- Of one that is revoked by now ---------------------------------------------------
 */

static void add_list(const X509 *revoked, int reason)
{
    OPENSSL_free(writable(statement));
    statement = authority_crl(&authority,
                              &(struct authority_list){.this_s = SIGNED_S + 10L * DAY_S,
                                                       .revoked = revoked,
                                                       .revoked_s = SIGNED_S + 5L * DAY_S,
                                                       .reason = reason});
    is_list = true;
}

static void add_answer(bool revoked)
{
    OPENSSL_free(writable(statement));
    statement = authority_ocsp(&authority, authority.certificate, revoked,
                               SIGNED_S + 10L * DAY_S, NULL, NULL);
    is_list = false;
}

static bool is_doubted(void)
{
    cr_assert_eq(check(), SG_OK, "%s", why.text);
    return facts.doubted;
}

static bool loses(void)
{
    const struct pdf_dss dss = added();

    return extend_loses(letter, &dss, (SIGNED_S + 11L * DAY_S) * INT64_C(1000000));
}

TestSuite(extend_loss, .init = begin, .fini = end, .timeout = 60);

Test(extend_loss, whom_what_is_added_revokes_is_doubted)
{
    sign();
    cr_expect_not(is_doubted());
    add_list(NULL, 0);
    cr_expect_not(is_doubted());
    add_list(authority.certificate, 0);
    cr_expect(is_doubted());
    add_answer(false);
    cr_expect_not(is_doubted());
    add_answer(true);
    cr_expect(is_doubted());
    maker.stamp = NULL;
    free(writable(letter));
    sign();
    add_list(authority.certificate, 0);
    cr_expect_not(is_doubted());
    stamp_document();
    cr_expect(is_doubted());
}

Test(extend_loss, a_list_that_takes_the_proof_of_time_is_a_loss)
{
    sign();
    add_list(NULL, 0);
    cr_expect_not(loses());
    add_list(authority.certificate, CRL_REASON_SUPERSEDED);
    cr_expect_not(loses());
    add_list(authority.certificate, 0);
    cr_expect(loses());
    add_list(authority.certificate, CRL_REASON_CERTIFICATE_HOLD);
    cr_expect(loses());
}

/* The key that extends has a sound one. */
Test(extend_loss, a_loss_to_another_signature_is_seen, .timeout = 60)
{
    struct authority successor;
    X509 *other = pki_leaf_new(&pki, pki.leaf_key,
                               &(struct pki_leaf){.common_name = "Kunci lain (TEST)"});

    authority_make(&successor, &pki, SIGNED_S);
    maker.certificate = maker.ess = other;
    sign();
    maker.certificate = maker.ess = pki.leaf;
    maker.stamp = &successor;
    struct slice twice = pdf_signed(letter, maker);
    free(writable(letter));
    letter = twice;
    cr_expect_not(is_doubted());
    add_list(authority.certificate, 0);
    cr_expect(is_doubted());
    cr_expect(facts.by_key);
    cr_expect(loses());
    authority_free(&successor);
    X509_free(other);
}

/* Its issuer is known from what is added. */
Test(extend_loss, a_loss_is_seen_where_tokens_bring_no_issuers)
{
    authority.alone = true;
    sign();
    add_list(authority.certificate, CRL_REASON_SUPERSEDED);
    cr_expect_not(loses());
    add_list(authority.certificate, 0);
    cr_expect(loses());
}

/* Then the letter has another proof. */
Test(extend_loss, behind_another_time_stamp_it_is_none)
{
    struct authority successor;

    authority_make(&successor, &pki, SIGNED_S + 8L * DAY_S);
    sign();
    stamp_document_by(&successor);
    add_list(authority.certificate, 0);
    cr_expect_not(loses());
    authority_free(&successor);
}

/* That one came too late for a certificate that had ended. */
Test(extend_loss, of_a_signer_that_has_expired_it_is_one)
{
    struct authority successor;
    X509 *brief = pki_leaf_new(&pki, pki.leaf_key,
                               &(struct pki_leaf){.common_name = "Segel Kota Contoh",
                                                  .not_after_s = SIGNED_S + 7L * DAY_S});

    authority_make(&successor, &pki, SIGNED_S + 8L * DAY_S);
    maker.certificate = maker.ess = brief;
    sign();
    stamp_document_by(&successor);
    add_list(authority.certificate, CRL_REASON_SUPERSEDED);
    cr_expect_not(loses());
    add_list(authority.certificate, 0);
    cr_expect(loses());
    authority_free(&successor);
    X509_free(brief);
}
