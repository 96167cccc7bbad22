#include "gateway/service/sign/explain.h"

enum { MINUTE_US = 60000000 };

/* As bucket_draw of the transport, for several threads. */
int64_t explain_draw(struct explain_gauge *gauge, int64_t a_minute, int64_t now_us)
{
    int64_t token_us = MINUTE_US / a_minute;
    int64_t room_us = token_us * a_minute;
    int64_t before = atomic_load(&gauge->filled_us);
    int64_t after = 0;

    do {
        after = (before > now_us ? before : now_us) + token_us;
        if (after - now_us > room_us) {
            atomic_fetch_add_explicit(&gauge->refused, 1, memory_order_relaxed);
            return after - now_us - room_us;
        }
    } while (!atomic_compare_exchange_weak(&gauge->filled_us, &before, after));
    return 0;
}
