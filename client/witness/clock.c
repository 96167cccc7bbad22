#include "client/witness/clock.h"

#include <time.h>

uint64_t clock_judge(struct clock_watch *watch, int64_t wall_s, int64_t since_start_s)
{
    int64_t start_s = wall_s - since_start_s;

    if (wall_s <= 0 || (watch->known && start_s - watch->start_s > CLOCK_LEAP_MAX_S)) {
        return 0;
    }
    watch->known = true;
    watch->start_s = start_s;
    return (uint64_t)wall_s;
}

uint64_t clock_now(struct clock_watch *watch)
{
    struct timespec wall = {0};
    struct timespec since_start = {0};

    (void)clock_gettime(CLOCK_REALTIME, &wall);
    (void)clock_gettime(CLOCK_BOOTTIME, &since_start);
    return clock_judge(watch, (int64_t)wall.tv_sec, (int64_t)since_start.tv_sec);
}
