#ifndef SEGEL_TESTS_UNIT_CMS_SUPPORT_PKI_H
#define SEGEL_TESTS_UNIT_CMS_SUPPORT_PKI_H

#include <stdint.h>

#include <openssl/x509.h>

/* A root, an issuing CA and a leaf, made on the spot. Keys exist in this process only. */
enum pki_key { PKI_RSA_2048, PKI_RSA_3072, PKI_RSA_4096, PKI_P256, PKI_P384 };

struct pki {
    EVP_PKEY *root_key;
    EVP_PKEY *issuing_key;
    EVP_PKEY *leaf_key;
    X509 *root;
    X509 *issuing;
    X509 *leaf;
};

/* A leaf of BSrE's shape: digitalSignature and nonRepudiation, a policy OID, two years
 * from 2025-01-01. */
void pki_make(struct pki *pki, enum pki_key leaf);
void pki_free(struct pki *pki);

EVP_PKEY *pki_key_new(enum pki_key kind);

/* Another certificate for subject_key, signed by the issuing CA. */
struct pki_leaf {
    const char *common_name;
    int64_t not_before_s;           /* 0 = 2025-01-01 */
    int64_t not_after_s;            /* 0 = 2027-01-01 */
    const char *key_usage;          /* NULL = digitalSignature,nonRepudiation */
    const char *extended_key_usage; /* NULL = none */
};
X509 *pki_leaf_new(const struct pki *pki, EVP_PKEY *subject_key,
                   const struct pki_leaf *wish);

/* A store that trusts the root. */
X509_STORE *pki_store(const struct pki *pki);

#endif
