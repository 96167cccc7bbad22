#include "client/verify/strength.h"

#include <openssl/evp.h>

#include "proto/signature_digest.h"

enum { BITS_MIN = 112 };

/* Half of its bits is what a collision costs. */
static bool digest_is_enough(int nid)
{
    const EVP_MD *md = EVP_get_digestbynid(nid);

    return md != NULL && EVP_MD_get_size(md) * 4 >= BITS_MIN;
}

bool strength_is_enough(const X509_ALGOR *algorithm, const EVP_PKEY *key)
{
    int digest = NID_undef;

    if (key == NULL || EVP_PKEY_get_security_bits(key) < BITS_MIN ||
        !signature_digest(algorithm, &digest)) {
        return false;
    }
    /* Ed25519 and Ed448 name none: it is a part of them. */
    return digest == NID_undef || digest_is_enough(digest);
}
