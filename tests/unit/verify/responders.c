/* Who may answer for the authority whether a certificate was revoked. */
#include <criterion/criterion.h>
#include <openssl/x509v3.h>

#include "tests/unit/cms/support/writable.h"
#include "tests/unit/verify/support/lawful.h"

enum { NOW_S = 1767225600, DAY_S = 86400 };

static struct authority authority;
static struct verify_material material;

static void begin(void)
{
    lawful_begin(PKI_P256);
    authority_make(&authority, &lawful.pki, NOW_S - DAY_S);
    material = (struct verify_material){.crls = NULL};
    lawful.input.given = &material;
}

static void end(void)
{
    verify_material_fini(&material);
    authority_free(&authority);
    lawful_end();
}

TestSuite(verify_responders, .init = begin, .fini = end);

static void add_crl(struct authority_list list)
{
    struct slice der = authority_crl(&authority, &list);

    verify_material_crl(&material, der);
    OPENSSL_free(writable(der));
}

static void add_ocsp(bool revoked, int64_t this_s, X509 *responder, EVP_PKEY *key)
{
    struct slice der =
        authority_ocsp(&authority, lawful.pki.leaf, revoked, this_s, responder, key);

    verify_material_ocsp(&material, der);
    OPENSSL_free(writable(der));
}

/* Nobody is revoked by the root. */
static void add_root_crl(void)
{
    add_crl((struct authority_list){.this_s = NOW_S - DAY_S, .root = true});
}

static void expect(enum verify_mark mark, const char *word)
{
    lawful_make();
    verify_cms(&lawful.input, &lawful.report);
    cr_expect_eq(lawful_check("revocation")->mark, mark, "%s",
                 lawful_check("revocation")->text);
    cr_expect_neq(strstr(lawful_check("revocation")->text, word), NULL, "%s",
                  lawful_check("revocation")->text);
    cr_expect_eq(lawful.report.valid, mark != VERIFY_FAIL);
    cr_expect_eq(lawful.report.status_known, mark == VERIFY_PASS);
    verify_material_fini(&material);
}

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

    add_root_crl();
    add_ocsp(false, NOW_S - 60, good, key);
    expect(VERIFY_PASS, "No certificate");
    add_root_crl();
    add_ocsp(false, NOW_S - 60, bad, key);
    expect(VERIFY_NOTE, "Segel Kota Contoh");
    add_root_crl();
    add_ocsp(false, NOW_S - 60, plain, key);
    expect(VERIFY_NOTE, "Segel Kota Contoh");
    X509_free(good);
    X509_free(bad);
    X509_free(plain);
    EVP_PKEY_free(key);
}

/* The responder's key was stolen, and the list that says so names the signer, too. */
static void revoke_with(const X509 *responder)
{
    add_root_crl();
    add_crl((struct authority_list){.this_s = NOW_S - 120,
                                    .revoked = lawful.pki.leaf,
                                    .too = responder,
                                    .revoked_s = NOW_S - DAY_S});
}

Test(verify_responders, a_responder_that_a_list_revokes_calls_nobody_good)
{
    EVP_PKEY *key = pki_key_new(PKI_P256);
    X509 *stolen = responder(key, "OCSPSigning");

    revoke_with(NULL);
    add_ocsp(false, NOW_S - 60, stolen, key);
    expect(VERIFY_PASS, "No certificate");
    revoke_with(stolen);
    add_ocsp(false, NOW_S - 60, stolen, key);
    expect(VERIFY_FAIL, "revoked");
    /* What it revoked stays. */
    add_root_crl();
    add_crl((struct authority_list){
        .this_s = NOW_S - 120, .revoked = stolen, .revoked_s = NOW_S - DAY_S});
    add_ocsp(true, NOW_S - 60, stolen, key);
    expect(VERIFY_FAIL, "revoked");
    X509_free(stolen);
    EVP_PKEY_free(key);
}

Test(verify_responders, what_it_answered_before_stays)
{
    EVP_PKEY *key = pki_key_new(PKI_P256);
    X509 *stolen = responder(key, "OCSPSigning");

    add_root_crl();
    add_crl((struct authority_list){
        .this_s = NOW_S - 30 * DAY_S, .revoked = stolen, .revoked_s = NOW_S - DAY_S});
    add_ocsp(false, NOW_S - 2 * DAY_S, stolen, key);
    expect(VERIFY_PASS, "No certificate");
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
    add_ocsp(false, NOW_S - 60, brief, key);
    expect(VERIFY_PASS, "No certificate");
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
    add_root_crl();
    add_ocsp(false, NOW_S - 60, stranger, other.leaf_key);
    expect(VERIFY_NOTE, "Segel Kota Contoh");
    X509_free(stranger);
    pki_free(&other);
}
