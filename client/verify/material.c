#include "client/verify/material.h"

#include <openssl/err.h>
#include <openssl/pem.h>

DEFINE_STACK_OF(OCSP_BASICRESP)

void verify_material_certificate(struct verify_material *material, struct slice der)
{
    const uint8_t *at = der.data;
    X509 *certificate = der.len > LONG_MAX ? NULL : d2i_X509(NULL, &at, (long)der.len);

    if (material->certificates == NULL) {
        material->certificates = sk_X509_new_null();
    }
    if (certificate == NULL ||
        sk_X509_num(material->certificates) >= VERIFY_MATERIAL_MAX ||
        sk_X509_push(material->certificates, certificate) <= 0) {
        X509_free(certificate);
    }
}

static bool take_crl(struct verify_material *material, X509_CRL *crl)
{
    if (material->crls == NULL) {
        material->crls = sk_X509_CRL_new_null();
    }
    bool taken = crl != NULL && sk_X509_CRL_num(material->crls) < VERIFY_MATERIAL_MAX &&
                 sk_X509_CRL_push(material->crls, crl) > 0;
    if (!taken) {
        X509_CRL_free(crl);
    }
    return taken;
}

static bool add_crl(struct verify_material *material, struct slice der)
{
    const uint8_t *at = der.data;

    return der.len <= LONG_MAX &&
           take_crl(material, d2i_X509_CRL(NULL, &at, (long)der.len));
}

void verify_material_crl(struct verify_material *material, struct slice der)
{
    (void)add_crl(material, der);
}

/* A whole answer, or, as some writers put into a DSS, what is signed in it. */
static OCSP_BASICRESP *read_answer(struct slice der)
{
    const uint8_t *at = der.data;
    OCSP_RESPONSE *response = d2i_OCSP_RESPONSE(NULL, &at, (long)der.len);
    OCSP_BASICRESP *answer = response == NULL ? NULL : OCSP_response_get1_basic(response);

    OCSP_RESPONSE_free(response);
    if (answer == NULL) {
        at = der.data;
        answer = d2i_OCSP_BASICRESP(NULL, &at, (long)der.len);
    }
    return answer;
}

static bool add_ocsp(struct verify_material *material, struct slice der)
{
    OCSP_BASICRESP *answer = der.len > LONG_MAX ? NULL : read_answer(der);

    if (material->answers == NULL) {
        material->answers = sk_OCSP_BASICRESP_new_null();
    }
    bool taken = answer != NULL &&
                 sk_OCSP_BASICRESP_num(material->answers) < VERIFY_MATERIAL_MAX &&
                 sk_OCSP_BASICRESP_push(material->answers, answer) > 0;
    if (!taken) {
        OCSP_BASICRESP_free(answer);
    }
    return taken;
}

void verify_material_ocsp(struct verify_material *material, struct slice der)
{
    (void)add_ocsp(material, der);
}

static size_t add_pem_crls(struct verify_material *material, struct slice bytes)
{
    BIO *bio = bytes.len > INT_MAX ? NULL : BIO_new_mem_buf(bytes.data, (int)bytes.len);
    size_t count = 0;

    for (X509_CRL *crl = NULL;
         bio != NULL && (crl = PEM_read_bio_X509_CRL(bio, NULL, NULL, NULL)) != NULL;) {
        count += take_crl(material, crl) ? 1 : 0;
    }
    BIO_free(bio);
    return count;
}

enum sg_status verify_material_file(struct verify_material *material, struct slice bytes,
                                    bool ocsp)
{
    bool taken = ocsp ? add_ocsp(material, bytes)
                      : add_crl(material, bytes) || add_pem_crls(material, bytes) > 0;

    ERR_clear_error();
    return taken ? SG_OK : SG_INVALID;
}

void verify_material_fini(struct verify_material *material)
{
    sk_X509_pop_free(material->certificates, X509_free);
    sk_X509_CRL_pop_free(material->crls, X509_CRL_free);
    sk_OCSP_BASICRESP_pop_free(material->answers, OCSP_BASICRESP_free);
    *material = (struct verify_material){.crls = NULL};
}
