/* Statements by signatures that others can make, too: they call nobody good. */
#include "client/verify/strength.h"

#include <criterion/criterion.h>
#include <openssl/rsa.h>

#include "tests/unit/verify/support/statements.h"

TestSuite(verify_strength, .init = statements_begin, .fini = statements_end);

static void add_crl(const EVP_MD *md, bool root, X509 *revoked)
{
    statements_crl((struct authority_list){.this_s = NOW_S - DAY_S,
                                           .root = root,
                                           .md = md,
                                           .revoked = revoked,
                                           .revoked_s = NOW_S - DAY_S});
}

static void add_ocsp(bool revoked, X509 *responder, EVP_PKEY *key)
{
    statements_ocsp(revoked, NOW_S - DAY_S, responder, key);
}

/* With a list of the root that is as it should be. */
static void expect(enum verify_mark mark)
{
    add_crl(NULL, true, NULL);
    lawful_make();
    verify_cms(&lawful.input, &lawful.report);
    cr_expect_eq(lawful_check("revocation")->mark, mark, "%s",
                 lawful_check("revocation")->text);
    verify_material_fini(&statements.material);
}

Test(verify_strength, a_weak_list_calls_nobody_good)
{
    add_crl(EVP_sha1(), false, NULL);
    expect(VERIFY_NOTE);
    add_crl(EVP_sha224(), false, NULL);
    expect(VERIFY_PASS);
}

Test(verify_strength, a_weak_answer_calls_nobody_good)
{
    statements.authority.md = EVP_sha1();
    add_ocsp(false, NULL, NULL);
    expect(VERIFY_NOTE);
    statements.authority.md = EVP_sha384();
    add_ocsp(false, NULL, NULL);
    expect(VERIFY_PASS);
}

static X509 *responder(EVP_PKEY *key)
{
    return pki_leaf_new(&lawful.pki, key,
                        &(struct pki_leaf){.common_name = "OCSP Contoh",
                                           .extended_key_usage = "OCSPSigning"});
}

Test(verify_strength, a_responder_with_a_short_key_calls_nobody_good)
{
    EVP_PKEY *key = EVP_RSA_gen(1024);
    X509 *small = responder(key);

    add_ocsp(false, small, key);
    expect(VERIFY_NOTE);
    X509_free(small);
    EVP_PKEY_free(key);
}

/* The issuer's word that named him can be made as well. */
Test(verify_strength, a_responder_with_a_weak_certificate_calls_nobody_good)
{
    EVP_PKEY *key = pki_key_new(PKI_P256);
    X509 *weak = responder(key);

    add_ocsp(false, weak, key);
    expect(VERIFY_PASS);
    cr_assert_gt(X509_sign(weak, lawful.pki.issuing_key, EVP_sha1()), 0);
    add_ocsp(false, weak, key);
    expect(VERIFY_NOTE);
    X509_free(weak);
    EVP_PKEY_free(key);
}

Test(verify_strength, what_a_weak_statement_revokes_is_revoked)
{
    add_crl(EVP_sha1(), false, lawful.pki.leaf);
    expect(VERIFY_FAIL);
    statements.authority.md = EVP_sha1();
    add_ocsp(true, NULL, NULL);
    expect(VERIFY_FAIL);
}

/* That somebody was revoked later says that he was good before. */
Test(verify_strength, what_a_weak_statement_revokes_later_was_not_good_before)
{
    lawful.maker.stamp = &statements.authority;
    statements.authority.time_s = NOW_S - 2 * DAY_S;
    add_crl(EVP_sha256(), false, lawful.pki.leaf);
    expect(VERIFY_PASS);
    add_crl(EVP_sha1(), false, lawful.pki.leaf);
    expect(VERIFY_NOTE);
}

/* --- Algorithms --------------------------------------------------------------------- */

/* md NULL: without parameters, which is SHA-1. */
static bool pss_is_enough(const EVP_MD *md, const EVP_PKEY *key)
{
    RSA_PSS_PARAMS *params = RSA_PSS_PARAMS_new();
    X509_ALGOR *algorithm = X509_ALGOR_new();
    ASN1_STRING *packed = NULL;

    if (md != NULL) {
        params->hashAlgorithm = X509_ALGOR_new();
        X509_ALGOR_set_md(params->hashAlgorithm, md);
        packed = ASN1_item_pack(params, ASN1_ITEM_rptr(RSA_PSS_PARAMS), NULL);
        cr_assert_not_null(packed);
    }
    cr_assert_eq(X509_ALGOR_set0(algorithm, OBJ_nid2obj(NID_rsassaPss),
                                 packed == NULL ? V_ASN1_UNDEF : V_ASN1_SEQUENCE, packed),
                 1);
    bool enough = strength_is_enough(algorithm, key);
    X509_ALGOR_free(algorithm);
    RSA_PSS_PARAMS_free(params);
    return enough;
}

Test(verify_strength, the_digest_of_pss_stands_in_its_parameters)
{
    EVP_PKEY *key = pki_key_new(PKI_RSA_2048);

    cr_expect(pss_is_enough(EVP_sha256(), key));
    cr_expect_not(pss_is_enough(EVP_sha1(), key));
    cr_expect_not(pss_is_enough(EVP_md5(), key));
    cr_expect_not(pss_is_enough(NULL, key));
    EVP_PKEY_free(key);
}

Test(verify_strength, what_names_no_digest_is_as_strong_as_its_key)
{
    EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    X509_ALGOR *algorithm = X509_ALGOR_new();

    X509_ALGOR_set0(algorithm, OBJ_nid2obj(NID_ED25519), V_ASN1_UNDEF, NULL);
    cr_expect(strength_is_enough(algorithm, key));
    X509_ALGOR_set0(algorithm, OBJ_nid2obj(NID_sha256), V_ASN1_UNDEF, NULL);
    cr_expect_not(strength_is_enough(algorithm, key), "an algorithm that signs nothing");
    X509_ALGOR_free(algorithm);
    EVP_PKEY_free(key);
}
