#include "tests/unit/verify/support/authority.h"

#include <criterion/criterion.h>
#include <openssl/cms.h>
#include <openssl/evp.h>
#include <openssl/ocsp.h>
#include <openssl/ts.h>
#include <openssl/x509v3.h>

#include "tests/unit/cms/support/writable.h"

enum { WEEK_S = 7 * 86400 };

void authority_make(struct authority *authority, const struct pki *pki, int64_t time_s)
{
    *authority =
        (struct authority){.pki = pki, .key = pki_key_new(PKI_P256), .time_s = time_s};
    authority->certificate =
        pki_leaf_new(pki, authority->key,
                     &(struct pki_leaf){.common_name = "TSA Contoh",
                                        .key_usage = "critical,digitalSignature",
                                        .extended_key_usage = "critical,timeStamping"});
}

void authority_free(struct authority *authority)
{
    X509_free(authority->certificate);
    EVP_PKEY_free(authority->key);
}

/* --- Time-stamps ---------------------------------------------------------------------
 */

static ASN1_INTEGER *next_serial(TS_RESP_CTX *context, void *user)
{
    static uint64_t last;
    ASN1_INTEGER *serial = ASN1_INTEGER_new();

    (void)context;
    (void)user;
    cr_assert_eq(ASN1_INTEGER_set_uint64(serial, ++last), 1);
    return serial;
}

static int tell_time(TS_RESP_CTX *context, void *user, long *s, long *us)
{
    (void)context;
    *s = (long)((const struct authority *)user)->time_s;
    *us = 0;
    return 1;
}

static BIO *question(struct slice first, struct slice second)
{
    uint8_t digest[32];
    EVP_MD_CTX *hash = EVP_MD_CTX_new();
    TS_REQ *request = TS_REQ_new();
    TS_MSG_IMPRINT *imprint = TS_MSG_IMPRINT_new();
    X509_ALGOR *algor = X509_ALGOR_new();
    BIO *out = BIO_new(BIO_s_mem());

    EVP_DigestInit_ex(hash, EVP_sha256(), NULL);
    EVP_DigestUpdate(hash, first.data, first.len);
    EVP_DigestUpdate(hash, second.data, second.len);
    EVP_DigestFinal_ex(hash, digest, NULL);
    X509_ALGOR_set_md(algor, EVP_sha256());
    TS_MSG_IMPRINT_set_algo(imprint, algor);
    TS_MSG_IMPRINT_set_msg(imprint, digest, sizeof(digest));
    TS_REQ_set_version(request, 1);
    TS_REQ_set_msg_imprint(request, imprint);
    TS_REQ_set_cert_req(request, 1);
    cr_assert_eq(i2d_TS_REQ_bio(out, request), 1);
    EVP_MD_CTX_free(hash);
    TS_REQ_free(request);
    TS_MSG_IMPRINT_free(imprint);
    X509_ALGOR_free(algor);
    return out;
}

/* The same text, signed under another certificate, which OpenSSL's own authority would
 * not do. */
static struct slice sign_again(const struct authority *authority, struct slice token)
{
    const uint8_t *at = token.data;
    CMS_ContentInfo *made = d2i_CMS_ContentInfo(NULL, &at, (long)token.len);
    ASN1_OCTET_STRING *text = *CMS_get0_content(made);
    BIO *in = BIO_new_mem_buf(ASN1_STRING_get0_data(text), ASN1_STRING_length(text));
    STACK_OF(X509) *issuers = sk_X509_new_null();
    unsigned flags = CMS_BINARY | CMS_CADES | CMS_PARTIAL | CMS_NOSMIMECAP;
    uint8_t *der = NULL;

    sk_X509_push(issuers, authority->pki->issuing);
    CMS_ContentInfo *again =
        CMS_sign(authority->other, authority->key, issuers, NULL, flags);
    cr_assert_not_null(again);
    cr_assert_eq(CMS_set1_eContentType(again, OBJ_nid2obj(NID_id_smime_ct_TSTInfo)), 1);
    CMS_set_detached(again, 0);
    cr_assert_eq(CMS_final(again, in, NULL, flags), 1);
    int len = i2d_CMS_ContentInfo(again, &der);
    CMS_ContentInfo_free(made);
    CMS_ContentInfo_free(again);
    BIO_free(in);
    sk_X509_free(issuers);
    OPENSSL_free(writable(token));
    return slice_of(der, (size_t)len);
}

static struct slice strip(const struct authority *authority, struct slice token)
{
    const uint8_t *at = token.data;
    PKCS7 *made = d2i_PKCS7(NULL, &at, (long)token.len);
    uint8_t *der = NULL;

    cr_assert_not_null(made);
    while (authority->no_signer &&
           sk_PKCS7_SIGNER_INFO_num(made->d.sign->signer_info) > 0) {
        PKCS7_SIGNER_INFO_free(sk_PKCS7_SIGNER_INFO_pop(made->d.sign->signer_info));
    }
    for (int i = sk_X509_num(made->d.sign->cert); i > 0; i--) {
        X509 *one = sk_X509_value(made->d.sign->cert, i - 1);
        bool own = X509_cmp(one, authority->certificate) == 0;
        if (authority->no_certificates || (authority->alone && !own)) {
            X509_free(sk_X509_delete(made->d.sign->cert, i - 1));
        }
    }
    int len = i2d_PKCS7(made, &der);
    cr_assert_gt(len, 0);
    PKCS7_free(made);
    OPENSSL_free(writable(token));
    return slice_of(der, (size_t)len);
}

struct slice authority_token(const struct authority *authority, struct slice first,
                             struct slice second)
{
    TS_RESP_CTX *context = TS_RESP_CTX_new();
    ASN1_OBJECT *policy = OBJ_txt2obj("1.2.3.4.1", 1);
    STACK_OF(X509) *issuers = sk_X509_new_null();
    BIO *in = question(first, second);
    struct authority copy = *authority;
    uint8_t *der = NULL;

    sk_X509_push(issuers, authority->pki->issuing);
    TS_RESP_CTX_set_serial_cb(context, next_serial, NULL);
    TS_RESP_CTX_set_time_cb(context, tell_time, &copy);
    cr_assert_eq(TS_RESP_CTX_set_signer_cert(context, authority->certificate), 1);
    cr_assert_eq(TS_RESP_CTX_set_signer_key(context, authority->key), 1);
    cr_assert_eq(TS_RESP_CTX_set_certs(context, issuers), 1);
    TS_RESP_CTX_set_signer_digest(context, EVP_sha256());
    TS_RESP_CTX_set_ess_cert_id_digest(context, EVP_sha256());
    TS_RESP_CTX_set_def_policy(context, policy);
    TS_RESP_CTX_add_md(context, EVP_sha256());
    TS_RESP *response = TS_RESP_create_response(context, in);
    cr_assert(response != NULL && TS_RESP_get_token(response) != NULL);
    int len = i2d_PKCS7(TS_RESP_get_token(response), &der);
    cr_assert_gt(len, 0);
    TS_RESP_free(response);
    TS_RESP_CTX_free(context);
    ASN1_OBJECT_free(policy);
    sk_X509_free(issuers);
    BIO_free(in);
    struct slice token = strip(authority, slice_of(der, (size_t)len));
    return authority->other == NULL ? token : sign_again(authority, token);
}

/* --- Who was revoked -----------------------------------------------------------------
 */

/* The caller frees it. */
static ASN1_GENERALIZEDTIME *unsafe_since(int64_t time_s)
{
    ASN1_GENERALIZEDTIME *time = ASN1_GENERALIZEDTIME_set(NULL, time_s);

    cr_assert_not_null(time);
    return time;
}

static void revoke(X509_CRL *crl, const struct authority_list *list, const X509 *whom)
{
    X509_REVOKED *entry = X509_REVOKED_new();
    ASN1_TIME *since = ASN1_TIME_set(NULL, list->revoked_s);

    cr_assert_eq(X509_REVOKED_set_serialNumber(
                     entry, (ASN1_INTEGER *)(uintptr_t)X509_get0_serialNumber(whom)),
                 1);
    cr_assert_eq(X509_REVOKED_set_revocationDate(entry, since), 1);
    if (list->unsafe_s != 0) {
        ASN1_GENERALIZEDTIME *unsafe = unsafe_since(list->unsafe_s);
        cr_assert_eq(X509_REVOKED_add1_ext_i2d(entry, NID_invalidity_date, unsafe, 0, 0),
                     1);
        ASN1_GENERALIZEDTIME_free(unsafe);
    }
    if (list->reason != 0) {
        ASN1_ENUMERATED *reason = ASN1_ENUMERATED_new();
        cr_assert_eq(ASN1_ENUMERATED_set(reason, list->reason), 1);
        cr_assert_eq(X509_REVOKED_add1_ext_i2d(entry, NID_crl_reason, reason, 0, 0), 1);
        ASN1_ENUMERATED_free(reason);
    }
    cr_assert_eq(X509_CRL_add0_revoked(crl, entry), 1);
    ASN1_TIME_free(since);
}

static void keep_expired(X509_CRL *crl, const char *since)
{
    ASN1_OBJECT *object = OBJ_txt2obj("2.5.29.60", 1);
    ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
    uint8_t der[2 + 15] = {V_ASN1_GENERALIZEDTIME, 15};

    cr_assert_eq(strlen(since), 15);
    memcpy(der + 2, since, 15);
    ASN1_OCTET_STRING_set(value, der, sizeof(der));
    X509_EXTENSION *extension = X509_EXTENSION_create_by_OBJ(NULL, object, 0, value);
    cr_assert_eq(X509_CRL_add_ext(crl, extension, -1), 1);
    X509_EXTENSION_free(extension);
    ASN1_OCTET_STRING_free(value);
    ASN1_OBJECT_free(object);
}

struct slice authority_crl(const struct authority *authority,
                           const struct authority_list *list)
{
    const struct pki *pki = authority->pki;
    X509_CRL *crl = X509_CRL_new();
    ASN1_TIME *from = ASN1_TIME_set(NULL, list->this_s);
    ASN1_TIME *until = ASN1_TIME_set(NULL, list->this_s + WEEK_S);
    EVP_PKEY *key = list->root ? pki->root_key : pki->issuing_key;
    uint8_t *der = NULL;

    X509_CRL_set_version(crl, 1);
    X509_CRL_set_issuer_name(
        crl, X509_get_subject_name(list->root ? pki->root : pki->issuing));
    X509_CRL_set1_lastUpdate(crl, from);
    X509_CRL_set1_nextUpdate(crl, until);
    if (list->revoked != NULL) {
        revoke(crl, list, list->revoked);
    }
    if (list->too != NULL) {
        revoke(crl, list, list->too);
    }
    if (list->scope != NULL) {
        X509_EXTENSION *scope =
            X509V3_EXT_conf_nid(NULL, NULL, NID_issuing_distribution_point, list->scope);
        cr_assert_not_null(scope);
        X509_CRL_add_ext(crl, scope, -1);
        X509_EXTENSION_free(scope);
    }
    if (list->kept != NULL) {
        keep_expired(crl, list->kept);
    }
    cr_assert_gt(X509_CRL_sign(crl, list->key == NULL ? key : list->key,
                               list->md == NULL ? EVP_sha256() : list->md),
                 0);
    int len = i2d_X509_CRL(crl, &der);
    X509_CRL_free(crl);
    ASN1_TIME_free(from);
    ASN1_TIME_free(until);
    return slice_of(der, (size_t)len);
}

/* The parameters are the header's. NOLINTNEXTLINE(readability-function-size) */
struct slice authority_ocsp(const struct authority *authority, X509 *about, bool revoked,
                            int64_t this_s, X509 *responder, EVP_PKEY *key)
{
    OCSP_BASICRESP *answer = OCSP_BASICRESP_new();
    OCSP_CERTID *id = OCSP_cert_to_id(EVP_sha1(), about, authority->pki->issuing);
    ASN1_TIME *from = ASN1_GENERALIZEDTIME_set(NULL, this_s);
    ASN1_TIME *until = ASN1_GENERALIZEDTIME_set(NULL, this_s + WEEK_S);
    uint8_t *der = NULL;

    OCSP_SINGLERESP *single = OCSP_basic_add1_status(
        answer, id, revoked ? V_OCSP_CERTSTATUS_REVOKED : V_OCSP_CERTSTATUS_GOOD,
        authority->no_reason ? OCSP_REVOKED_STATUS_NOSTATUS
                             : OCSP_REVOKED_STATUS_UNSPECIFIED,
        revoked ? from : NULL, from, until);
    cr_assert_not_null(single);
    if (revoked && authority->unsafe_s != 0) {
        ASN1_GENERALIZEDTIME *unsafe = unsafe_since(authority->unsafe_s);
        cr_assert_eq(
            OCSP_SINGLERESP_add1_ext_i2d(single, NID_invalidity_date, unsafe, 0, 0), 1);
        ASN1_GENERALIZEDTIME_free(unsafe);
    }
    const ASN1_GENERALIZEDTIME *made = OCSP_resp_get0_produced_at(answer);
    cr_assert_not_null(
        ASN1_GENERALIZEDTIME_set((ASN1_GENERALIZEDTIME *)(uintptr_t)made, this_s));
    cr_assert_eq(OCSP_basic_sign(answer,
                                 responder == NULL ? authority->pki->issuing : responder,
                                 responder == NULL ? authority->pki->issuing_key : key,
                                 authority->md == NULL ? EVP_sha256() : authority->md,
                                 NULL, OCSP_NOTIME),
                 1);
    OCSP_RESPONSE *response =
        OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, answer);
    int len = i2d_OCSP_RESPONSE(response, &der);
    cr_assert_gt(len, 0);
    OCSP_RESPONSE_free(response);
    OCSP_BASICRESP_free(answer);
    OCSP_CERTID_free(id);
    ASN1_TIME_free(from);
    ASN1_TIME_free(until);
    return slice_of(der, (size_t)len);
}
