#ifndef SEGEL_TESTS_UNIT_VERIFY_SUPPORT_AUTHORITY_H
#define SEGEL_TESTS_UNIT_VERIFY_SUPPORT_AUTHORITY_H

#include "proto/slice.h"
#include "tests/unit/cms/support/pki.h"

/* Who gives time-stamps and says who was revoked; under the same root as the signer. */
struct authority {
    const struct pki *pki; /* borrowed */
    X509 *certificate;     /* of the time-stamps; owned */
    EVP_PKEY *key;         /* owned */
    X509 *other;           /* borrowed: signs tokens with the same key though it may
                            * not; NULL = the lawful one does */
    int64_t time_s;        /* of the next time-stamp */
    bool no_signer;        /* tokens without SignerInfo; */
    bool no_certificates;  /* without certificates; */
    bool alone;            /* with its own alone */
    const EVP_MD *md;      /* of OCSP answers; NULL = SHA-256 */
    int64_t unsafe_s;      /* of those that revoke: invalidityDate; 0 = none; */
    bool no_reason;        /* without a reason, which is "unspecified" else */
};
void authority_make(struct authority *authority, const struct pki *pki, int64_t time_s);
void authority_free(struct authority *authority);

/* A token over bytes in two parts; DER, to be freed with OPENSSL_free, as all here. */
struct slice authority_token(const struct authority *authority, struct slice first,
                             struct slice second);

/* A list of the issuing CA (or, root set, of the root), good for a week from this_s. */
struct authority_list {
    int64_t this_s;
    bool root;
    const X509 *revoked; /* NULL = nobody */
    const X509 *too;     /* likewise, at the same time */
    int64_t revoked_s;
    int64_t unsafe_s;  /* invalidityDate; 0 = none */
    int reason;        /* CRLReason, from 1 on; 0 = none is stated */
    EVP_PKEY *key;     /* who signs it; NULL = the right one */
    const EVP_MD *md;  /* NULL = SHA-256 */
    const char *scope; /* of the issuing distribution point; NULL = all certificates */
    const char *kept;  /* "20250101000000Z": certificates that expired since then stay on
                        * the list (expiredCertsOnCRL); NULL = it does not say so */
};
struct slice authority_crl(const struct authority *authority,
                           const struct authority_list *list);

/* An OCSP answer of the issuing CA about one certificate, made at this_s and good for a
 * week. responder:
 * another certificate, with its key; NULL = the CA itself. */
struct slice authority_ocsp(const struct authority *authority, X509 *about, bool revoked,
                            int64_t this_s, X509 *responder, EVP_PKEY *key);

#endif
