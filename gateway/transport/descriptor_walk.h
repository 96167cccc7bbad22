#ifndef SEGEL_GATEWAY_TRANSPORT_DESCRIPTOR_WALK_H
#define SEGEL_GATEWAY_TRANSPORT_DESCRIPTOR_WALK_H

#include "gateway/transport/descriptors.h"

/* Inside of descriptors.c: fields of a message on the wire, and all that a file declares.
 * Both take any bytes: what is malformed ends them with SG_INVALID. */

struct wire_field {
    uint32_t number;
    bool is_bytes;
    uint64_t value;     /* of a varint; 0 for other numbers */
    struct slice bytes; /* of a length-delimited field */
};
/* Takes one field from *rest. SG_NOT_FOUND: there is none left. */
SG_MUST_USE enum sg_status wire_next(struct slice *rest, struct wire_field *field);

/* Something that is declared: the bytes of its own descriptor. */
struct descriptor {
    enum descriptor_kind kind;
    struct slice name;
    struct slice bytes;
};
/* Takes what a descriptor of this kind declares next directly in it from *rest: in a file
 * its messages, in a message its fields. SG_NOT_FOUND: no more. */
SG_MUST_USE enum sg_status descriptor_next(enum descriptor_kind kind, struct slice *rest,
                                           struct descriptor *found);

/* Everything that a file declares, at any depth. */
struct descriptor_walk {
    size_t depth;
    struct {
        enum descriptor_kind kind;
        struct slice rest;
    } levels[DESCRIPTOR_DEPTH_MAX];
};
void descriptor_walk_start(struct descriptor_walk *walk, struct slice file);
/* SG_NOT_FOUND: no more. SG_TOO_LARGE: nested too deeply. */
SG_MUST_USE enum sg_status descriptor_walk_next(struct descriptor_walk *walk,
                                                struct descriptor *found);

#endif
