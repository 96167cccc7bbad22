#include <openssl/err.h>
#include <openssl/x509.h>
#include <string.h>

#include "hsm/ceremony/inside.h"
#include "hsm/keys/request.h"
#include "hsm/token/object.h"

/* The request for a certificate, and the certificate. */

static void free_certificate(X509 **certificate)
{
    X509_free(*certificate);
}

static void free_request(X509_REQ **request)
{
    X509_REQ_free(*request);
}

static void free_bytes(uint8_t **bytes)
{
    OPENSSL_free(*bytes);
}

enum sg_status ceremony_csr(const struct ceremony_order *order,
                            struct ceremony_report *report)
{
    AUTO(free_request) X509_REQ *request = NULL;
    AUTO(free_bytes) uint8_t *der = NULL;
    TRY(request_subject(order->subject, &report->trouble));
    TRY(ceremony_need_key(order, report));
    const struct request_wish wish = {order->subject, false};
    TRY(request_make(ceremony_reach(report), &report->key, &wish, &request,
                     &report->trouble));
    int len = i2d_X509_REQ(request, &der);
    if (len <= 0 || (size_t)len > sizeof(report->csr)) {
        return trouble_config(&report->trouble, "the request is too large");
    }
    memcpy(report->csr, der, (size_t)len);
    report->csr_len = (size_t)len;
    return SG_OK;
}

/* The names and the number as they stand in the certificate, in DER. */
struct certificate_parts {
    uint8_t *subject; /* owned, and so below */
    uint8_t *issuer;
    uint8_t *serial;
    int subject_len;
    int issuer_len;
    int serial_len;
};

static void free_parts(struct certificate_parts *parts)
{
    OPENSSL_free(parts->subject);
    OPENSSL_free(parts->issuer);
    OPENSSL_free(parts->serial);
}

static CK_RV create(const struct ceremony_order *order,
                    const struct ceremony_report *report,
                    const struct certificate_parts *parts)
{
    CK_OBJECT_CLASS class = CKO_CERTIFICATE;
    CK_CERTIFICATE_TYPE type = CKC_X_509;
    CK_BBOOL yes = CK_TRUE;
    CK_BBOOL no = CK_FALSE;
    CK_OBJECT_HANDLE handle = 0;
    struct reach reach = ceremony_reach(report);
    CK_ATTRIBUTE template[] = {
        {CKA_CLASS, &class, sizeof(class)},
        {CKA_CERTIFICATE_TYPE, &type, sizeof(type)},
        {CKA_TOKEN, &yes, sizeof(yes)},
        {CKA_PRIVATE, &no, sizeof(no)},
        {CKA_ID, sg_unconst(order->ref.id), order->ref.id_len},
        {CKA_LABEL, sg_unconst(order->label), strlen(order->label)},
        {CKA_SUBJECT, parts->subject, (CK_ULONG)parts->subject_len},
        {CKA_ISSUER, parts->issuer, (CK_ULONG)parts->issuer_len},
        {CKA_SERIAL_NUMBER, parts->serial, (CK_ULONG)parts->serial_len},
        {CKA_VALUE, sg_unconst(order->certificate), order->certificate_len}};
    return reach.fn->C_CreateObject(reach.session, template, SG_COUNT(template), &handle);
}

/* Whether the one certificate of this id is this one. */
static enum sg_status same_certificate(const struct ceremony_order *order,
                                       struct ceremony_report *report)
{
    static uint8_t value[CEREMONY_CERTIFICATE_MAX];
    struct object object = {ceremony_reach(report), 0};
    unsigned count = 0;
    size_t len = sizeof(value);
    CK_RV rv = key_find(object.reach, CKO_CERTIFICATE, ceremony_id(order), &object.handle,
                        &count);
    rv = rv != CKR_OK || count != 1 ? rv : object_bytes(object, CKA_VALUE, value, &len);
    if (rv != CKR_OK) {
        return trouble_rv(&report->trouble, rv, "the certificate cannot be read back");
    }
    return count == 1 && slice_equal(slice_of(value, len),
                                     slice_of(order->certificate, order->certificate_len))
               ? SG_OK
               : trouble_config(&report->trouble,
                                "the token has another certificate for the key '%s'",
                                order->ref.name);
}

static enum sg_status read_parts(const struct ceremony_order *order,
                                 const struct key *key, struct certificate_parts *parts,
                                 struct trouble *trouble)
{
    const uint8_t *der = order->certificate;
    const uint8_t *spki = key->spki;
    AUTO(free_certificate)
    X509 *certificate = d2i_X509(NULL, &der, (long)order->certificate_len);
    if (certificate == NULL || der != order->certificate + order->certificate_len) {
        ERR_clear_error();
        return trouble_config(trouble, "the certificate is no X.509 certificate in DER");
    }
    EVP_PKEY *public = d2i_PUBKEY(NULL, &spki, (long)key->spki_len);
    bool same = public != NULL && EVP_PKEY_eq(public, X509_get0_pubkey(certificate)) == 1;
    EVP_PKEY_free(public);
    ERR_clear_error();
    if (!same) {
        return trouble_config(trouble,
                              "the certificate is of another key: its public key is not "
                              "the one of the token's key '%s'",
                              order->ref.name);
    }
    parts->subject_len =
        i2d_X509_NAME(X509_get_subject_name(certificate), &parts->subject);
    parts->issuer_len = i2d_X509_NAME(X509_get_issuer_name(certificate), &parts->issuer);
    parts->serial_len =
        i2d_ASN1_INTEGER(X509_get0_serialNumber(certificate), &parts->serial);
    return parts->subject_len > 0 && parts->issuer_len > 0 && parts->serial_len > 0
               ? SG_OK
               : trouble_config(trouble, "the certificate's names cannot be read");
}

enum sg_status ceremony_import(const struct ceremony_order *order,
                               struct ceremony_report *report)
{
    AUTO(free_parts) struct certificate_parts parts = {0};
    TRY(ceremony_need_key(order, report));
    TRY(read_parts(order, &report->key, &parts, &report->trouble));
    if (report->presence.certificates == 0) {
        report->untouched = false;
        CK_RV rv = create(order, report, &parts);
        if (rv != CKR_OK) {
            report->untouched = ceremony_look(ceremony_reach(report), ceremony_id(order),
                                              &report->presence) == CKR_OK &&
                                report->presence.certificates == 0;
            return trouble_rv(&report->trouble, rv,
                              "the token does not take the certificate");
        }
        TRY(ceremony_search(order, report));
    }
    return same_certificate(order, report);
}
