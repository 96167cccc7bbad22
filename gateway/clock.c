#include "gateway/clock.h"

#include <time.h>

#include "proto/base.h"

static int64_t read_us(clockid_t which)
{
    struct timespec now;

    MUST(clock_gettime(which, &now) == 0);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t clock_wall_us(void)
{
    return read_us(CLOCK_REALTIME);
}

int64_t clock_mono_us(void)
{
    return read_us(CLOCK_MONOTONIC);
}
