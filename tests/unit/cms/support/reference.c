#include "tests/unit/cms/support/reference.h"

#include <time.h>

#include <criterion/criterion.h>
#include <openssl/rsa.h>

const EVP_MD *reference_md(enum sg_hash hash)
{
    return EVP_get_digestbyname(sg_hash_name(hash));
}

static void use_pss(EVP_PKEY_CTX *context)
{
    cr_assert_eq(EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING), 1);
    cr_assert_eq(EVP_PKEY_CTX_set_rsa_pss_saltlen(context, RSA_PSS_SALTLEN_DIGEST), 1);
}

CMS_SignerInfo *reference_signer(CMS_ContentInfo *cms)
{
    return sk_CMS_SignerInfo_value(CMS_get0_SignerInfos(cms), 0);
}

CMS_ContentInfo *reference_cms(const struct pki *pki, struct cms_shape shape,
                               struct slice content)
{
    unsigned flags = CMS_PARTIAL | CMS_DETACHED | CMS_BINARY;
    unsigned signer_flags = CMS_NOSMIMECAP | CMS_CADES | CMS_PARTIAL;
    bool pss = shape.scheme == SG_SCHEME_RSA_PSS;
    STACK_OF(X509) *issuers = sk_X509_new_null();

    sk_X509_push(issuers, pki->issuing);
    CMS_ContentInfo *cms = CMS_sign(NULL, NULL, issuers, NULL, flags);
    sk_X509_free(issuers);
    CMS_SignerInfo *si =
        CMS_add1_signer(cms, pki->leaf, pki->leaf_key, reference_md(shape.hash),
                        signer_flags | (pss ? CMS_KEY_PARAM : 0));
    cr_assert_not_null(si);
    if (pss) {
        use_pss(CMS_SignerInfo_get0_pkey_ctx(si));
    }
    BIO *bio = BIO_new_mem_buf(content.data, (int)content.len);
    cr_assert_eq(CMS_final(cms, bio, NULL, CMS_DETACHED | CMS_BINARY), 1);
    BIO_free(bio);
    if (shape.profile == SG_PROFILE_PADES_B_B) {
        int at = CMS_signed_get_attr_by_NID(si, NID_pkcs9_signingTime, -1);
        X509_ATTRIBUTE_free(CMS_signed_delete_attr(si, at));
    }
    return cms;
}

static int64_t signing_time_us(CMS_SignerInfo *si)
{
    ASN1_TIME *time = CMS_signed_get0_data_by_OBJ(si, OBJ_nid2obj(NID_pkcs9_signingTime),
                                                  -3, V_ASN1_UTCTIME);
    struct tm parts;

    if (time == NULL || ASN1_TIME_to_tm(time, &parts) != 1) {
        return 0;
    }
    return (int64_t)timegm(&parts) * 1000000 + 123456;
}

struct cms_parts reference_parts(CMS_ContentInfo *cms)
{
    CMS_SignerInfo *si = reference_signer(cms);
    ASN1_OCTET_STRING *digest = CMS_signed_get0_data_by_OBJ(
        si, OBJ_nid2obj(NID_pkcs9_messageDigest), -3, V_ASN1_OCTET_STRING);
    ASN1_OCTET_STRING *signature = CMS_SignerInfo_get0_signature(si);

    return (struct cms_parts){
        .digest =
            slice_of(ASN1_STRING_get0_data(digest), (size_t)ASN1_STRING_length(digest)),
        .signature = slice_of(ASN1_STRING_get0_data(signature),
                              (size_t)ASN1_STRING_length(signature)),
        .signing_time_us = signing_time_us(si),
    };
}

struct slice reference_der(CMS_ContentInfo *cms)
{
    uint8_t *der = NULL;
    int len = i2d_CMS_ContentInfo(cms, &der);

    cr_assert_gt(len, 0);
    return slice_of(der, (size_t)len);
}

size_t reference_sign(EVP_PKEY *key, struct cms_shape shape, struct slice hash,
                      uint8_t *out)
{
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(key, NULL);
    size_t len = SG_SIGNATURE_MAX;

    cr_assert_eq(EVP_PKEY_sign_init(context), 1);
    if (shape.scheme == SG_SCHEME_RSA_PSS) {
        use_pss(context);
    }
    cr_assert_eq(EVP_PKEY_CTX_set_signature_md(context, reference_md(shape.hash)), 1);
    cr_assert_eq(EVP_PKEY_sign(context, out, &len, hash.data, hash.len), 1);
    EVP_PKEY_CTX_free(context);
    return len;
}
