/* Who may answer for the authority whether a certificate was revoked. */
#include <criterion/criterion.h>
#include <openssl/x509v3.h>

#include "tests/unit/verify/support/statements.h"

TestSuite(verify_responders, .init = statements_begin, .fini = statements_end);

static X509 *responder(EVP_PKEY *key, const char *usage)
{
    return pki_leaf_new(
        &lawful.pki, key,
        &(struct pki_leaf){.common_name = "OCSP Contoh", .extended_key_usage = usage});
}

Test(verify_responders, only_a_responder_that_the_authority_named_may_answer)
{
    EVP_PKEY *key = pki_key_new(PKI_P256);
    X509 *good = responder(key, "OCSPSigning");
    X509 *bad = responder(key, "emailProtection");
    X509 *plain = responder(key, NULL);

    statements_root_crl();
    statements_ocsp(false, NOW_S - 60, good, key);
    statements_expect(VERIFY_PASS, "No certificate");
    statements_root_crl();
    statements_ocsp(false, NOW_S - 60, bad, key);
    statements_expect(VERIFY_NOTE, "Segel Kota Contoh");
    statements_root_crl();
    statements_ocsp(false, NOW_S - 60, plain, key);
    statements_expect(VERIFY_NOTE, "Segel Kota Contoh");
    X509_free(good);
    X509_free(bad);
    X509_free(plain);
    EVP_PKEY_free(key);
}

/* The responder's key was stolen, and the list that says so names the signer, too. */
static void revoke_with(const X509 *responder)
{
    statements_root_crl();
    statements_crl((struct authority_list){.this_s = NOW_S - 120,
                                           .revoked = lawful.pki.leaf,
                                           .too = responder,
                                           .revoked_s = NOW_S - DAY_S});
}

Test(verify_responders, a_responder_that_a_list_revokes_calls_nobody_good)
{
    EVP_PKEY *key = pki_key_new(PKI_P256);
    X509 *stolen = responder(key, "OCSPSigning");

    revoke_with(NULL);
    statements_ocsp(false, NOW_S - 60, stolen, key);
    statements_expect(VERIFY_PASS, "No certificate");
    revoke_with(stolen);
    statements_ocsp(false, NOW_S - 60, stolen, key);
    statements_expect(VERIFY_FAIL, "revoked");
    /* What it revoked stays. */
    statements_root_crl();
    statements_crl((struct authority_list){
        .this_s = NOW_S - 120, .revoked = stolen, .revoked_s = NOW_S - DAY_S});
    statements_ocsp(true, NOW_S - 60, stolen, key);
    statements_expect(VERIFY_FAIL, "revoked");
    X509_free(stolen);
    EVP_PKEY_free(key);
}

Test(verify_responders, what_it_answered_before_stays)
{
    EVP_PKEY *key = pki_key_new(PKI_P256);
    X509 *stolen = responder(key, "OCSPSigning");

    statements_root_crl();
    statements_crl((struct authority_list){
        .this_s = NOW_S - 30 * DAY_S, .revoked = stolen, .revoked_s = NOW_S - DAY_S});
    statements_ocsp(false, NOW_S - 2 * DAY_S, stolen, key);
    statements_expect(VERIFY_PASS, "No certificate");
    X509_free(stolen);
    EVP_PKEY_free(key);
}

/* RFC 6960 section 4.2.2.2.1. */
Test(verify_responders, of_a_responder_its_issuer_may_say_that_nobody_asks)
{
    EVP_PKEY *key = pki_key_new(PKI_P256);
    X509 *brief = responder(key, "OCSPSigning");
    X509_EXTENSION *word =
        X509V3_EXT_conf_nid(NULL, NULL, NID_id_pkix_OCSP_noCheck, "yes");

    cr_assert_eq(X509_add_ext(brief, word, -1), 1);
    cr_assert_gt(X509_sign(brief, lawful.pki.issuing_key, EVP_sha256()), 0);
    revoke_with(brief);
    statements_ocsp(false, NOW_S - 60, brief, key);
    statements_expect(VERIFY_PASS, "No certificate");
    X509_EXTENSION_free(word);
    X509_free(brief);
    EVP_PKEY_free(key);
}

Test(verify_responders, a_responder_of_another_authority_may_not_answer)
{
    struct pki other;

    pki_make(&other, PKI_P256);
    X509 *stranger = pki_leaf_new(
        &other, other.leaf_key,
        &(struct pki_leaf){.common_name = "OCSP", .extended_key_usage = "OCSPSigning"});
    statements_root_crl();
    statements_ocsp(false, NOW_S - 60, stranger, other.leaf_key);
    statements_expect(VERIFY_NOTE, "Segel Kota Contoh");
    X509_free(stranger);
    pki_free(&other);
}
