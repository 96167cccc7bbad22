#ifndef SEGEL_TESTS_UNIT_CERT_SUPPORT_MAKER_H
#define SEGEL_TESTS_UNIT_CERT_SUPPORT_MAKER_H

#include <openssl/x509.h>

#include "proto/base.h"

/* Certificates made at test time. 2026-05-02T01:00:00Z is "now" of all of them. */
#define MAKER_NOW_S INT64_C(1777683600)

struct made {
    EVP_PKEY *key;
    X509 *certificate;
};

struct maker_extension {
    int nid; /* 0 ends the list; -1: value is a critical extension nobody knows */
    const char *value;
};

struct maker_spec {
    const char *subject[8][2]; /* {"O", "…"}, ends with NULL */
    int rsa_bits;              /* 0: EC on P-256 */
    const char *digest;        /* NULL: SHA256 */
    int64_t from_s;            /* relative to now */
    int64_t until_s;
    struct maker_extension extensions[8];
    const struct made *issuer; /* NULL: self-signed */
};

/* The lawful cast: root, issuing CA, seal. A test copies a spec and spoils one fact. The
 * seal is of RSA, its issuers of P-256, which is made in no time. */
struct maker_spec maker_root(void);
struct maker_spec maker_issuing(const struct made *root);
struct maker_spec maker_seal(const struct made *issuing);

struct made maker_make(const struct maker_spec *spec);
void maker_free(struct made *made);
/* Writes count certificates as PEM into a new temporary file; path holds 32 bytes. */
void maker_write(char path[32], const struct made *const *all, size_t count);
/* The same for any text. */
void maker_write_text(char path[32], const char *text);

#endif
