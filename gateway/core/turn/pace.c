#include "gateway/core/turn/pace.h"

#include <stdbool.h>

/* A stall is the time of all jobs of its sample: with fewer of them one commit of a
 * second would pass for a pace at which hundreds that wait could not be done in time. */
enum { SAMPLE_US = 20000, SAMPLE_JOBS = 32, SMOOTHING = 4 };

static bool is_sample(const struct pace *pace)
{
    return pace->taken >= SAMPLE_JOBS && pace->last_us - pace->mark_us >= SAMPLE_US;
}

static void take_sample(struct pace *pace)
{
    enum { LONGEST_US = 60000000 };
    int64_t us = pace->last_us - pace->mark_us;
    int64_t ns = (us < LONGEST_US ? us : LONGEST_US) * 1000 / pace->taken;

    pace->ns = pace->ns == 0 ? ns : pace->ns + (ns - pace->ns) / SMOOTHING;
    pace->ns = pace->ns > 0 ? pace->ns : 1;
    pace->mark_us = pace->last_us;
    pace->taken = 0;
}

/* The first jobs go as fast as lanes have room. How fast they are served shows after
 * that. A sample ends with a whole turn: what a slow turn took is the time of all jobs
 * that it let go, not of the first of them. */
void pace_count(struct pace *pace, int64_t now_us)
{
    if (pace->mark_us == 0) {
        pace->mark_us = now_us;
    } else if (now_us > pace->last_us && is_sample(pace)) {
        take_sample(pace);
    }
    pace->taken += now_us > pace->mark_us ? 1 : 0;
    pace->last_us = now_us;
}

void pace_forget(struct pace *pace)
{
    *pace = (struct pace){0};
}
