#include "proto/signature_digest.h"

#include <openssl/err.h>
#include <openssl/rsa.h>

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

bool signature_digest(const X509_ALGOR *algorithm, int *nid)
{
    int signature = OBJ_obj2nid(algorithm->algorithm);
    int key = NID_undef;

    *nid = NID_undef;
    if (signature == NID_rsassaPss) {
        *nid = pss_digest(algorithm);
        return *nid != NID_undef;
    }
    return OBJ_find_sigid_algs(signature, nid, &key) == 1;
}
