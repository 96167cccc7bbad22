#ifndef SEGEL_PROTO_TLOG_KEY_ID_H
#define SEGEL_PROTO_TLOG_KEY_ID_H

#include "proto/base.h"
#include "proto/slice.h"

/* The ids of note keys as bytes, shared inside this module. */

static inline uint32_t note_id_read(const uint8_t bytes[4])
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 |
           (uint32_t)bytes[3];
}

static inline void note_id_write(uint32_t id, uint8_t bytes[4])
{
    bytes[0] = (uint8_t)(id >> 24);
    bytes[1] = (uint8_t)(id >> 16);
    bytes[2] = (uint8_t)(id >> 8);
    bytes[3] = (uint8_t)id;
}

#endif
