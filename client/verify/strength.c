#include "client/verify/strength.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

enum { BITS_MIN = 112 };

/* RFC 8017 A.2.3: the digest stands in the parameters, and one that does not is SHA-1. */
static int pss_digest(const X509_ALGOR *algorithm)
{
    RSA_PSS_PARAMS *params = (RSA_PSS_PARAMS *)ASN1_TYPE_unpack_sequence(
        ASN1_ITEM_rptr(RSA_PSS_PARAMS), algorithm->parameter);
    int nid = params == NULL || params->hashAlgorithm == NULL
                  ? NID_sha1
                  : OBJ_obj2nid(params->hashAlgorithm->algorithm);

    RSA_PSS_PARAMS_free(params);
    ERR_clear_error();
    return nid;
}

/* Half of its bits is what a collision costs. */
static bool digest_is_enough(int nid)
{
    const EVP_MD *md = EVP_get_digestbynid(nid);

    return md != NULL && EVP_MD_get_size(md) * 4 >= BITS_MIN;
}

bool strength_is_enough(const X509_ALGOR *algorithm, const EVP_PKEY *key)
{
    int signature = OBJ_obj2nid(algorithm->algorithm);
    int digest = NID_undef;
    int kind = NID_undef;

    if (key == NULL || EVP_PKEY_get_security_bits(key) < BITS_MIN) {
        return false;
    }
    if (signature == NID_rsassaPss) {
        return digest_is_enough(pss_digest(algorithm));
    }
    if (OBJ_find_sigid_algs(signature, &digest, &kind) != 1) {
        return false;
    }
    /* Ed25519 and Ed448 name none: it is a part of them. */
    return digest == NID_undef || digest_is_enough(digest);
}
