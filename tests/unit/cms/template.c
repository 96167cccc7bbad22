/* A template's output against OpenSSL's own encoding, byte for byte. */
#include <stdlib.h>

#include <criterion/criterion.h>
#include <openssl/cms.h>

#include "gateway/cms/cms.h"
#include "tests/unit/cms/support/reference.h"
#include "tests/unit/cms/support/writable.h"

static const char letter[] = "Surat keterangan nomor 470/123/2026";

static struct cms_template *template_of(const struct pki *pki, struct cms_shape shape)
{
    X509 *const chain[] = {pki->leaf, pki->issuing};
    struct cms_template *template = NULL;
    struct sg_error why = {.text = ""};

    cr_assert_eq(cms_template_new(chain, 2, shape, &template, &why), SG_OK, "%s",
                 why.text);
    return template;
}

static void expect_same(const struct cms_template *template, CMS_ContentInfo *reference)
{
    struct cms_parts parts = reference_parts(reference);
    struct slice want = reference_der(reference);
    size_t cap = cms_max_len(template);
    uint8_t *made = malloc(cap);
    size_t len = 0;

    cr_assert_eq(cms_assemble(template, &parts, made, cap, &len), SG_OK);
    cr_expect(slice_equal(slice_of(made, len), want), "%zu bytes, OpenSSL has %zu", len,
              want.len);
    free(made);
    OPENSSL_free(writable(want));
}

/* ECDSA signatures have many lengths; each carries through six length fields. */
static void expect_same_for_all_lengths(const struct cms_template *template,
                                        CMS_ContentInfo *reference, size_t longest)
{
    uint8_t bytes[SG_SIGNATURE_MAX];
    ASN1_OCTET_STRING *signature =
        CMS_SignerInfo_get0_signature(reference_signer(reference));

    memset(bytes, 0x5a, sizeof(bytes));
    for (size_t len = 1; len <= longest; len++) {
        cr_assert_eq(ASN1_OCTET_STRING_set(signature, bytes, (int)len), 1);
        expect_same(template, reference);
    }
}

static void expect_verifies(const struct pki *pki, struct slice cms_der)
{
    const uint8_t *at = cms_der.data;
    CMS_ContentInfo *cms = d2i_CMS_ContentInfo(NULL, &at, (long)cms_der.len);
    BIO *content = BIO_new_mem_buf(letter, (int)sizeof(letter));
    X509_STORE *store = pki_store(pki);

    cr_assert_not_null(cms);
    cr_assert_eq(at, cms_der.data + cms_der.len);
    X509_VERIFY_PARAM_set_time(X509_STORE_get0_param(store), 1767225600);
    X509_STORE_set_purpose(store, X509_PURPOSE_ANY);
    cr_expect_eq(CMS_verify(cms, NULL, store, content, NULL, CMS_BINARY | CMS_CADES), 1,
                 "OpenSSL refuses the signature");
    X509_STORE_free(store);
    BIO_free(content);
    CMS_ContentInfo_free(cms);
}

/* The whole way: hash the letter, sign what the template says, assemble, verify. */
static void expect_signs(const struct pki *pki, const struct cms_template *template,
                         struct cms_shape shape)
{
    uint8_t digest[SG_HASH_MAX];
    uint8_t tbs[SG_HASH_MAX];
    uint8_t signature[SG_SIGNATURE_MAX];
    uint8_t made[16384];
    size_t tbs_len = 0;
    size_t len = 0;
    struct cms_parts parts = {.signing_time_us = 1767225600123456};

    EVP_Digest(letter, sizeof(letter), digest, NULL, reference_md(shape.hash), NULL);
    parts.digest = slice_of(digest, sg_hash_len(shape.hash));
    cr_assert_eq(
        cms_to_be_signed(template, parts.digest, parts.signing_time_us, tbs, &tbs_len),
        SG_OK);
    parts.signature =
        slice_of(signature,
                 reference_sign(pki->leaf_key, shape, slice_of(tbs, tbs_len), signature));
    cr_assert_eq(cms_assemble(template, &parts, made, sizeof(made), &len), SG_OK);
    cr_expect_leq(len, cms_max_len(template));
    expect_verifies(pki, slice_of(made, len));
}

static void check_shape(const struct pki *pki, struct cms_shape shape)
{
    struct cms_template *template = template_of(pki, shape);
    CMS_ContentInfo *reference = reference_cms(pki, shape, slice_str(letter));

    expect_same(template, reference);
    expect_signs(pki, template, shape);
    if (shape.scheme == SG_SCHEME_ECDSA) {
        expect_same_for_all_lengths(template, reference,
                                    (size_t)EVP_PKEY_get_size(pki->leaf_key));
    }
    CMS_ContentInfo_free(reference);
    cms_template_free(template);
}

static void check_key(enum pki_key kind, enum sg_scheme scheme)
{
    struct pki pki;

    pki_make(&pki, kind);
    for (int hash = SG_HASH_SHA256; hash < SG_HASH_COUNT; hash++) {
        struct cms_shape shape = {.scheme = scheme, .hash = (enum sg_hash)hash};
        shape.profile = SG_PROFILE_PADES_B_B;
        check_shape(&pki, shape);
        shape.profile = SG_PROFILE_CADES_B_B;
        check_shape(&pki, shape);
    }
    pki_free(&pki);
}

Test(cms_template, rsa_2048_pkcs1_equals_openssl_and_verifies)
{
    check_key(PKI_RSA_2048, SG_SCHEME_RSA_PKCS1);
}

Test(cms_template, rsa_3072_pkcs1_equals_openssl_and_verifies)
{
    check_key(PKI_RSA_3072, SG_SCHEME_RSA_PKCS1);
}

Test(cms_template, rsa_4096_pkcs1_equals_openssl_and_verifies)
{
    check_key(PKI_RSA_4096, SG_SCHEME_RSA_PKCS1);
}

Test(cms_template, rsa_2048_pss_equals_openssl_and_verifies)
{
    check_key(PKI_RSA_2048, SG_SCHEME_RSA_PSS);
}

Test(cms_template, rsa_3072_pss_equals_openssl_and_verifies)
{
    check_key(PKI_RSA_3072, SG_SCHEME_RSA_PSS);
}

Test(cms_template, p256_equals_openssl_for_every_signature_length)
{
    check_key(PKI_P256, SG_SCHEME_ECDSA);
}

Test(cms_template, p384_equals_openssl_for_every_signature_length)
{
    check_key(PKI_P384, SG_SCHEME_ECDSA);
}
