#ifndef SEGEL_GATEWAY_TSA_TOKEN_H
#define SEGEL_GATEWAY_TSA_TOKEN_H

#include <openssl/ts.h>
#include <openssl/x509.h>

#include "proto/algorithm.h"
#include "proto/base.h"
#include "proto/slice.h"

/* Questions and answers of RFC 3161, without network, clock or state. */

enum {
    TSA_TOKEN_MAX = 12288,    /* public authorities send 4 to 8 kB */
    TSA_SERIAL_SIZE = 43,     /* RFC 3161 2.4.2: 160 bits, in hexadecimal */
    TSA_AUTHORITY_SIZE = 256, /* its address */
    TSA_QUESTION_MAX = 512,
    TSA_CHAIN_MAX = 16384
};

struct tsa_token {
    size_t len;
    int64_t time_us;
    char serial[TSA_SERIAL_SIZE];
    char authority[TSA_AUTHORITY_SIZE]; /* address that it came from */
    uint8_t der[TSA_TOKEN_MAX];         /* TimeStampToken (a CMS ContentInfo) */
};

/* What a token is believed by. */
struct tsa_trust {
    X509_STORE *anchors; /* borrowed */
    ASN1_OBJECT *policy; /* borrowed; NULL: any */
    int64_t skew_us;     /* how far its time may be from ours, its accuracy included */
};

/* A question with a fresh nonce that wants the authority's certificates in the answer.
 * SG_NO_MEMORY, SG_INTERNAL. The caller owns *out. */
SG_MUST_USE enum sg_status token_question(const struct tsa_trust *trust,
                                          enum sg_hash hash, const uint8_t *digest,
                                          TS_REQ **out);
SG_MUST_USE enum sg_status token_pack(TS_REQ *question, uint8_t out[TSA_QUESTION_MAX],
                                      size_t *len);

/* What came back to a question, and when. */
struct tsa_answer {
    TS_REQ *question; /* borrowed */
    struct slice bytes;
    int64_t now_us; /* wall clock */
};

/* Whether the bytes are a granted token for the question: imprint, nonce and policy are
 * those that were asked, it is signed by a certificate for time stamps alone that leads
 * to an anchor, by no hash that is broken, at a time that is now. SG_INVALID: why says
 * what is wrong. out->authority stays as it is. */
SG_MUST_USE enum sg_status token_judge(const struct tsa_trust *trust,
                                       const struct tsa_answer *answer,
                                       struct tsa_token *out, struct sg_error *why);

/* Certificates of a token that token_judge believed, from its signer's up to the anchor:
 * DER, one behind the other. SG_TOO_LARGE, SG_INVALID. */
SG_MUST_USE enum sg_status token_chain(const struct tsa_trust *trust, struct slice token,
                                       uint8_t out[TSA_CHAIN_MAX], size_t *len);

#endif
