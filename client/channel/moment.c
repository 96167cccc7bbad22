#include "client/channel/moment.h"

#include <time.h>

static int64_t read_clock(clockid_t id)
{
    struct timespec now = {0};

    (void)clock_gettime(id, &now); /* fails only for a clock that does not exist */
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t moment_wall_us(void)
{
    return read_clock(CLOCK_REALTIME);
}

int64_t moment_mono_us(void)
{
    return read_clock(CLOCK_MONOTONIC);
}
