#ifndef SEGEL_GATEWAY_POLICY_POOL_H
#define SEGEL_GATEWAY_POLICY_POOL_H

#include "proto/base.h"
#include "proto/slice.h"

/* Memory that lives as long as its owner: blocks are taken one by one and released
 * together. For what is built once, at loading. The zero state is valid for _fini. */
struct pool {
    struct pool_block *blocks; /* owned */
};

/* Cleared; count * size bytes. NULL when there is no memory. */
void *pool_take(struct pool *pool, size_t count, size_t size);
/* A copy with a NUL behind it (not counted); data is NULL when there is no memory. */
struct slice pool_copy(struct pool *pool, struct slice bytes);
void pool_fini(struct pool *pool);

#endif
