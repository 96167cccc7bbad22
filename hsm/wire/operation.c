#include "hsm/wire/operation.h"

#include <time.h>

#include "proto/base.h"

int64_t operation_now_us(void)
{
    struct timespec now;
    MUST(clock_gettime(CLOCK_MONOTONIC, &now) == 0);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}
