#include "gateway/transport/limit.h"

bool bucket_draw(struct bucket *bucket, uint32_t burst, int64_t token_us, int64_t now_us)
{
    int64_t filled_us = bucket->filled_us > now_us ? bucket->filled_us : now_us;

    if (filled_us - now_us + token_us > token_us * burst) {
        return false;
    }
    bucket->filled_us = filled_us + token_us;
    return true;
}

static int64_t token_of(const struct rate *rate)
{
    int64_t token_us = 1000000 / rate->per_second;

    return token_us > 0 ? token_us : 1;
}

bool bucket_take(struct bucket *bucket, const struct rate *rate, int64_t now_us)
{
    return bucket_draw(bucket, rate->burst, token_of(rate), now_us);
}

bool bucket_owes(const struct bucket *bucket, const struct rate *rate, int64_t now_us)
{
    return bucket->filled_us - now_us > token_of(rate) * rate->burst;
}

void bucket_charge(struct bucket *bucket, const struct rate *rate, uint64_t tokens,
                   int64_t now_us)
{
    int64_t filled_us = bucket->filled_us > now_us ? bucket->filled_us : now_us;

    bucket->filled_us = filled_us + (int64_t)tokens * token_of(rate);
}

static void count_refusal(const struct budget *budget)
{
    if (budget->refusals != NULL) {
        (void)atomic_fetch_add_explicit(budget->refusals, 1, memory_order_relaxed);
    }
}

static bool has_room(const struct budget *budget, size_t bytes)
{
    for (; budget != NULL; budget = budget->parent) {
        if (budget->used >= budget->cap || bytes > budget->cap - budget->used) {
            count_refusal(budget);
            return false;
        }
    }
    return true;
}

static void take(struct budget *budget, size_t bytes)
{
    for (; budget != NULL; budget = budget->parent) {
        budget->used += bytes;
    }
}

bool budget_take(struct budget *budget, size_t bytes)
{
    bool good = bytes == 0 || has_room(budget, bytes);

    if (good) {
        take(budget, bytes);
    }
    return good;
}

bool budget_take_last(struct budget *budget, size_t bytes)
{
    bool good = budget->used < budget->cap;

    if (!good) {
        count_refusal(budget);
    }
    good = good && has_room(budget->parent, bytes);
    if (good) {
        take(budget, bytes);
    }
    return good;
}

void budget_give(struct budget *budget, size_t bytes)
{
    for (struct budget *at = budget; at != NULL; at = at->parent) {
        MUST(at->used >= bytes);
        at->used -= bytes;
    }
}
