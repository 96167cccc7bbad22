#include "gateway/status/evidence.h"

#include <criterion/criterion.h>
#include <openssl/ocsp.h>
#include <openssl/x509v3.h>
#include <stdlib.h>

/* A CRL made here, and every way to cut or turn it. */

enum { DAY_S = 86400 };
static const int64_t now_us = INT64_C(1777683600000000);
static EVP_PKEY *key;
static struct status_link link;

static void sign_certificate(X509 *certificate, long serial, const char *name)
{
    X509_NAME *subject = X509_get_subject_name(certificate);
    X509V3_CTX context;

    cr_assert(X509_set_version(certificate, 2) == 1 &&
              ASN1_INTEGER_set(X509_get_serialNumber(certificate), serial) == 1);
    cr_assert_eq(X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
                                            (const unsigned char *)name, -1, -1, 0),
                 1);
    cr_assert_not_null(ASN1_TIME_set(X509_getm_notBefore(certificate),
                                     (time_t)(now_us / 1000000 - DAY_S)));
    cr_assert_not_null(ASN1_TIME_set(X509_getm_notAfter(certificate),
                                     (time_t)(now_us / 1000000 + DAY_S)));
    cr_assert_eq(X509_set_pubkey(certificate, key), 1);
    X509V3_set_ctx(&context, certificate, certificate, NULL, NULL, 0);
    if (serial == 1) {
        X509_EXTENSION *ca = X509V3_EXT_conf_nid(NULL, &context, NID_basic_constraints,
                                                 "critical,CA:TRUE");
        cr_assert_eq(X509_add_ext(certificate, ca, -1), 1);
        X509_EXTENSION_free(ca);
    }
    cr_assert_gt(X509_sign(certificate, key, EVP_sha256()), 0);
}

static void make_with(EVP_PKEY *with)
{
    key = with;
    link.issuer = X509_new();
    link.subject = X509_new();
    link.anchors = X509_STORE_new();
    link.untrusted = sk_X509_new_null();
    cr_assert(key != NULL && link.issuer != NULL && link.subject != NULL &&
              link.anchors != NULL && link.untrusted != NULL);
    const char issuer[] = "root";
    X509_NAME *name = X509_get_issuer_name(link.issuer);
    (void)X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                                     (const unsigned char *)issuer, -1, -1, 0);
    sign_certificate(link.issuer, 1, issuer);
    cr_assert_eq(X509_set_issuer_name(link.subject, X509_get_subject_name(link.issuer)),
                 1);
    sign_certificate(link.subject, 77, "seal");
    cr_assert_eq(X509_STORE_add_cert(link.anchors, link.issuer), 1);
}

static void make(void)
{
    make_with(EVP_EC_gen("P-256"));
}

static void make_rsa(void)
{
    make_with(EVP_RSA_gen(2048));
}

static void release(void)
{
    X509_free(link.issuer);
    X509_free(link.subject);
    X509_STORE_free(link.anchors);
    sk_X509_free(link.untrusted);
    EVP_PKEY_free(key);
}

TestSuite(evidence, .init = make, .fini = release);
TestSuite(pss, .init = make_rsa, .fini = release);

static void add_entry(X509_CRL *crl, long serial, int reason)
{
    X509_REVOKED *entry = X509_REVOKED_new();
    ASN1_INTEGER *number = ASN1_INTEGER_new();
    ASN1_TIME *date = ASN1_TIME_set(NULL, (time_t)(now_us / 1000000 - 60));
    ASN1_ENUMERATED *why = ASN1_ENUMERATED_new();

    cr_assert(ASN1_INTEGER_set(number, serial) == 1 &&
              ASN1_ENUMERATED_set(why, reason) == 1);
    cr_assert(X509_REVOKED_set_serialNumber(entry, number) == 1 &&
              X509_REVOKED_set_revocationDate(entry, date) == 1 &&
              X509_REVOKED_add1_ext_i2d(entry, NID_crl_reason, why, 0, 0) == 1 &&
              X509_CRL_add0_revoked(crl, entry) == 1);
    ASN1_INTEGER_free(number);
    ASN1_TIME_free(date);
    ASN1_ENUMERATED_free(why);
}

/* A lawful CRL whose thisUpdate is so far from now; the caller frees it. */
static X509_CRL *new_crl(long serial, int reason, long from_s)
{
    X509_CRL *crl = X509_CRL_new();
    ASN1_INTEGER *number = ASN1_INTEGER_new();
    ASN1_TIME *from = ASN1_TIME_set(NULL, (time_t)(now_us / 1000000 + from_s));
    ASN1_TIME *until = ASN1_TIME_set(NULL, (time_t)(now_us / 1000000 + DAY_S));

    cr_assert(ASN1_INTEGER_set(number, 258) == 1 && X509_CRL_set_version(crl, 1) == 1 &&
              X509_CRL_set_issuer_name(crl, X509_get_subject_name(link.issuer)) == 1 &&
              X509_CRL_set1_lastUpdate(crl, from) == 1 &&
              X509_CRL_set1_nextUpdate(crl, until) == 1 &&
              X509_CRL_add1_ext_i2d(crl, NID_crl_number, number, 0, 0) == 1);
    add_entry(crl, serial, reason);
    cr_assert_gt(X509_CRL_sign(crl, key, EVP_sha256()), 0);
    ASN1_INTEGER_free(number);
    ASN1_TIME_free(from);
    ASN1_TIME_free(until);
    return crl;
}

/* In DER; the caller frees it. */
static size_t crl_der(uint8_t **out, long serial, int reason)
{
    X509_CRL *crl = new_crl(serial, reason, -60);

    *out = NULL;
    int len = i2d_X509_CRL(crl, out);
    cr_assert_gt(len, 0);
    X509_CRL_free(crl);
    return (size_t)len;
}

/* Frees it. */
static enum sg_status judge_crl(X509_CRL *crl, struct status_finding *finding,
                                struct sg_error *why)
{
    uint8_t *der = NULL;
    int len = i2d_X509_CRL(crl, &der);

    cr_assert_gt(len, 0);
    enum sg_status status =
        evidence_crl(&link, slice_of(der, (size_t)len), now_us, finding, why);
    OPENSSL_free(der);
    X509_CRL_free(crl);
    return status;
}

static struct status_finding judge_lawful(long serial, int reason)
{
    struct status_finding finding;
    struct sg_error why = {0};
    uint8_t *der;
    size_t len = crl_der(&der, serial, reason);

    cr_assert_eq(evidence_crl(&link, slice_of(der, len), now_us, &finding, &why), SG_OK,
                 "%s", why.text);
    OPENSSL_free(der);
    return finding;
}

Test(evidence, who_is_not_in_the_crl_is_not_revoked)
{
    struct status_finding finding = judge_lawful(78, CRL_REASON_KEY_COMPROMISE);

    cr_expect(!finding.revoked && !finding.suspended);
    cr_expect_eq(finding.this_update_us, now_us - 60000000);
    cr_expect_eq(finding.number[18] * 256 + finding.number[19], 258);
}

Test(evidence, reasons_are_told_apart)
{
    struct status_finding finding = judge_lawful(77, CRL_REASON_KEY_COMPROMISE);

    cr_expect(finding.revoked && !finding.suspended);
    finding = judge_lawful(77, CRL_REASON_CERTIFICATE_HOLD);
    cr_expect(!finding.revoked && finding.suspended);
    finding = judge_lawful(77, CRL_REASON_REMOVE_FROM_CRL);
    cr_expect(!finding.revoked && !finding.suspended);
}

/* The clock of a CA may be ahead of ours. */
Test(evidence, a_crl_may_be_five_minutes_ahead)
{
    struct status_finding finding;
    struct sg_error why = {0};

    for (long ahead_s = 0; ahead_s <= STATUS_SKEW_S; ahead_s += 60) {
        X509_CRL *crl = new_crl(77, CRL_REASON_KEY_COMPROMISE, ahead_s);
        cr_expect_eq(judge_crl(crl, &finding, &why), SG_OK, "%ld: %s", ahead_s, why.text);
        cr_expect(finding.revoked, "%ld s", ahead_s);
    }
    X509_CRL *late = new_crl(77, CRL_REASON_KEY_COMPROMISE, STATUS_SKEW_S + 1);
    cr_expect_eq(judge_crl(late, &finding, &why), SG_INVALID);
    cr_expect_not_null(strstr(why.text, "compare the clocks"));
}

/* Where one in the file of anchors is the issuer's, OpenSSL would look at no other. */
Test(evidence, a_crl_among_the_anchors_vouches_for_no_other)
{
    EVP_PKEY *other = EVP_EC_gen("P-256");
    X509_CRL *own = new_crl(78, CRL_REASON_KEY_COMPROMISE, -60);
    X509_CRL *false_one = new_crl(77, CRL_REASON_KEY_COMPROMISE, -60);
    X509_NAME *name = X509_NAME_new();
    struct status_finding finding;
    struct sg_error why = {0};

    cr_assert(X509_STORE_add_crl(link.anchors, own) == 1 &&
              X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                                         (const unsigned char *)"other", -1, -1,
                                         0) == 1 &&
              X509_CRL_set_issuer_name(false_one, name) == 1 &&
              X509_CRL_sign(false_one, other, EVP_sha256()) > 0);
    cr_expect_eq(judge_crl(false_one, &finding, &why), SG_INVALID);
    X509_CRL_free(own);
    X509_NAME_free(name);
    EVP_PKEY_free(other);
}

Test(evidence, no_cut_and_no_turned_bit_is_believed)
{
    struct status_finding finding;
    struct sg_error why = {0};
    uint8_t *der;
    size_t len = crl_der(&der, 77, CRL_REASON_KEY_COMPROMISE);

    struct statement statement = {.der = slice_of(der, 0)};
    for (size_t cut = 0; cut < len; cut++) {
        cr_expect_neq(evidence_crl(&link, slice_of(der, cut), now_us, &finding, &why),
                      SG_OK, "cut at %zu", cut);
        statement.der.len = cut;
        cr_expect_neq(evidence_ocsp(&link, &statement, now_us, &finding, &why), SG_OK);
    }
    for (size_t bit = 0; bit < len * 8; bit++) {
        der[bit / 8] ^= (uint8_t)(1U << (bit % 8));
        cr_expect_neq(evidence_crl(&link, slice_of(der, len), now_us, &finding, &why),
                      SG_OK, "bit %zu", bit);
        der[bit / 8] ^= (uint8_t)(1U << (bit % 8));
    }
    OPENSSL_free(der);
}

/* --- OCSP ------------------------------------------------------------------------ */

static void add_word(OCSP_BASICRESP *basic, int state)
{
    time_t now = (time_t)(now_us / 1000000);
    OCSP_CERTID *id = OCSP_cert_to_id(EVP_sha1(), link.subject, link.issuer);
    ASN1_TIME *from = ASN1_TIME_set(NULL, now - 60);
    ASN1_TIME *until = ASN1_TIME_set(NULL, now + DAY_S);
    ASN1_TIME *when = state == V_OCSP_CERTSTATUS_REVOKED ? from : NULL;

    cr_assert_not_null(OCSP_basic_add1_status(
        basic, id, state, OCSP_REVOKED_STATUS_NOSTATUS, when, from, until));
    OCSP_CERTID_free(id);
    ASN1_TIME_free(from);
    ASN1_TIME_free(until);
}

static struct slice question; /* that was asked; empty: the answer was kept */

/* As it is signed. */
static enum sg_status judge_signed(OCSP_BASICRESP *basic, struct status_finding *finding,
                                   struct sg_error *why)
{
    unsigned char *der = NULL;

    OCSP_RESPONSE *response =
        OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, basic);
    int len = i2d_OCSP_RESPONSE(response, &der);
    cr_assert_gt(len, 0);
    const struct statement told = {question, slice_of(der, (size_t)len), {NULL, 0}};
    enum sg_status status = evidence_ocsp(&link, &told, now_us, finding, why);
    OPENSSL_free(der);
    OCSP_RESPONSE_free(response);
    OCSP_BASICRESP_free(basic);
    return status;
}

/* By the issuer, which does not send its own certificate along. */
static enum sg_status judge_answer(OCSP_BASICRESP *basic, struct status_finding *finding,
                                   struct sg_error *why)
{
    cr_assert_eq(
        OCSP_basic_sign(basic, link.issuer, key, EVP_sha256(), NULL, OCSP_NOCERTS), 1);
    return judge_signed(basic, finding, why);
}

Test(evidence, an_issuer_that_is_an_anchor_may_answer_without_its_certificate)
{
    OCSP_BASICRESP *basic = OCSP_BASICRESP_new();
    struct status_finding finding;
    struct sg_error why = {0};

    add_word(basic, V_OCSP_CERTSTATUS_REVOKED);
    cr_assert_eq(judge_answer(basic, &finding, &why), SG_OK, "%s", why.text);
    cr_expect(finding.revoked);
}

Test(evidence, an_answer_that_speaks_twice_of_a_certificate_is_not_believed)
{
    OCSP_BASICRESP *basic = OCSP_BASICRESP_new();
    struct status_finding finding;
    struct sg_error why = {0};

    add_word(basic, V_OCSP_CERTSTATUS_GOOD);
    add_word(basic, V_OCSP_CERTSTATUS_REVOKED);
    cr_expect_eq(judge_answer(basic, &finding, &why), SG_INVALID);
    cr_expect_not_null(strstr(why.text, "speaks twice"));
}

/* Who may answer for the issuer, until half a minute ago. */
static X509 *new_responder(void)
{
    X509 *responder = X509_dup(link.subject);
    X509_EXTENSION *use =
        X509V3_EXT_conf_nid(NULL, NULL, NID_ext_key_usage, "OCSPSigning");

    cr_assert(responder != NULL && use != NULL);
    sign_certificate(responder, 5, "responder");
    cr_assert(X509_add_ext(responder, use, -1) == 1 &&
              ASN1_TIME_set(X509_getm_notAfter(responder),
                            (time_t)(now_us / 1000000 - 30)) != NULL &&
              X509_sign(responder, key, EVP_sha256()) > 0);
    X509_EXTENSION_free(use);
    return responder;
}

static enum sg_status judge_delegated(int state, struct status_finding *finding)
{
    OCSP_BASICRESP *basic = OCSP_BASICRESP_new();
    X509 *by = new_responder();

    add_word(basic, state);
    cr_assert_eq(OCSP_basic_sign(basic, by, key, EVP_sha256(), NULL, 0), 1);
    X509_free(by);
    return judge_signed(basic, finding, &(struct sg_error){0});
}

Test(evidence, a_kept_revocation_outlives_the_certificate_of_its_responder)
{
    struct status_finding finding;
    uint8_t *asked = NULL;
    size_t len = 0;

    cr_expect_eq(judge_delegated(V_OCSP_CERTSTATUS_REVOKED, &finding), SG_OK);
    cr_expect(finding.revoked);
    cr_expect_eq(judge_delegated(V_OCSP_CERTSTATUS_GOOD, &finding), SG_INVALID);
    cr_assert_eq(evidence_ask(&link, &asked, &len), SG_OK);
    question = slice_of(asked, len);
    cr_expect_eq(judge_delegated(V_OCSP_CERTSTATUS_REVOKED, &finding), SG_INVALID,
                 "an answer that comes now is another matter");
    OPENSSL_free(asked);
}

/* --- RSASSA-PSS names its digest elsewhere ---------------------------------------- */

static EVP_MD_CTX *pss(const EVP_MD *digest)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    EVP_PKEY_CTX *of_key = NULL;

    cr_assert(EVP_DigestSignInit(context, &of_key, digest, NULL, key) == 1 &&
              EVP_PKEY_CTX_set_rsa_padding(of_key, RSA_PKCS1_PSS_PADDING) == 1);
    return context;
}

static enum sg_status judge_pss_crl(const EVP_MD *digest)
{
    X509_CRL *crl = new_crl(77, CRL_REASON_KEY_COMPROMISE, -60);
    EVP_MD_CTX *context = pss(digest);
    struct status_finding finding;
    struct sg_error why = {0};

    cr_assert_gt(X509_CRL_sign_ctx(crl, context), 0);
    cr_expect_eq(X509_CRL_get_signature_nid(crl), NID_rsassaPss);
    EVP_MD_CTX_free(context);
    return judge_crl(crl, &finding, &why);
}

static enum sg_status judge_pss_answer(const EVP_MD *digest)
{
    OCSP_BASICRESP *basic = OCSP_BASICRESP_new();
    EVP_MD_CTX *context = pss(digest);
    struct status_finding finding;
    struct sg_error why = {0};

    add_word(basic, V_OCSP_CERTSTATUS_GOOD);
    cr_assert_eq(OCSP_basic_sign_ctx(basic, link.issuer, context, NULL, OCSP_NOCERTS), 1);
    EVP_MD_CTX_free(context);
    return judge_signed(basic, &finding, &why);
}

Test(pss, sha_1_proves_nothing_there_either)
{
    cr_expect_eq(judge_pss_crl(EVP_sha256()), SG_OK);
    cr_expect_eq(judge_pss_crl(EVP_sha512()), SG_OK);
    cr_expect_eq(judge_pss_crl(EVP_sha1()), SG_INVALID);
    cr_expect_eq(judge_pss_answer(EVP_sha256()), SG_OK);
    cr_expect_eq(judge_pss_answer(EVP_sha1()), SG_INVALID);
}
