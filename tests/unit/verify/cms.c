/* A lawful signature, and the same with one fact spoiled. */
#include <criterion/criterion.h>
#include <openssl/sha.h>

#include "client/verify/verify.h"
#include "tests/unit/verify/support/maker.h"

static const int64_t in_2026_us = 1767225600000000;
static struct pki pki;
static X509_STORE *anchors;
static char letter[] = "Surat tugas nomor 094/7/2026";
static uint8_t digest[32];
static struct maker maker;
static struct verify_input input;
static struct verify_report report;
static struct slice made;

static void lawful_with(enum pki_key kind)
{
    pki_make(&pki, kind);
    anchors = pki_store(&pki);
    SHA256((const uint8_t *)letter, sizeof(letter), digest);
    maker = maker_lawful(&pki, slice_of(digest, sizeof(digest)));
    input = (struct verify_input){
        .content = {slice_of(letter, 10), slice_of(letter + 10, sizeof(letter) - 10)},
        .anchors = anchors,
        .at_us = in_2026_us,
        .pades = true};
}

static void begin(void)
{
    lawful_with(PKI_P256);
}

static void end(void)
{
    OPENSSL_free((void *)(uintptr_t)made.data);
    X509_STORE_free(anchors);
    pki_free(&pki);
}

TestSuite(verify_cms, .init = begin, .fini = end);

static void make(void)
{
    OPENSSL_free((void *)(uintptr_t)made.data);
    made = maker_make(&maker);
    input.cms = made;
}

static const struct verify_check *check(const char *name)
{
    for (size_t i = 0; i < report.count; i++) {
        if (strcmp(report.checks[i].name, name) == 0) {
            return &report.checks[i];
        }
    }
    cr_assert_fail("no check '%s'", name);
    return NULL;
}

/* Verifies; every check passes but the named one, which has the mark. */
static void expect_only(const char *name, enum verify_mark mark, const char *word)
{
    verify_cms(&input, &report);
    for (size_t i = 0; i < report.count; i++) {
        const struct verify_check *at = &report.checks[i];
        enum verify_mark want = strcmp(at->name, name) == 0 ? mark : VERIFY_PASS;
        cr_expect_eq(at->mark, want, "%s: %s", at->name, at->text);
        cr_expect_eq(at->text[strlen(at->text) - 1], '.', "%s", at->text);
    }
    cr_expect_neq(strstr(check(name)->text, word), NULL, "%s", check(name)->text);
    cr_expect_eq(report.valid, mark == VERIFY_PASS);
}

static void expect_lawful(void)
{
    expect_only("chain", VERIFY_PASS, "Root CA Contoh");
}

Test(verify_cms, a_lawful_pades_signature_passes_every_check_in_order)
{
    static const char *const order[] = {"structure",   "digest", "signature",
                                        "certificate", "chain",  "profile"};

    make();
    expect_lawful();
    cr_assert_eq(report.count, SG_COUNT(order));
    for (size_t i = 0; i < SG_COUNT(order); i++) {
        cr_expect_str_eq(report.checks[i].name, order[i]);
    }
    cr_expect_str_eq(report.level, "PAdES B-B");
    cr_expect_str_eq(report.algorithm, "ecdsa-sha256");
    cr_expect_str_eq(report.signer, "Segel Kota Contoh");
    cr_expect_str_eq(report.signer_dn, "CN=Segel Kota Contoh,O=Kota Contoh,C=ID");
    cr_expect_str_eq(report.issuer_dn, "CN=CA Contoh G1,O=Kota Contoh,C=ID");
    cr_expect_str_eq(report.policy_oids, "2.16.360.1.1.1.3.12");
    cr_expect_eq(report.not_before_us, 1735689600000000);
    cr_expect_eq(report.not_after_us, 1798761600000000);
    cr_expect_eq(report.signing_time_us, 0);
}

Test(verify_cms, a_lawful_cades_signature_passes_with_its_time)
{
    maker.time_s = 1767225600;
    input.pades = false;
    make();
    expect_lawful();
    cr_expect_str_eq(report.level, "CAdES B-B");
    cr_expect_eq(report.signing_time_us, in_2026_us);
}

Test(verify_cms, rsa_pkcs1_and_pss_pass_and_are_named)
{
    end();
    made = slice_of(NULL, 0);
    lawful_with(PKI_RSA_2048);
    make();
    expect_lawful();
    cr_expect_str_eq(report.algorithm, "rsa-pkcs1-sha256");
    maker.pss = true;
    make();
    expect_lawful();
    cr_expect_str_eq(report.algorithm, "rsa-pss-sha256");
}

Test(verify_cms, p384_with_sha512_passes)
{
    uint8_t long_digest[64];

    end();
    made = slice_of(NULL, 0);
    lawful_with(PKI_P384);
    SHA512((const uint8_t *)letter, sizeof(letter), long_digest);
    maker.md = "SHA512";
    maker.digest = slice_of(long_digest, sizeof(long_digest));
    make();
    expect_lawful();
    cr_expect_str_eq(report.algorithm, "ecdsa-sha512");
}

Test(verify_cms, one_changed_byte_of_the_document_fails_the_digest_alone)
{
    make();
    letter[3] ^= 1;
    expect_only("digest", VERIFY_FAIL, "changed");
}

Test(verify_cms, one_changed_byte_of_the_signature_fails_the_signature_alone)
{
    make();
    ((uint8_t *)(uintptr_t)made.data)[made.len - 5] ^= 1;
    expect_only("signature", VERIFY_FAIL, "altered");
}

Test(verify_cms, a_signature_by_another_key_fails)
{
    EVP_PKEY *other = pki_key_new(PKI_P256);

    maker.key = other;
    make();
    expect_only("signature", VERIFY_FAIL, "not made with the key");
    EVP_PKEY_free(other);
}

Test(verify_cms, another_certificate_of_the_same_key_fails)
{
    X509 *other =
        pki_leaf_new(&pki, pki.leaf_key, &(struct pki_leaf){.common_name = "Lain"});

    maker.certificate = other;
    make();
    expect_only("certificate", VERIFY_FAIL, "not the one that the signer named");
    X509_free(other);
}

Test(verify_cms, a_certificate_without_signing_usage_fails)
{
    X509 *other = pki_leaf_new(
        &pki, pki.leaf_key,
        &(struct pki_leaf){.common_name = "Enkripsi", .key_usage = "keyEncipherment"});

    maker.certificate = maker.ess = other;
    make();
    expect_only("certificate", VERIFY_FAIL, "key usage");
    X509_free(other);
}

Test(verify_cms, any_extended_key_usage_is_accepted)
{
    X509 *other =
        pki_leaf_new(&pki, pki.leaf_key,
                     &(struct pki_leaf){.common_name = "PDF",
                                        .extended_key_usage = "1.2.840.113583.1.1.5"});

    maker.certificate = maker.ess = other;
    make();
    expect_lawful();
    X509_free(other);
}

Test(verify_cms, a_short_rsa_key_fails)
{
    EVP_PKEY *weak = EVP_RSA_gen(1024);
    X509 *other = pki_leaf_new(&pki, weak, &(struct pki_leaf){.common_name = "Lemah"});

    maker.certificate = maker.ess = other;
    maker.key = weak;
    make();
    verify_cms(&input, &report);
    cr_expect_eq(check("signature")->mark, VERIFY_FAIL);
    cr_expect_eq(check("chain")->mark, VERIFY_FAIL);
    X509_free(other);
    EVP_PKEY_free(weak);
}

Test(verify_cms, an_expired_certificate_fails_and_the_day_is_named)
{
    make();
    input.at_us = 1798761600000000 + 1000000;
    expect_only("chain", VERIFY_FAIL, "2027-01-01");
}

Test(verify_cms, a_certificate_of_the_future_fails_and_the_day_is_named)
{
    X509 *other = pki_leaf_new(
        &pki, pki.leaf_key,
        &(struct pki_leaf){.common_name = "Nanti", .not_before_s = 1780272000});

    maker.certificate = maker.ess = other;
    make();
    expect_only("chain", VERIFY_FAIL, "2026-06-01");
    X509_free(other);
}

Test(verify_cms, an_unknown_anchor_fails)
{
    X509_STORE *empty = X509_STORE_new();

    make();
    input.anchors = empty;
    expect_only("chain", VERIFY_FAIL, "No chain");
    X509_STORE_free(empty);
}

Test(verify_cms, an_issuing_ca_alone_serves_as_anchor)
{
    X509_STORE *issuing = X509_STORE_new();

    X509_STORE_add_cert(issuing, pki.issuing);
    make();
    input.anchors = issuing;
    expect_only("chain", VERIFY_PASS, "CA Contoh G1");
    X509_STORE_free(issuing);
}

Test(verify_cms, without_anchors_the_chain_is_unknown_and_nothing_is_valid)
{
    make();
    input.anchors = NULL;
    expect_only("chain", VERIFY_UNKNOWN, "no anchors");
}

Test(verify_cms, a_signing_time_in_pades_fails_the_profile)
{
    maker.time_s = 1767225600;
    make();
    expect_only("profile", VERIFY_FAIL, "signing-time");
    cr_expect_str_eq(report.level, "");
}

Test(verify_cms, no_signing_time_in_cades_fails_the_profile)
{
    input.pades = false;
    make();
    expect_only("profile", VERIFY_FAIL, "signing-time");
}

Test(verify_cms, a_missing_signing_certificate_attribute_fails)
{
    maker.ess = NULL;
    make();
    verify_cms(&input, &report);
    cr_expect_eq(check("certificate")->mark, VERIFY_FAIL);
    cr_expect_eq(check("profile")->mark, VERIFY_FAIL);
    cr_expect_eq(check("signature")->mark, VERIFY_PASS);
    cr_expect_not(report.valid);
}

Test(verify_cms, a_second_message_digest_fails)
{
    maker.twice = true;
    make();
    verify_cms(&input, &report);
    cr_expect_eq(check("digest")->mark, VERIFY_FAIL);
    cr_expect_eq(check("profile")->mark, VERIFY_FAIL);
}

Test(verify_cms, sha1_is_not_accepted)
{
    uint8_t short_digest[20];

    EVP_Digest(letter, sizeof(letter), short_digest, NULL, EVP_sha1(), NULL);
    maker.md = "SHA1";
    maker.digest = slice_of(short_digest, sizeof(short_digest));
    make();
    verify_cms(&input, &report);
    cr_expect_eq(check("digest")->mark, VERIFY_FAIL);
    cr_expect_neq(strstr(check("digest")->text, "SHA-256"), NULL);
    cr_expect_not(report.valid);
}

/* What cannot be read fails the first check; the others are left open, not guessed. */
static void expect_unreadable(const char *word)
{
    verify_cms(&input, &report);
    cr_expect_eq(check("structure")->mark, VERIFY_FAIL);
    cr_expect_neq(strstr(check("structure")->text, word), NULL, "%s",
                  check("structure")->text);
    for (size_t i = 1; i < report.count; i++) {
        cr_expect_eq(report.checks[i].mark, VERIFY_UNKNOWN);
    }
    cr_expect_not(report.valid);
}

Test(verify_cms, content_inside_the_cms_fails)
{
    maker.embedded = letter;
    make();
    expect_unreadable("detached");
}

Test(verify_cms, no_signer_and_two_signers_fail)
{
    maker.signers = 2;
    make();
    expect_unreadable("exactly one signer");
    maker.signers = 0;
    make();
    expect_unreadable("exactly one signer");
}

Test(verify_cms, an_empty_signature_fails)
{
    expect_unreadable("empty");
}

Test(verify_cms, bytes_after_the_cms_fail)
{
    uint8_t longer[8192] = {0};

    make();
    memcpy(longer, made.data, made.len);
    input.cms = slice_of(longer, made.len + 1);
    expect_unreadable("bytes follow");
}

Test(verify_cms, every_truncation_fails)
{
    make();
    for (size_t len = 0; len < made.len; len++) {
        uint8_t *copy = malloc(len + (len == 0));
        memcpy(copy, made.data, len);
        input.cms = slice_of(copy, len);
        verify_cms(&input, &report);
        cr_expect_not(report.valid, "%zu bytes", len);
        free(copy);
    }
}

/* A few bytes stand outside the signature's protection (versions, tags of unused parts);
 * whatever passes must still name the same signer. */
Test(verify_cms, no_flipped_bit_makes_another_signer_valid)
{
    make();
    for (size_t i = 0; i < made.len; i++) {
        uint8_t *at = (uint8_t *)(uintptr_t)made.data + i;
        *at ^= 0x10;
        verify_cms(&input, &report);
        *at ^= 0x10;
        if (report.valid) {
            cr_expect_str_eq(report.signer, "Segel Kota Contoh");
            cr_expect_str_eq(report.algorithm, "ecdsa-sha256");
        }
    }
}

Test(verify_cms, control_characters_of_a_name_do_not_reach_the_terminal)
{
    X509 *other = pki_leaf_new(&pki, pki.leaf_key,
                               &(struct pki_leaf){.common_name = "A\x1b[2J\nB"});

    maker.certificate = maker.ess = other;
    make();
    verify_cms(&input, &report);
    cr_expect(report.valid);
    for (const char *at = report.signer; *at != '\0'; at++) {
        cr_expect(*at >= ' ', "%s", report.signer);
    }
    cr_expect_eq(strchr(report.signer_dn, '\x1b'), NULL);
    X509_free(other);
}
