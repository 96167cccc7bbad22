#ifndef SEGEL_TESTS_UNIT_PDF_SUPPORT_SIGNER_H
#define SEGEL_TESTS_UNIT_PDF_SUPPORT_SIGNER_H

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "client/pdf/pdf.h"

/* A key made for this run, and the signing that takes place elsewhere in the product. */
struct signer {
    EVP_PKEY *key;
    X509 *cert;
};

void signer_init(struct signer *signer);
void signer_fini(struct signer *signer);
/* Writes the certificate as PEM. */
void signer_write(const struct signer *signer, const char *path);
/* A detached CMS over the concatenation; the caller frees data with OPENSSL_free. */
struct slice signer_cms(const struct signer *signer, struct slice first,
                        struct slice second);

/* Lawful wish: SHA-256, 4096 bytes of room, a fixed time, invisible on page 1. */
struct pdf_wish signer_wish(void);
/* Prepares, signs and embeds. Whole: the signed file, to be freed with free. The status
 * is that of pdf_prepare; the other steps must not fail. */
enum sg_status signer_sign(const struct signer *signer, struct slice pdf,
                           const struct pdf_wish *wish, struct slice *whole,
                           enum pdf_refusal *refusal, struct sg_error *why);
void signer_free(struct slice whole);

#endif
