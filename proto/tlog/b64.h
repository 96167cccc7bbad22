#ifndef SEGEL_PROTO_TLOG_B64_H
#define SEGEL_PROTO_TLOG_B64_H

#include "proto/base.h"
#include "proto/slice.h"
#include "proto/tlog/merkle.h"

/* Base64 of RFC 4648 section 4 with padding, and only its canonical form: one value has
 * one text, so that no signed text has two readings. */
enum { B64_HASH_LEN = 44 };

/* Characters for len bytes, without a final NUL. */
static inline size_t b64_len(size_t len)
{
    return (len + 2) / 3 * 4;
}

/* Writes b64_len(bytes.len) characters; no final NUL. */
void b64_encode(struct slice bytes, char *out);
/* SG_INVALID: another character, wrong padding, stray bits. SG_TOO_LARGE: above cap. */
SG_MUST_USE enum sg_status b64_decode(struct slice text, uint8_t *out, size_t cap,
                                      size_t *len);
/* Exactly one hash: 44 characters. */
SG_MUST_USE enum sg_status b64_decode_hash(struct slice text, struct tlog_hash *out);

#endif
