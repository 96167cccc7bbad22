#ifndef SEGEL_TESTS_UNIT_VERIFY_SUPPORT_MAKER_H
#define SEGEL_TESTS_UNIT_VERIFY_SUPPORT_MAKER_H

#include <openssl/cms.h>

#include "proto/slice.h"
#include "tests/unit/cms/support/pki.h"
#include "tests/unit/verify/support/authority.h"

/* A CMS made with OpenSSL, every part of it to be chosen: the lawful one is made by
 * maker_lawful, and a test spoils one fact. */
struct maker {
    const struct pki *pki;
    X509 *certificate;    /* embedded, and named as the signer's */
    X509 *ess;            /* named in signing-certificate-v2; NULL = attribute missing */
    EVP_PKEY *key;        /* signs */
    const char *md;       /* "SHA256" */
    const char *embedded; /* content inside the CMS; NULL = detached */
    struct slice digest;  /* of the content */
    int64_t time_s;       /* signing-time; 0 = attribute missing */
    int signers;          /* how many SignerInfos */
    int stated;           /* NID of the stated signature algorithm; 0 = the true one */
    const struct authority *stamp; /* gives a time-stamp; NULL = none */
    bool stamp_other;              /* of other bytes than the signature value */
    bool pss;
    bool twice; /* message-digest stands twice */
};

/* PAdES: no signing-time. */
struct maker maker_lawful(const struct pki *pki, struct slice digest);

/* DER; the caller frees the bytes with OPENSSL_free. */
struct slice maker_make(const struct maker *maker);

#endif
