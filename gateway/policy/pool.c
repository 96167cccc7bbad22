#include "gateway/policy/pool.h"

#include <stdlib.h>
#include <string.h>

struct pool_block {
    struct pool_block *next;
    max_align_t bytes[];
};

void *pool_take(struct pool *pool, size_t count, size_t size)
{
    size_t len = 0;

    if (__builtin_mul_overflow(count, size, &len) ||
        len > SIZE_MAX - sizeof(struct pool_block)) {
        return NULL;
    }
    struct pool_block *block = calloc(1, sizeof(struct pool_block) + len);
    if (block == NULL) {
        return NULL;
    }
    block->next = pool->blocks;
    pool->blocks = block;
    return block->bytes;
}

struct slice pool_copy(struct pool *pool, struct slice bytes)
{
    uint8_t *copy = pool_take(pool, bytes.len + 1, 1);

    if (copy == NULL) {
        return (struct slice){0};
    }
    if (bytes.len > 0) {
        memcpy(copy, bytes.data, bytes.len);
    }
    return slice_of(copy, bytes.len);
}

void pool_fini(struct pool *pool)
{
    while (pool->blocks != NULL) {
        struct pool_block *next = pool->blocks->next;
        free(pool->blocks);
        pool->blocks = next;
    }
}
