#ifndef SEGEL_CLIENT_COMMANDS_MANDATE_DIGESTS_H
#define SEGEL_CLIENT_COMMANDS_MANDATE_DIGESTS_H

#include <protobuf-c/protobuf-c.h>

#include "proto/mandate.h"

/* Hashes of documents, as a mandate names them. */
struct mandate_digests {
    uint8_t *bytes;             /* owned: one behind the other */
    ProtobufCBinaryData *items; /* owned: into bytes */
    size_t count;
};

/* A file with one hexadecimal hash a line; empty lines and what begins with '#' are
 * passed over. SG_INVALID: a line is none, or there are none or too many. SG_IO,
 * SG_TOO_LARGE, SG_NO_MEMORY. */
SG_MUST_USE enum sg_status mandate_digests_read(const char *path, enum sg_hash hash,
                                                struct mandate_digests *out,
                                                struct sg_error *why);
/* The zero state is valid. */
void mandate_digests_free(struct mandate_digests *digests);

#endif
