#ifndef SEGEL_PROTO_PREFLIGHT_H
#define SEGEL_PROTO_PREFLIGHT_H

#include <protobuf-c/protobuf-c.h>

#include "proto/base.h"
#include "proto/slice.h"

/* What a message may cost before it is unpacked. */
struct preflight_limits {
    uint32_t max_depth; /* of nested messages; the outermost counts 1 */
    uint32_t
        max_elements; /* sub-messages, repeated and packed elements, map entries, all */
    uint32_t
        max_unknown; /* fields that the descriptor does not know; 0 where one signs */
};

/* Walks the wire bytes of one message before protobuf-c sees them, and refuses what
 * protobuf-c would take amiss: strings with NUL or bad UTF-8 (it would cut them), deep
 * nesting (it recurses), amplification, over-long tags and lengths, field numbers outside
 * 1 to 2^29-1, wire types that do not fit. Allocates nothing, any thread.
 * SG_INVALID: refused, why names the field. SG_TOO_LARGE: a limit is exceeded. */
SG_MUST_USE enum sg_status preflight(const ProtobufCMessageDescriptor *type,
                                     struct slice wire,
                                     const struct preflight_limits *limits,
                                     struct sg_error *why);

#endif
