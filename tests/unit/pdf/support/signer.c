#define _GNU_SOURCE /* NOLINT: the name is the C library's */
#include "tests/unit/pdf/support/signer.h"

#include <openssl/cms.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/unit/pdf/support/letter.h"

void signer_init(struct signer *signer)
{
    X509 *cert = X509_new();
    EVP_PKEY *key = EVP_EC_gen("P-256");
    MUST(cert != NULL && key != NULL);

    MUST(X509_set_version(cert, 2) == 1);
    MUST(ASN1_INTEGER_set(X509_get_serialNumber(cert), 1) == 1);
    MUST(X509_gmtime_adj(X509_getm_notBefore(cert), -3600) != NULL);
    MUST(X509_gmtime_adj(X509_getm_notAfter(cert), 86400) != NULL);
    X509_NAME *name = X509_get_subject_name(cert);
    MUST(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                                    (const unsigned char *)"Test seal", -1, -1, 0) == 1);
    MUST(X509_set_issuer_name(cert, name) == 1);
    MUST(X509_set_pubkey(cert, key) == 1);
    MUST(X509_sign(cert, key, EVP_sha256()) > 0);
    signer->key = key;
    signer->cert = cert;
}

void signer_fini(struct signer *signer)
{
    EVP_PKEY_free(signer->key);
    X509_free(signer->cert);
    *signer = (struct signer){0};
}

void signer_write(const struct signer *signer, const char *path)
{
    FILE *file = fopen(path, "w");

    MUST(file != NULL && PEM_write_X509(file, signer->cert) == 1);
    MUST(fclose(file) == 0);
}

struct slice signer_cms(const struct signer *signer, struct slice first,
                        struct slice second)
{
    BIO *content = BIO_new(BIO_s_mem());
    MUST(content != NULL);
    MUST(BIO_write(content, first.data, (int)first.len) == (int)first.len);
    MUST(BIO_write(content, second.data, (int)second.len) == (int)second.len);
    CMS_ContentInfo *cms =
        CMS_sign(signer->cert, signer->key, NULL, content,
                 CMS_BINARY | CMS_DETACHED | CMS_NOSMIMECAP | CMS_CADES);
    MUST(cms != NULL);
    unsigned char *der = NULL;
    int len = i2d_CMS_ContentInfo(cms, &der);
    MUST(len > 0);
    CMS_ContentInfo_free(cms);
    BIO_free(content);
    return slice_of(der, (size_t)len);
}

struct pdf_wish signer_wish(void)
{
    return (struct pdf_wish){
        .hash = SG_HASH_SHA256,
        .reserve = 4096,
        .signing_time_us = INT64_C(1777683723000000), /* 2026-05-02T01:02:03Z */
    };
}

/* The hole is found as a reader of the file would find it: by its zeros. */
static struct slice second_part(struct slice appendix, size_t *hole)
{
    const uint8_t *key = memmem(appendix.data, appendix.len, "/Contents <0000",
                                sizeof("/Contents <0000") - 1);
    MUST(key != NULL);
    const uint8_t *open = key + sizeof("/Contents ") - 1;
    const uint8_t *close =
        memchr(open, '>', appendix.len - (size_t)(open - appendix.data));
    MUST(close != NULL);
    *hole = (size_t)(open - appendix.data);
    return slice_of(close + 1, appendix.len - (size_t)(close + 1 - appendix.data));
}

static uint8_t *join(struct slice a, struct slice b)
{
    uint8_t *both = malloc(a.len + b.len);

    MUST(both != NULL);
    memcpy(both, a.data, a.len);
    memcpy(both + a.len, b.data, b.len);
    return both;
}

static void finish(const struct signer *signer, struct slice pdf, struct pdf_job *job,
                   struct slice *whole)
{
    struct slice appendix;
    size_t hole = 0;

    MUST(pdf_embed(job, slice_of("", 0), &appendix) == SG_OK);
    struct slice second = second_part(appendix, &hole);
    uint8_t *first = join(pdf, slice_of(appendix.data, hole));
    struct slice cms = signer_cms(signer, slice_of(first, pdf.len + hole), second);
    MUST(pdf_embed(job, cms, &appendix) == SG_OK);
    *whole = slice_of(join(pdf, appendix), pdf.len + appendix.len);
    free(first);
    OPENSSL_free(letter_own(cms.data));
}

/* pdf_prepare with the signer before it. NOLINTNEXTLINE(readability-function-size) */
enum sg_status signer_sign(const struct signer *signer, struct slice pdf,
                           const struct pdf_wish *wish, struct slice *whole,
                           enum pdf_refusal *refusal, struct sg_error *why)
{
    struct pdf_job *job = NULL;

    *whole = (struct slice){0};
    TRY(pdf_prepare(pdf, wish, &job, refusal, why));
    finish(signer, pdf, job, whole);
    pdf_job_free(job);
    return SG_OK;
}

void signer_free(struct slice whole)
{
    free(letter_own(whole.data));
}
