#include "tests/unit/verify/support/maker.h"

#include <stdlib.h>

#include <criterion/criterion.h>
#include <openssl/ess.h>
#include <openssl/rsa.h>

#include "tests/unit/cms/support/writable.h"

struct maker maker_lawful(const struct pki *pki, struct slice digest)
{
    return (struct maker){.pki = pki,
                          .certificate = pki->leaf,
                          .ess = pki->leaf,
                          .key = pki->leaf_key,
                          .md = "SHA256",
                          .digest = digest,
                          .signers = 1};
}

static void add_ess(CMS_SignerInfo *si, const struct maker *maker)
{
    ESS_SIGNING_CERT_V2 *ess = OSSL_ESS_signing_cert_v2_new_init(
        EVP_get_digestbyname(maker->md), maker->ess, NULL, 1);
    uint8_t *der = NULL;
    int len = i2d_ESS_SIGNING_CERT_V2(ess, &der);

    cr_assert_gt(len, 0);
    cr_assert_eq(CMS_signed_add1_attr_by_NID(si, NID_id_smime_aa_signingCertificateV2,
                                             V_ASN1_SEQUENCE, der, len),
                 1);
    OPENSSL_free(der);
    ESS_SIGNING_CERT_V2_free(ess);
}

static void add_attributes(CMS_SignerInfo *si, const struct maker *maker)
{
    CMS_signed_add1_attr_by_NID(si, NID_pkcs9_contentType, V_ASN1_OBJECT,
                                OBJ_nid2obj(NID_pkcs7_data), -1);
    for (int i = 0; i < 1 + maker->twice; i++) {
        CMS_signed_add1_attr_by_NID(si, NID_pkcs9_messageDigest, V_ASN1_OCTET_STRING,
                                    maker->digest.data, (int)maker->digest.len);
    }
    if (maker->time_s != 0) {
        ASN1_TIME *time = ASN1_TIME_set(NULL, maker->time_s);
        CMS_signed_add1_attr_by_NID(si, NID_pkcs9_signingTime, time->type, time, -1);
        ASN1_TIME_free(time);
    }
    if (maker->ess != NULL) {
        add_ess(si, maker);
    }
}

struct encoding {
    uint8_t *der;
    int len;
};

static int by_bytes(const void *left, const void *right)
{
    const struct encoding *a = left;
    const struct encoding *b = right;
    int order = memcmp(a->der, b->der, (size_t)(a->len < b->len ? a->len : b->len));

    return order != 0 ? order : a->len - b->len;
}

/* SET OF Attribute in DER: what is signed. */
static size_t attributes_der(CMS_SignerInfo *si, uint8_t out[4096])
{
    struct encoding all[8] = {{.der = NULL}};
    int count = CMS_signed_get_attr_count(si);
    int total = 0;

    for (int i = 0; i < count; i++) {
        all[i].len = i2d_X509_ATTRIBUTE(CMS_signed_get_attr(si, i), &all[i].der);
        total += all[i].len;
    }
    qsort(all, (size_t)count, sizeof(all[0]), by_bytes);
    uint8_t *at = out;
    ASN1_put_object(&at, 1, total, V_ASN1_SET, V_ASN1_UNIVERSAL);
    for (int i = 0; i < count; i++) {
        memcpy(at, all[i].der, (size_t)all[i].len);
        at += all[i].len;
        OPENSSL_free(all[i].der);
    }
    return (size_t)(at - out);
}

static void set_pss_algorithm(CMS_SignerInfo *si, EVP_MD_CTX *context)
{
    X509_ALGOR *algor = NULL;
    EVP_PKEY_CTX *key_context = EVP_MD_CTX_get_pkey_ctx(context);
    OSSL_PARAM params[2];
    uint8_t aid[256];

    cr_assert_eq(EVP_PKEY_CTX_set_rsa_padding(key_context, RSA_PKCS1_PSS_PADDING), 1);
    cr_assert_eq(EVP_PKEY_CTX_set_rsa_pss_saltlen(key_context, RSA_PSS_SALTLEN_DIGEST),
                 1);
    params[0] = OSSL_PARAM_construct_octet_string("algorithm-id", aid, sizeof(aid));
    params[1] = OSSL_PARAM_construct_end();
    cr_assert_eq(EVP_PKEY_CTX_get_params(key_context, params), 1);
    const uint8_t *at = aid;
    CMS_SignerInfo_get0_algs(si, NULL, NULL, NULL, &algor);
    X509_ALGOR *made = d2i_X509_ALGOR(NULL, &at, (long)params[0].return_size);
    cr_assert_not_null(made);
    cr_assert_eq(X509_ALGOR_copy(algor, made), 1);
    X509_ALGOR_free(made);
}

static void sign(CMS_SignerInfo *si, const struct maker *maker)
{
    uint8_t attributes[4096];
    uint8_t signature[1024];
    size_t signature_len = sizeof(signature);
    EVP_MD_CTX *context = EVP_MD_CTX_new();

    cr_assert_eq(EVP_DigestSignInit(context, NULL, EVP_get_digestbyname(maker->md), NULL,
                                    maker->key),
                 1);
    if (maker->pss) {
        set_pss_algorithm(si, context);
    }
    size_t len = attributes_der(si, attributes);
    cr_assert_eq(EVP_DigestSign(context, signature, &signature_len, attributes, len), 1);
    ASN1_OCTET_STRING_set(CMS_SignerInfo_get0_signature(si), signature,
                          (int)signature_len);
    EVP_MD_CTX_free(context);
}

static void add_stamp(CMS_SignerInfo *si, const struct maker *maker)
{
    const ASN1_OCTET_STRING *value = CMS_SignerInfo_get0_signature(si);
    struct slice bytes =
        slice_of(ASN1_STRING_get0_data(value),
                 (size_t)ASN1_STRING_length(value) - (maker->stamp_other ? 1 : 0));
    struct slice token = authority_token(maker->stamp, bytes, slice_of(NULL, 0));

    cr_assert_eq(CMS_unsigned_add1_attr_by_NID(si, NID_id_smime_aa_timeStampToken,
                                               V_ASN1_SEQUENCE, token.data,
                                               (int)token.len),
                 1);
    OPENSSL_free(writable(token));
}

static void add_signer(CMS_ContentInfo *cms, const struct maker *maker, unsigned flags)
{
    CMS_SignerInfo *si = CMS_add1_signer(
        cms, maker->certificate, X509_get0_pubkey(maker->certificate),
        EVP_get_digestbyname(maker->md), CMS_NOSMIMECAP | CMS_PARTIAL | flags);

    cr_assert_not_null(si);
    if (maker->stated != 0) {
        X509_ALGOR *algor = NULL;
        CMS_SignerInfo_get0_algs(si, NULL, NULL, NULL, &algor);
        X509_ALGOR_set0(algor, OBJ_nid2obj(maker->stated), V_ASN1_UNDEF, NULL);
    }
    add_attributes(si, maker);
    sign(si, maker);
    if (maker->stamp != NULL) {
        add_stamp(si, maker);
    }
}

struct slice maker_make(const struct maker *maker)
{
    STACK_OF(X509) *issuers = sk_X509_new_null();
    uint8_t *der = NULL;

    sk_X509_push(issuers, maker->pki->issuing);
    CMS_ContentInfo *cms =
        CMS_sign(NULL, NULL, issuers, NULL, CMS_PARTIAL | CMS_DETACHED | CMS_BINARY);
    sk_X509_free(issuers);
    cr_assert_not_null(cms);
    if (maker->embedded != NULL) {
        CMS_set_detached(cms, 0);
        ASN1_OCTET_STRING_set(*CMS_get0_content(cms), (const uint8_t *)maker->embedded,
                              -1);
    }
    for (int i = 0; i < maker->signers; i++) {
        add_signer(cms, maker, i == 0 ? 0 : CMS_NOCERTS);
    }
    int len = i2d_CMS_ContentInfo(cms, &der);
    cr_assert_gt(len, 0);
    CMS_ContentInfo_free(cms);
    return slice_of(der, (size_t)len);
}
