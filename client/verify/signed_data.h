#ifndef SEGEL_CLIENT_VERIFY_SIGNED_DATA_H
#define SEGEL_CLIENT_VERIFY_SIGNED_DATA_H

#include "proto/base.h"
#include "proto/slice.h"

/* The certificates of a CMS, told apart from the rest without decoding either (RFC 5652
 * sections 3 and 5.1). */
struct signed_data {
    struct slice whole;
    struct slice certificates; /* the element, its tag and length with it */
};

/* Finds them. false: the CMS is not, byte by byte, a ContentInfo in DER whose content has
 * a version, digest algorithms, encapsulated content, certificates and signers, each once
 * and nothing else. So of the rest nothing is said: true is no claim that it is sound. */
bool signed_data_split(struct slice cms, struct signed_data *out);

/* The same CMS as if it had come without them. The caller frees *out. SG_NO_MEMORY. */
SG_MUST_USE enum sg_status signed_data_bare(const struct signed_data *data, uint8_t **out,
                                            size_t *len);

#endif
