#include "gateway/core/watch/latency.h"

enum { HALVE_AFTER = 1024, LEAST_VALUES = 100, SMOOTHING = 16 };

/* Two buckets an octave: below and above one and a half times the power of two. */
static unsigned bucket_of(int64_t us)
{
    uint64_t value = us < 1 ? 1 : (uint64_t)us;
    unsigned octave = 63U - (unsigned)__builtin_clzll(value);
    unsigned upper = octave > 0 ? (unsigned)(value >> (octave - 1)) & 1U : 0;
    unsigned bucket = 2 * octave + upper;

    return bucket < LATENCY_BUCKETS ? bucket : LATENCY_BUCKETS - 1;
}

static int64_t end_of(unsigned bucket)
{
    uint64_t base = 1ULL << (bucket / 2);

    return (int64_t)(bucket % 2 == 0 ? base + base / 2 : 2 * base);
}

static void halve(struct latency *latency)
{
    latency->total = 0;
    latency->fresh = 0;
    for (unsigned i = 0; i < LATENCY_BUCKETS; i++) {
        latency->buckets[i] /= 2;
        latency->total += latency->buckets[i];
    }
}

/* What no clock should say would otherwise be in the mean for long. */
static int64_t sensible(int64_t us)
{
    enum { LONGEST_US = 600000000 };

    return us < 0 ? 0 : us < LONGEST_US ? us : LONGEST_US;
}

void latency_add(struct latency *latency, int64_t told_us)
{
    int64_t us = sensible(told_us);

    latency->mean_us =
        latency->total == 0 ? us : latency->mean_us + (us - latency->mean_us) / SMOOTHING;
    latency->buckets[bucket_of(us)]++;
    latency->total++;
    if (++latency->fresh == HALVE_AFTER) {
        halve(latency);
    }
}

int64_t latency_p99_us(const struct latency *latency)
{
    uint32_t above = 0;

    if (latency->total < LEAST_VALUES) {
        return 0;
    }
    for (unsigned i = LATENCY_BUCKETS; i-- > 0;) {
        above += latency->buckets[i];
        if (above > latency->total / 100) {
            return end_of(i);
        }
    }
    return 0;
}
