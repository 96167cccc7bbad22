#include "gateway/transport/limit.h"

bool bucket_take(struct bucket *bucket, const struct rate *rate, int64_t now_us)
{
    int64_t token_us = 1000000 / rate->per_second;
    int64_t filled_us = bucket->filled_us > now_us ? bucket->filled_us : now_us;

    if (filled_us - now_us + token_us > token_us * rate->burst) {
        return false;
    }
    bucket->filled_us = filled_us + token_us;
    return true;
}

bool budget_take(struct budget *budget, size_t bytes)
{
    for (const struct budget *at = budget; at != NULL; at = at->parent) {
        if (bytes > at->cap || at->used > at->cap - bytes) {
            return false;
        }
    }
    for (struct budget *at = budget; at != NULL; at = at->parent) {
        at->used += bytes;
    }
    return true;
}

void budget_give(struct budget *budget, size_t bytes)
{
    for (struct budget *at = budget; at != NULL; at = at->parent) {
        MUST(at->used >= bytes);
        at->used -= bytes;
    }
}
