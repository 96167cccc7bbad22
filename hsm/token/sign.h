#ifndef SEGEL_HSM_TOKEN_SIGN_H
#define SEGEL_HSM_TOKEN_SIGN_H

#include "hsm/token/key.h"
#include "hsm/token/mechanism.h"
#include "proto/algorithm.h"

/* One signature: what is wanted, the module's calls, and the form that the world
 * expects. Nothing here allocates, keeps state or knows threads. */

enum { SIGN_MESSAGE_MAX = 4096 };

struct wanted {
    enum mechanism mechanism;
    enum sg_hash hash;  /* of which input is the digest; SG_HASH_NONE for EDDSA */
    struct slice input; /* EDDSA: the message, at most SIGN_MESSAGE_MAX bytes */
};

struct signature {
    uint8_t data[SG_SIGNATURE_MAX];
    size_t len;
};

/* The key's type fits the mechanism, the hash is known, the input has its length and,
 * with RSA, the modulus has room for it. */
bool sign_fits(const struct key *key, const struct wanted *wanted);

/* C_SignInit and C_Sign, once. On CKR_OK *raw is what the module gave, unchecked. After
 * any other code the session may hold a half-done operation: close it. */
CK_RV sign_raw(struct reach reach, CK_OBJECT_HANDLE handle, const struct wanted *wanted,
               struct signature *raw);

/* The signature as CMS wants it: ECDSA as DER, the rest as it is. False when its length
 * cannot be right. */
bool sign_encode(const struct key *key, const struct signature *raw,
                 struct signature *out);

/* The OpenSSL object of the hash; NULL for SG_HASH_NONE. */
const EVP_MD *sign_md(enum sg_hash hash);

#endif
