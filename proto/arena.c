#include "proto/arena.h"

#include <stdlib.h>

enum { ALIGNMENT = 16 };

void *arena_alloc(struct arena *arena, size_t size)
{
    size_t room = arena->cap - arena->used;

    if (size > room || room - size < ALIGNMENT - 1) {
        return NULL;
    }
    void *block = arena->base + arena->used;
    arena->used += (size + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
    return block;
}

static void *allocate(void *arena, size_t size)
{
    return arena_alloc((struct arena *)arena, size);
}

static void release_nothing(void *arena, void *block)
{
    (void)arena;
    (void)block;
}

enum sg_status arena_init(struct arena *arena, size_t cap)
{
    *arena = (struct arena){.base = (uint8_t *)malloc(cap), .cap = cap};
    arena->allocator = (ProtobufCAllocator){
        .alloc = allocate, .free = release_nothing, .allocator_data = arena};
    return arena->base == NULL ? SG_NO_MEMORY : SG_OK;
}

void arena_fini(struct arena *arena)
{
    free(arena->base);
    *arena = (struct arena){0};
}

void arena_reset(struct arena *arena)
{
    arena->used = 0;
}
