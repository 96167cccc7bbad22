#include "gateway/core/lane/inside.h"

/* What a lane has in hand, for how long, and how much more it may have. */

uint32_t lane_outstanding(const struct lane *lane, enum lane_kind kind)
{
    return lane->hands[kind].outstanding;
}

bool lane_busy(const struct lane *lane)
{
    return lane_outstanding(lane, LANE_RSA) + lane_outstanding(lane, LANE_CURVE) > 0;
}

/* Before the first figure an RSA signature counts as a millisecond. */
int64_t lane_mean_us(const struct lane *lane, enum lane_kind kind)
{
    static const int64_t guess_us[LANE_KINDS] = {[LANE_RSA] = 1000, [LANE_CURVE] = 100};
    int64_t mean_us = lane->hands[kind].latency.mean_us;

    return mean_us > 0 ? mean_us : guess_us[kind];
}

int64_t lane_spare_us(const struct lane *lane, enum lane_kind kind)
{
    enum { AT_HAND = 2 }; /* for each thread: what it does, and what it begins next */
    int64_t threads = lane->counts.threads > 0 ? lane->counts.threads : 1;
    int64_t behind = (int64_t)lane->hands[kind].outstanding - AT_HAND * threads;

    return behind > 0 ? behind * lane_mean_us(lane, kind) / threads : 0;
}

/* So many at a time that the lane is busy for a while: more would only tie jobs to it
 * that another lane could do, and be lost with it. */
static uint32_t window_of(const struct lane *lane, enum lane_kind kind)
{
    enum { BUSY_US = 50000, LEAST_A_THREAD = 4 };
    int64_t threads = lane->counts.threads > 0 ? lane->counts.threads : 1;
    int64_t least = LEAST_A_THREAD * threads;
    int64_t count = BUSY_US * threads / lane_mean_us(lane, kind);

    count = count > least ? count : least;
    return count < lane->options.window ? (uint32_t)count : lane->options.window;
}

uint32_t lane_room(const struct lane *lane, enum lane_kind kind)
{
    uint32_t outstanding = lane->hands[kind].outstanding;
    uint32_t window = window_of(lane, kind);

    return lane->state == LANE_UP && outstanding < window ? window - outstanding : 0;
}

int64_t lane_p99_us(const struct lane *lane, enum lane_kind kind)
{
    return latency_p99_us(&lane->hands[kind].latency);
}

int64_t lane_load_us(const struct lane *lane)
{
    int64_t load_us = 0;

    for (int kind = 0; kind < LANE_KINDS; kind++) {
        load_us += lane_mean_us(lane, (enum lane_kind)kind) *
                   (int64_t)lane->hands[kind].outstanding;
    }
    return load_us / (lane->counts.threads > 0 ? lane->counts.threads : 1);
}

int64_t lane_wait_us(const struct lane *lane, enum lane_kind kind)
{
    const struct hand *hand = &lane->hands[kind];
    int64_t threads = lane->counts.threads > 0 ? lane->counts.threads : 1;

    if (hand->outstanding == 0) {
        return 0;
    }
    return hand->latency.mean_us * (hand->outstanding / threads + 1);
}
