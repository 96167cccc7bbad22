/* A lawful signature, and the same with one fact spoiled. */
#include <criterion/criterion.h>
#include <openssl/sha.h>

#include "tests/unit/cms/support/writable.h"
#include "tests/unit/verify/support/lawful.h"

static void begin(void)
{
    lawful_begin(PKI_P256);
}

TestSuite(verify_cms, .init = begin, .fini = lawful_end);

/* A lawful signature has neither a time-stamp nor statements about its certificate. */
static enum verify_mark usual(const char *name)
{
    bool noted = strcmp(name, "revocation") == 0 || strcmp(name, "time-stamp") == 0;

    return noted ? VERIFY_NOTE : VERIFY_PASS;
}

/* Verifies; every check is as usual but the named one, which has the mark. */
static void expect_only(const char *name, enum verify_mark mark, const char *word)
{
    verify_cms(&lawful.input, &lawful.report);
    for (size_t i = 0; i < lawful.report.count; i++) {
        const struct verify_check *at = &lawful.report.checks[i];
        enum verify_mark want = strcmp(at->name, name) == 0 ? mark : usual(at->name);
        cr_expect_eq(at->mark, want, "%s: %s", at->name, at->text);
        cr_expect_eq(at->text[strlen(at->text) - 1], '.', "%s", at->text);
    }
    cr_expect_neq(strstr(lawful_check(name)->text, word), NULL, "%s",
                  lawful_check(name)->text);
    cr_expect_eq(lawful.report.valid, mark == VERIFY_PASS || mark == VERIFY_NOTE);
}

static void expect_lawful(void)
{
    expect_only("chain", VERIFY_PASS, "Root CA Contoh");
}

Test(verify_cms, a_lawful_pades_signature_passes_every_check_in_order)
{
    static const char *const order[] = {"structure",   "digest", "signature",
                                        "certificate", "chain",  "revocation",
                                        "time-stamp",  "profile"};

    lawful_make();
    expect_lawful();
    cr_assert_eq(lawful.report.count, SG_COUNT(order));
    for (size_t i = 0; i < SG_COUNT(order); i++) {
        cr_expect_str_eq(lawful.report.checks[i].name, order[i]);
    }
    cr_expect_str_eq(lawful.report.level, "PAdES B-B");
    cr_expect_str_eq(lawful.report.algorithm, "ecdsa-sha256");
    cr_expect_str_eq(lawful.report.signer, "Segel Kota Contoh");
    cr_expect_str_eq(lawful.report.signer_dn, "CN=Segel Kota Contoh,O=Kota Contoh,C=ID");
    cr_expect_str_eq(lawful.report.issuer_dn, "CN=CA Contoh G1,O=Kota Contoh,C=ID");
    cr_expect_str_eq(lawful.report.policy_oids, "2.16.360.1.1.1.3.12");
    cr_expect_eq(lawful.report.not_before_us, 1735689600000000);
    cr_expect_eq(lawful.report.not_after_us, 1798761600000000);
    cr_expect_eq(lawful.report.signing_time_us, 0);
}

Test(verify_cms, a_lawful_cades_signature_passes_with_its_time)
{
    lawful.maker.time_s = 1767225600;
    lawful.input.pades = false;
    lawful_make();
    expect_lawful();
    cr_expect_str_eq(lawful.report.level, "CAdES B-B");
    cr_expect_eq(lawful.report.signing_time_us, LAWFUL_TIME_US);
}

Test(verify_cms, rsa_pkcs1_and_pss_pass_and_are_named)
{
    lawful_end();
    lawful_begin(PKI_RSA_2048);
    lawful_make();
    expect_lawful();
    cr_expect_str_eq(lawful.report.algorithm, "rsa-pkcs1-sha256");
    lawful.maker.pss = true;
    lawful_make();
    expect_lawful();
    cr_expect_str_eq(lawful.report.algorithm, "rsa-pss-sha256");
}

Test(verify_cms, p384_with_sha512_passes)
{
    uint8_t long_digest[64];

    lawful_end();
    lawful_begin(PKI_P384);
    SHA512((const uint8_t *)lawful.letter, sizeof(lawful.letter), long_digest);
    lawful.maker.md = "SHA512";
    lawful.maker.digest = slice_of(long_digest, sizeof(long_digest));
    lawful_make();
    expect_lawful();
    cr_expect_str_eq(lawful.report.algorithm, "ecdsa-sha512");
}

Test(verify_cms, one_changed_byte_of_the_document_fails_the_digest_alone)
{
    lawful_make();
    lawful.letter[3] ^= 1;
    expect_only("digest", VERIFY_FAIL, "changed");
}

Test(verify_cms, one_changed_byte_of_the_signature_fails_the_signature_alone)
{
    lawful_make();
    (writable(lawful.made))[lawful.made.len - 5] ^= 1;
    expect_only("signature", VERIFY_FAIL, "altered");
}

Test(verify_cms, a_signature_by_another_key_fails)
{
    EVP_PKEY *other = pki_key_new(PKI_P256);

    lawful.maker.key = other;
    lawful_make();
    expect_only("signature", VERIFY_FAIL, "not made with the key");
    EVP_PKEY_free(other);
}

Test(verify_cms, another_certificate_of_the_same_key_fails)
{
    X509 *other = pki_leaf_new(&lawful.pki, lawful.pki.leaf_key,
                               &(struct pki_leaf){.common_name = "Lain"});

    lawful.maker.certificate = other;
    lawful_make();
    expect_only("certificate", VERIFY_FAIL, "not the one that the signer named");
    X509_free(other);
}

Test(verify_cms, a_certificate_without_signing_usage_fails)
{
    X509 *other = pki_leaf_new(
        &lawful.pki, lawful.pki.leaf_key,
        &(struct pki_leaf){.common_name = "Enkripsi", .key_usage = "keyEncipherment"});

    lawful.maker.certificate = lawful.maker.ess = other;
    lawful_make();
    expect_only("certificate", VERIFY_FAIL, "key usage");
    X509_free(other);
}

Test(verify_cms, any_extended_key_usage_is_accepted)
{
    X509 *other =
        pki_leaf_new(&lawful.pki, lawful.pki.leaf_key,
                     &(struct pki_leaf){.common_name = "PDF",
                                        .extended_key_usage = "1.2.840.113583.1.1.5"});

    lawful.maker.certificate = lawful.maker.ess = other;
    lawful_make();
    expect_lawful();
    X509_free(other);
}

Test(verify_cms, a_stated_algorithm_with_another_digest_or_key_fails)
{
    lawful.maker.stated = NID_ecdsa_with_SHA512;
    lawful_make();
    expect_only("signature", VERIFY_FAIL, "stated");
    lawful.maker.stated = NID_sha256WithRSAEncryption;
    lawful_make();
    expect_only("signature", VERIFY_FAIL, "stated");
}

Test(verify_cms, a_short_rsa_key_fails)
{
    EVP_PKEY *weak = EVP_RSA_gen(1024);
    X509 *other =
        pki_leaf_new(&lawful.pki, weak, &(struct pki_leaf){.common_name = "Lemah"});

    lawful.maker.certificate = lawful.maker.ess = other;
    lawful.maker.key = weak;
    lawful_make();
    verify_cms(&lawful.input, &lawful.report);
    cr_expect_eq(lawful_check("signature")->mark, VERIFY_FAIL);
    cr_expect_eq(lawful_check("chain")->mark, VERIFY_FAIL);
    X509_free(other);
    EVP_PKEY_free(weak);
}

Test(verify_cms, a_key_of_another_kind_is_not_judged_and_named)
{
    EVP_PKEY *other = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    X509 *certificate =
        pki_leaf_new(&lawful.pki, other, &(struct pki_leaf){.common_name = "Ed"});

    lawful.maker.certificate = lawful.maker.ess = certificate;
    lawful.maker.stated = NID_ED25519;
    lawful_make(); /* signed with the EC key: it is the certificate that is looked at */
    verify_cms(&lawful.input, &lawful.report);
    cr_expect_eq(lawful_check("signature")->mark, VERIFY_UNKNOWN);
    cr_expect_neq(strstr(lawful_check("signature")->text, "ED25519"), NULL);
    cr_expect_not(lawful.report.valid);
    X509_free(certificate);
    EVP_PKEY_free(other);
}

Test(verify_cms, an_expired_certificate_leaves_it_open_and_the_day_is_named)
{
    lawful_make();
    lawful.input.at_us = 1798761600000000 + 1000000;
    expect_only("chain", VERIFY_UNKNOWN, "2027-01-01");
}

Test(verify_cms, a_certificate_of_the_future_fails_and_the_day_is_named)
{
    X509 *other = pki_leaf_new(
        &lawful.pki, lawful.pki.leaf_key,
        &(struct pki_leaf){.common_name = "Nanti", .not_before_s = 1780272000});

    lawful.maker.certificate = lawful.maker.ess = other;
    lawful_make();
    expect_only("chain", VERIFY_FAIL, "2026-06-01");
    X509_free(other);
}

Test(verify_cms, an_unknown_anchor_leaves_it_open)
{
    X509_STORE *empty = X509_STORE_new();

    lawful_make();
    lawful.input.anchors = empty;
    expect_only("chain", VERIFY_UNKNOWN, "No chain");
    X509_STORE_free(empty);
}

Test(verify_cms, an_issuing_ca_alone_serves_as_anchor)
{
    X509_STORE *issuing = X509_STORE_new();

    X509_STORE_add_cert(issuing, lawful.pki.issuing);
    lawful_make();
    lawful.input.anchors = issuing;
    expect_only("chain", VERIFY_PASS, "CA Contoh G1");
    X509_STORE_free(issuing);
}

Test(verify_cms, without_anchors_the_chain_is_unknown_and_nothing_is_valid)
{
    lawful_make();
    lawful.input.anchors = NULL;
    expect_only("chain", VERIFY_UNKNOWN, "no anchors");
}

Test(verify_cms, a_signing_time_in_pades_is_another_profile)
{
    lawful.maker.time_s = 1767225600;
    lawful_make();
    expect_only("profile", VERIFY_NOTE, "signing-time");
    cr_expect_str_eq(lawful.report.level, "");
}

Test(verify_cms, no_signing_time_in_cades_is_another_profile)
{
    lawful.input.pades = false;
    lawful_make();
    expect_only("profile", VERIFY_NOTE, "signing-time");
}

Test(verify_cms, a_missing_signing_certificate_attribute_fails)
{
    lawful.maker.ess = NULL;
    lawful_make();
    verify_cms(&lawful.input, &lawful.report);
    cr_expect_eq(lawful_check("certificate")->mark, VERIFY_FAIL);
    cr_expect_eq(lawful_check("profile")->mark, VERIFY_NOTE);
    cr_expect_eq(lawful_check("signature")->mark, VERIFY_PASS);
    cr_expect_not(lawful.report.valid);
}

Test(verify_cms, a_second_message_digest_fails)
{
    lawful.maker.twice = true;
    lawful_make();
    verify_cms(&lawful.input, &lawful.report);
    cr_expect_eq(lawful_check("digest")->mark, VERIFY_FAIL);
    cr_expect_eq(lawful_check("profile")->mark, VERIFY_NOTE);
}

Test(verify_cms, sha1_is_not_accepted)
{
    uint8_t short_digest[20];

    EVP_Digest(lawful.letter, sizeof(lawful.letter), short_digest, NULL, EVP_sha1(),
               NULL);
    lawful.maker.md = "SHA1";
    lawful.maker.digest = slice_of(short_digest, sizeof(short_digest));
    lawful_make();
    verify_cms(&lawful.input, &lawful.report);
    cr_expect_eq(lawful_check("digest")->mark, VERIFY_FAIL);
    cr_expect_neq(strstr(lawful_check("digest")->text, "SHA-256"), NULL);
    cr_expect_not(lawful.report.valid);
}
