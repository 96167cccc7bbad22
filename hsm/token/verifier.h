#ifndef SEGEL_HSM_TOKEN_VERIFIER_H
#define SEGEL_HSM_TOKEN_VERIFIER_H

#include "hsm/token/sign.h"

/* Checks signatures with one public key. Keeps OpenSSL's contexts from one check to the
 * next: that is most of the cost of a small one. One thread at a time. The zero state is
 * valid for _fini. */
struct verifier {
    EVP_PKEY *key;       /* owned; this thread's own copy */
    EVP_PKEY_CTX *ctx;   /* owned; set up for mechanism and hash */
    EVP_MD_CTX *message; /* owned; for EDDSA */
    enum mechanism mechanism;
    enum sg_hash hash;
};

/* spki is the DER of a SubjectPublicKeyInfo. */
SG_MUST_USE enum sg_status verifier_init(struct verifier *verifier, struct slice spki);
void verifier_fini(struct verifier *verifier);

/* True only when the signature, as sign_encode made it, is good. */
bool verifier_check(struct verifier *verifier, const struct wanted *wanted,
                    const struct signature *signature);

#endif
