#include "tests/unit/hsm/support/arrivals.h"

#include <criterion/criterion.h>
#include <unistd.h>

bool arrivals_put(struct queue *queue, enum mark_queue kind, uint64_t id)
{
    static const uint8_t digest[32] = {1};
    const struct arrival arrival = {
        kind,
        {.id = id,
         .wanted = {MECHANISM_ECDSA, SG_HASH_SHA256, slice_of(digest, sizeof(digest))}}};
    return queue_put(queue, &arrival, 1);
}

void arrivals_await_idle(struct queue *queue)
{
    for (;;) {
        cr_assert_eq(pthread_mutex_lock(&queue->lock), 0);
        size_t idle = queue->idle;
        cr_assert_eq(pthread_mutex_unlock(&queue->lock), 0);
        if (idle > 0) {
            return;
        }
        (void)usleep(1000);
    }
}
