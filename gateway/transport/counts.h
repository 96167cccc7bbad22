#ifndef SEGEL_GATEWAY_TRANSPORT_COUNTS_H
#define SEGEL_GATEWAY_TRANSPORT_COUNTS_H

#include <stdatomic.h>

#include "gateway/limits.h"

/* What a loop counts: it writes, any thread reads. */
struct loop_counts {
    atomic_uint_fast64_t opened;
    atomic_uint_fast64_t handshakes_failed;
    atomic_uint_fast64_t started;
    atomic_uint_fast64_t refused;
    atomic_uint_fast64_t cut;
    atomic_uint_fast64_t limits[LIMIT_COUNT];
    /* What is there now: written at the end of each turn. */
    atomic_uint_fast64_t handshakes;
    atomic_uint_fast64_t calls;
    atomic_uint_fast64_t output_bytes;
    atomic_uint_fast64_t input_bytes;
};

static inline void count_up(atomic_uint_fast64_t *counter)
{
    (void)atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
}

#endif
