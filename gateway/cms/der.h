#ifndef SEGEL_GATEWAY_CMS_DER_H
#define SEGEL_GATEWAY_CMS_DER_H

#include "proto/base.h"
#include "proto/slice.h"

/* Just enough DER (X.690 section 10) to find one's way in a structure and to write its
 * headers: one-byte tags, definite lengths. */
enum {
    DER_OCTET_STRING = 0x04,
    DER_OID = 0x06,
    DER_UTC_TIME = 0x17,
    DER_SEQUENCE = 0x30,
    DER_SET = 0x31,
    DER_CONTEXT_0 = 0xa0,
    DER_CONTEXT_1 = 0xa1,
    DER_HEADER_MAX = 5 /* tag, 0x83, three bytes of length; der_write_header's bound */
};

struct der {
    uint8_t tag;
    size_t header;        /* bytes of tag and length */
    struct slice content; /* points into what was read */
};

/* Takes the first element off *rest. SG_INVALID: not DER as described above. */
SG_MUST_USE enum sg_status der_take(struct slice *rest, struct der *out);
/* The last element of *rest; *rest becomes what stands before it. */
SG_MUST_USE enum sg_status der_last(struct slice *rest, struct der *out);

/* Bytes of tag and length for a content of len < 2^24. */
size_t der_header_len(size_t len);
/* Writes them and returns how many; out holds DER_HEADER_MAX. */
size_t der_write_header(uint8_t *out, uint8_t tag, size_t len);

#endif
