#include <string.h>
#include <time.h>

#include "tests/unit/transport/support/echo.h"

enum { LOOKS = 5000 }; /* for ten seconds */

bool echo_reaches(const atomic_uint *counter, unsigned value)
{
    const struct timespec nap = {.tv_nsec = 2000000};

    for (int i = 0; i < LOOKS; i++) {
        if (atomic_load(counter) >= value) {
            return true;
        }
        (void)nanosleep(&nap, NULL);
    }
    return false;
}

uint64_t echo_count(const struct echo *echo, size_t counter)
{
    struct server_counts counts = server_counts(echo->server);
    uint64_t value;

    memcpy(&value, (const char *)&counts + counter, sizeof(value));
    return value;
}

bool echo_counts(const struct echo *echo, size_t counter, uint64_t value)
{
    const struct timespec nap = {.tv_nsec = 2000000};

    for (int i = 0; i < LOOKS && echo_count(echo, counter) < value; i++) {
        (void)nanosleep(&nap, NULL);
    }
    return echo_count(echo, counter) == value;
}

bool echo_sinks_to(const struct echo *echo, size_t counter, uint64_t value)
{
    const struct timespec nap = {.tv_nsec = 2000000};

    for (int i = 0; i < LOOKS && echo_count(echo, counter) > value; i++) {
        (void)nanosleep(&nap, NULL);
    }
    return echo_count(echo, counter) <= value;
}
