#include <openssl/rand.h>

#include "gateway/tsa/token.h"

static void free_imprint(TS_MSG_IMPRINT **imprint)
{
    TS_MSG_IMPRINT_free(*imprint);
}

static void free_algorithm(X509_ALGOR **algorithm)
{
    X509_ALGOR_free(*algorithm);
}

static void free_integer(ASN1_INTEGER **integer)
{
    ASN1_INTEGER_free(*integer);
}

static bool set_imprint(TS_REQ *question, enum sg_hash hash, const uint8_t *digest)
{
    static const int nids[] = {NID_undef, NID_sha256, NID_sha384, NID_sha512};
    AUTO(free_imprint) TS_MSG_IMPRINT *imprint = TS_MSG_IMPRINT_new();
    AUTO(free_algorithm) X509_ALGOR *algorithm = X509_ALGOR_new();
    uint8_t copy[SG_HASH_MAX]; /* OpenSSL's function takes no const */

    memcpy(copy, digest, sg_hash_len(hash));
    return imprint != NULL && algorithm != NULL &&
           X509_ALGOR_set0(algorithm, OBJ_nid2obj(nids[hash]), V_ASN1_NULL, NULL) == 1 &&
           TS_MSG_IMPRINT_set_algo(imprint, algorithm) == 1 &&
           TS_MSG_IMPRINT_set_msg(imprint, copy, (int)sg_hash_len(hash)) == 1 &&
           TS_REQ_set_msg_imprint(question, imprint) == 1;
}

static bool set_nonce(TS_REQ *question)
{
    AUTO(free_integer) ASN1_INTEGER *nonce = ASN1_INTEGER_new();
    uint64_t value = 0;

    return nonce != NULL && RAND_bytes((unsigned char *)&value, sizeof(value)) == 1 &&
           ASN1_INTEGER_set_uint64(nonce, value) == 1 &&
           TS_REQ_set_nonce(question, nonce) == 1;
}

enum sg_status token_question(const struct tsa_trust *trust, enum sg_hash hash,
                              const uint8_t *digest, TS_REQ **out)
{
    TS_REQ *question = TS_REQ_new();

    MUST(sg_hash_valid((int)hash));
    if (question == NULL || TS_REQ_set_version(question, 1) != 1 ||
        !set_imprint(question, hash, digest) || !set_nonce(question) ||
        TS_REQ_set_cert_req(question, 1) != 1 ||
        (trust->policy != NULL && TS_REQ_set_policy_id(question, trust->policy) != 1)) {
        TS_REQ_free(question);
        return SG_NO_MEMORY;
    }
    *out = question;
    return SG_OK;
}

enum sg_status token_pack(TS_REQ *question, uint8_t out[TSA_QUESTION_MAX], size_t *len)
{
    uint8_t *at = out;
    int size = i2d_TS_REQ(question, NULL);

    if (size <= 0 || size > TSA_QUESTION_MAX || i2d_TS_REQ(question, &at) != size) {
        return SG_INTERNAL;
    }
    *len = (size_t)size;
    return SG_OK;
}
