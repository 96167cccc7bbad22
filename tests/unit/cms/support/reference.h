#ifndef SEGEL_TESTS_UNIT_CMS_SUPPORT_REFERENCE_H
#define SEGEL_TESTS_UNIT_CMS_SUPPORT_REFERENCE_H

#include <openssl/cms.h>

#include "gateway/cms/cms.h"
#include "tests/unit/cms/support/pki.h"

/* A CMS made and signed by OpenSSL alone, by its usual calls: what a template's output is
 * held against. For PAdES the signing-time is taken out afterwards, so its signature is
 * not valid, but its encoding is what it would be. */
CMS_ContentInfo *reference_cms(const struct pki *pki, struct cms_shape shape,
                               struct slice content);

/* What was filled into it. Borrowed from cms. */
struct cms_parts reference_parts(CMS_ContentInfo *cms);

/* DER; the caller frees it with OPENSSL_free. */
struct slice reference_der(CMS_ContentInfo *cms);

CMS_SignerInfo *reference_signer(CMS_ContentInfo *cms);

/* The raw signature of the leaf's key over a hash, as an HSM gives it after the gateway's
 * conversion. Returns its length; out holds SG_SIGNATURE_MAX. */
size_t reference_sign(EVP_PKEY *key, struct cms_shape shape, struct slice hash,
                      uint8_t *out);

const EVP_MD *reference_md(enum sg_hash hash);

#endif
