#ifndef SEGEL_PROTO_DIGEST_H
#define SEGEL_PROTO_DIGEST_H

#include "proto/algorithm.h"
#include "proto/slice.h"

/* Digests as records, policies and configurations write them: the hash's name, a colon,
 * and lower-case hexadecimal, "sha256:9f86…". Read are both cases. */
struct digest {
    enum sg_hash hash;
    uint8_t bytes[SG_HASH_MAX]; /* sg_hash_len(hash) of them */
};

/* SG_INVALID: it is no digest, or has more or fewer digits than its hash. */
SG_MUST_USE enum sg_status digest_parse(struct slice text, struct digest *out);
/* The same for SHA-256 alone. out is changed on SG_OK only. */
SG_MUST_USE enum sg_status digest_parse_sha256(struct slice text, uint8_t out[32]);

enum { DIGEST_SHA256_SIZE = 7 + 64 + 1 }; /* with the final NUL */
void digest_sha256_text(const uint8_t hash[32], char out[DIGEST_SHA256_SIZE]);

#endif
