#ifndef SEGEL_GATEWAY_SERVICE_PB_H
#define SEGEL_GATEWAY_SERVICE_PB_H

#include <protobuf-c/protobuf-c.h>

#include "proto/base.h"
#include "proto/slice.h"

/* protobuf-c's structs have no const members; nothing writes through these. */
static inline char *pb_text(const char *text)
{
    return (char *)sg_unconst(text == NULL ? "" : text);
}

static inline ProtobufCBinaryData pb_bytes(struct slice bytes)
{
    return (ProtobufCBinaryData){.len = bytes.len,
                                 .data = (uint8_t *)sg_unconst(bytes.data)};
}

static inline struct slice pb_slice(const ProtobufCBinaryData *bytes)
{
    return slice_of(bytes->data, bytes->len);
}

#endif
