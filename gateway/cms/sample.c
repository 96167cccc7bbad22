/* OpenSSL makes the one CMS from which a template is cut. It sees the public key only,
 * and its signing calls are never used: they add signing-time whenever it is missing,
 * which PAdES forbids (EN 319 142-1 section 6.3). */
#include <openssl/cms.h>
#include <openssl/rsa.h>

#include "gateway/cms/template.h"

static void free_cms(CMS_ContentInfo **cms)
{
    CMS_ContentInfo_free(*cms);
}

static void free_stack(STACK_OF(X509) * *stack)
{
    sk_X509_free(*stack);
}

static void free_pss(RSA_PSS_PARAMS **pss)
{
    RSA_PSS_PARAMS_free(*pss);
}

static void free_string(ASN1_STRING **string)
{
    ASN1_STRING_free(*string);
}

static void free_algor(X509_ALGOR **algor)
{
    X509_ALGOR_free(*algor);
}

static const EVP_MD *md_of(enum sg_hash hash)
{
    return EVP_get_digestbyname(cms_hash_openssl_name(hash));
}

/* With NULL parameters: inside RSASSA-PSS-params RFC 4055 section 2.1 asks for them. */
static X509_ALGOR *algor_of_md(const EVP_MD *md)
{
    X509_ALGOR *algor = X509_ALGOR_new();

    if (algor != NULL && X509_ALGOR_set0(algor, OBJ_nid2obj(EVP_MD_get_type(md)),
                                         V_ASN1_NULL, NULL) != 1) {
        X509_ALGOR_free(algor);
        return NULL;
    }
    return algor;
}

/* MGF1 with the same hash (RFC 8017 appendix A.2.3). */
static X509_ALGOR *mgf1_of_md(const EVP_MD *md)
{
    AUTO(free_algor) X509_ALGOR *hash = algor_of_md(md);
    AUTO(free_string) ASN1_STRING *packed = NULL;
    X509_ALGOR *mgf1 = X509_ALGOR_new();

    if (hash == NULL || mgf1 == NULL ||
        ASN1_item_pack(hash, ASN1_ITEM_rptr(X509_ALGOR), &packed) == NULL ||
        X509_ALGOR_set0(mgf1, OBJ_nid2obj(NID_mgf1), V_ASN1_SEQUENCE, packed) != 1) {
        X509_ALGOR_free(mgf1);
        return NULL;
    }
    packed = NULL;
    return mgf1;
}

/* Salt as long as the hash. trailerField is left at its default. */
static enum sg_status set_pss(X509_ALGOR *algor, const EVP_MD *md)
{
    AUTO(free_pss) RSA_PSS_PARAMS *pss = RSA_PSS_PARAMS_new();
    AUTO(free_string) ASN1_STRING *packed = NULL;

    if (pss == NULL) {
        return SG_NO_MEMORY;
    }
    pss->hashAlgorithm = algor_of_md(md);
    pss->maskGenAlgorithm = mgf1_of_md(md);
    pss->saltLength = ASN1_INTEGER_new();
    if (pss->hashAlgorithm == NULL || pss->maskGenAlgorithm == NULL ||
        pss->saltLength == NULL ||
        ASN1_INTEGER_set(pss->saltLength, EVP_MD_get_size(md)) != 1 ||
        ASN1_item_pack(pss, ASN1_ITEM_rptr(RSA_PSS_PARAMS), &packed) == NULL ||
        X509_ALGOR_set0(algor, OBJ_nid2obj(NID_rsassaPss), V_ASN1_SEQUENCE, packed) !=
            1) {
        return SG_NO_MEMORY;
    }
    packed = NULL;
    return SG_OK;
}

static enum sg_status add_attributes(CMS_SignerInfo *si, struct cms_shape shape)
{
    static const uint8_t nothing[SG_HASH_MAX] = {0};
    AUTO(free_string) ASN1_TIME *time = ASN1_TIME_new();

    if (time == NULL || ASN1_TIME_set_string(time, "700101000000Z") != 1) {
        return SG_NO_MEMORY;
    }
    bool good =
        CMS_signed_add1_attr_by_NID(si, NID_pkcs9_contentType, V_ASN1_OBJECT,
                                    OBJ_nid2obj(NID_pkcs7_data), -1) == 1 &&
        CMS_signed_add1_attr_by_NID(si, NID_pkcs9_messageDigest, V_ASN1_OCTET_STRING,
                                    nothing, (int)sg_hash_len(shape.hash)) == 1;
    if (good && shape.profile == SG_PROFILE_CADES_B_B) {
        good = CMS_signed_add1_attr_by_NID(si, NID_pkcs9_signingTime, V_ASN1_UTCTIME,
                                           time, -1) == 1;
    }
    return good ? SG_OK : SG_NO_MEMORY;
}

static enum sg_status add_signature(CMS_SignerInfo *si, struct cms_shape shape)
{
    static const uint8_t nothing[64] = {0};
    X509_ALGOR *algor = NULL;

    CMS_SignerInfo_get0_algs(si, NULL, NULL, NULL, &algor);
    if (shape.scheme == SG_SCHEME_RSA_PSS) {
        TRY(set_pss(algor, md_of(shape.hash)));
    }
    ASN1_OCTET_STRING *signature = CMS_SignerInfo_get0_signature(si);
    return ASN1_OCTET_STRING_set(signature, nothing, sizeof(nothing)) == 1 ? SG_OK
                                                                           : SG_NO_MEMORY;
}

static enum sg_status add_signer(CMS_ContentInfo *cms, X509 *certificate,
                                 struct cms_shape shape)
{
    CMS_SignerInfo *si =
        CMS_add1_signer(cms, certificate, X509_get0_pubkey(certificate),
                        md_of(shape.hash), CMS_NOSMIMECAP | CMS_CADES | CMS_PARTIAL);

    if (si == NULL) {
        return SG_INVALID;
    }
    TRY(add_attributes(si, shape));
    return add_signature(si, shape);
}

/* A chain file often begins with the certificate itself; OpenSSL refuses doubles. */
static bool seen_before(X509 *const *certificates, size_t index)
{
    for (size_t i = 0; i < index; i++) {
        if (X509_cmp(certificates[i], certificates[index]) == 0) {
            return true;
        }
    }
    return false;
}

static enum sg_status push_issuers(X509 *const *certificates, size_t count,
                                   STACK_OF(X509) * issuers)
{
    for (size_t i = 1; i < count; i++) {
        if (!seen_before(certificates, i) &&
            sk_X509_push(issuers, certificates[i]) <= 0) {
            return SG_NO_MEMORY;
        }
    }
    return SG_OK;
}

enum sg_status cms_sample(X509 *const *certificates, size_t count, struct cms_shape shape,
                          uint8_t **der, size_t *len)
{
    AUTO(free_stack) STACK_OF(X509) *issuers = sk_X509_new_null();

    if (issuers == NULL) {
        return SG_NO_MEMORY;
    }
    TRY(push_issuers(certificates, count, issuers));
    AUTO(free_cms)
    CMS_ContentInfo *cms =
        CMS_sign(NULL, NULL, issuers, NULL, CMS_PARTIAL | CMS_DETACHED | CMS_BINARY);
    if (cms == NULL) {
        return SG_INVALID;
    }
    TRY(add_signer(cms, certificates[0], shape));
    uint8_t *made = NULL;
    int made_len = i2d_CMS_ContentInfo(cms, &made);
    if (made_len <= 0) {
        return SG_NO_MEMORY;
    }
    *der = made;
    *len = (size_t)made_len;
    return SG_OK;
}
