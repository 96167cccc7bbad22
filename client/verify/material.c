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

/* Takes the list, also where it is given up. SG_INVALID: it is none. */
static enum sg_status take_crl(struct verify_material *material, X509_CRL *crl)
{
    if (material->crls == NULL) {
        material->crls = sk_X509_CRL_new_null();
    }
    bool full = crl != NULL && sk_X509_CRL_num(material->crls) >= VERIFY_MATERIAL_MAX;
    if (crl == NULL || full || sk_X509_CRL_push(material->crls, crl) <= 0) {
        X509_CRL_free(crl);
        return full ? SG_TOO_LARGE : SG_INVALID;
    }
    return SG_OK;
}

/* whole: nothing may stand behind it, which nobody would read. */
static enum sg_status add_crl(struct verify_material *material, struct slice der,
                              bool whole)
{
    const uint8_t *at = der.data;
    X509_CRL *crl = der.len > LONG_MAX ? NULL : d2i_X509_CRL(NULL, &at, (long)der.len);

    if (whole && at != der.data + der.len) {
        X509_CRL_free(crl);
        return SG_INVALID;
    }
    return take_crl(material, crl);
}

void verify_material_crl(struct verify_material *material, struct slice der)
{
    (void)add_crl(material, der, false);
}

/* A whole answer, or, as some writers put into a DSS, what is signed in it. end: just
 * behind it. */
static OCSP_BASICRESP *read_answer(struct slice der, const uint8_t **end)
{
    *end = der.data;
    OCSP_RESPONSE *response = d2i_OCSP_RESPONSE(NULL, end, (long)der.len);
    OCSP_BASICRESP *answer = response == NULL ? NULL : OCSP_response_get1_basic(response);

    OCSP_RESPONSE_free(response);
    if (answer == NULL) {
        *end = der.data;
        answer = d2i_OCSP_BASICRESP(NULL, end, (long)der.len);
    }
    return answer;
}

static enum sg_status add_ocsp(struct verify_material *material, struct slice der,
                               bool whole)
{
    const uint8_t *end = NULL;
    OCSP_BASICRESP *answer = der.len > LONG_MAX ? NULL : read_answer(der, &end);

    if (material->answers == NULL) {
        material->answers = sk_OCSP_BASICRESP_new_null();
    }
    bool full =
        answer != NULL && sk_OCSP_BASICRESP_num(material->answers) >= VERIFY_MATERIAL_MAX;
    bool torn = whole && end != der.data + der.len;
    if (answer == NULL || torn || full ||
        sk_OCSP_BASICRESP_push(material->answers, answer) <= 0) {
        OCSP_BASICRESP_free(answer);
        return full && !torn ? SG_TOO_LARGE : SG_INVALID;
    }
    return SG_OK;
}

void verify_material_ocsp(struct verify_material *material, struct slice der)
{
    (void)add_ocsp(material, der, false);
}

/* --- Files ---------------------------------------------------------------------------
 */

/* A list that is passed over may be the one that revokes: a file counts as a whole or not
 * at all. */

static size_t count_words(struct slice text, const char *words)
{
    size_t len = strlen(words);
    size_t count = 0;

    for (size_t at = 0; at + len <= text.len; at++) {
        count += memcmp(text.data + at, words, len) == 0 ? 1 : 0;
    }
    return count;
}

/* DER has bytes that no text has. */
static bool is_text(struct slice bytes)
{
    for (size_t i = 0; i < bytes.len; i++) {
        uint8_t byte = bytes.data[i];
        bool blank = byte == '\t' || byte == '\n' || byte == '\f' || byte == '\r';
        if (byte < ' ' && !blank) {
            return false;
        }
    }
    return true;
}

struct pem_block {
    char *name;
    char *header;
    uint8_t *data;
    long len;
};

static void free_block(struct pem_block *block)
{
    OPENSSL_free(block->name);
    OPENSSL_free(block->header);
    OPENSSL_free(block->data);
}

/* SG_NOT_FOUND: there is no block any more. Certificates may stand beside the lists. */
static enum sg_status take_block(struct verify_material *material, BIO *bio,
                                 size_t *lists)
{
    AUTO(free_block) struct pem_block block = {.name = NULL};

    if (PEM_read_bio(bio, &block.name, &block.header, &block.data, &block.len) != 1) {
        bool at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
        return at_end ? SG_NOT_FOUND : SG_INVALID;
    }
    if (strcmp(block.name, PEM_STRING_X509_CRL) != 0) {
        return strstr(block.name, PEM_STRING_X509) != NULL ? SG_OK : SG_INVALID;
    }
    (*lists)++;
    return add_crl(material, slice_of(block.data, (size_t)block.len), true);
}

static enum sg_status add_pem_crls(struct verify_material *material, struct slice text)
{
    BIO *bio = text.len > INT_MAX ? NULL : BIO_new_mem_buf(text.data, (int)text.len);
    enum sg_status status = bio == NULL ? SG_INVALID : SG_OK;
    size_t lists = 0;
    size_t blocks = 0;

    for (; status == SG_OK; blocks += status == SG_OK ? 1 : 0) {
        status = take_block(material, bio, &lists);
    }
    BIO_free(bio);
    if (status != SG_NOT_FOUND) {
        return status;
    }
    /* Where a line that begins or ends one is damaged, OpenSSL goes on to the next. */
    bool all = count_words(text, "-----BEGIN") == blocks &&
               count_words(text, "-----END") == blocks;
    return lists > 0 && all ? SG_OK : SG_INVALID;
}

enum sg_status verify_material_file(struct verify_material *material, struct slice bytes,
                                    bool ocsp)
{
    enum sg_status status = ocsp             ? add_ocsp(material, bytes, true)
                            : is_text(bytes) ? add_pem_crls(material, bytes)
                                             : add_crl(material, bytes, true);

    material->given = true;
    ERR_clear_error();
    return status;
}

void verify_material_fini(struct verify_material *material)
{
    sk_X509_pop_free(material->certificates, X509_free);
    sk_X509_CRL_pop_free(material->crls, X509_CRL_free);
    sk_OCSP_BASICRESP_pop_free(material->answers, OCSP_BASICRESP_free);
    *material = (struct verify_material){.crls = NULL};
}
