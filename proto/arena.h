#ifndef SEGEL_PROTO_ARENA_H
#define SEGEL_PROTO_ARENA_H

#include <protobuf-c/protobuf-c.h>

#include "proto/base.h"

/* Memory of one call: a bump allocator over one block. Nothing is freed alone; a reset
 * frees all. Refuses when full instead of growing, so a hostile message costs what the
 * arena holds and no more. One thread at a time. The zero state is valid for _fini. */
struct arena {
    uint8_t *base; /* owned */
    size_t cap;
    size_t used;
    ProtobufCAllocator allocator; /* hands out of this arena; for protobuf-c */
};

/* SG_NO_MEMORY: the block could not be had. The arena must not move afterwards: the
 * allocator points at it. */
SG_MUST_USE enum sg_status arena_init(struct arena *arena, size_t cap);
void arena_fini(struct arena *arena);
void arena_reset(struct arena *arena);

/* 16-byte aligned, not cleared. NULL when full. */
void *arena_alloc(struct arena *arena, size_t size);

#endif
