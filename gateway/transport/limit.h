#ifndef SEGEL_GATEWAY_TRANSPORT_LIMIT_H
#define SEGEL_GATEWAY_TRANSPORT_LIMIT_H

#include <stdatomic.h>

#include "proto/base.h"

/* The two ways in which the transport bounds what a peer may cost. One thread each. */

/* How often: burst at once, then per_second. */
struct rate {
    uint32_t burst;
    uint32_t per_second; /* from 1 */
};

/* The zero state is a full bucket. */
struct bucket {
    int64_t filled_us; /* when the bucket will be full again */
};

bool bucket_take(struct bucket *bucket, const struct rate *rate, int64_t now_us);
/* The same where one comes back in token_us, from 1. */
bool bucket_draw(struct bucket *bucket, uint32_t burst, int64_t token_us, int64_t now_us);
/* For what costs nobody knows how much before it is done: takes so many, also more than
 * there are, and tells whether that is still owed. */
void bucket_charge(struct bucket *bucket, const struct rate *rate, uint64_t tokens,
                   int64_t now_us);
bool bucket_owes(const struct bucket *bucket, const struct rate *rate, int64_t now_us);

/* How much: bytes held on behalf of somebody, also counted with all its parents. */
struct budget {
    size_t used;
    size_t cap;
    struct budget *parent;          /* borrowed, may be NULL */
    atomic_uint_fast64_t *refusals; /* borrowed, may be NULL; counts for lack of room */
};

/* False: the budget or a parent has no room, and nothing was taken. */
bool budget_take(struct budget *budget, size_t bytes);
/* The same, but the budget itself may be exceeded once: what is larger than the whole of
 * it passes when little else is held. Parents bind as always. */
bool budget_take_last(struct budget *budget, size_t bytes);
void budget_give(struct budget *budget, size_t bytes);

#endif
