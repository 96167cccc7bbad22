#ifndef SEGEL_GATEWAY_CORE_WATCH_LATENCY_H
#define SEGEL_GATEWAY_CORE_WATCH_LATENCY_H

#include <stdint.h>

/* How long something takes of late: a mean and a 99th percentile that forget. Buckets are
 * half an octave wide, so the percentile is right to a factor of 1.5; old values count
 * half after every 1024 new ones. The zero state is empty. */
enum { LATENCY_BUCKETS = 64 };

struct latency {
    uint32_t buckets[LATENCY_BUCKETS];
    uint32_t total;
    uint32_t fresh; /* since the old ones were halved */
    int64_t mean_us;
};

void latency_add(struct latency *latency, int64_t us);
/* Upper end of the bucket; 0 while fewer than 100 values are known, which say nothing of
 * a hundredth. */
int64_t latency_p99_us(const struct latency *latency);

#endif
