#include "gateway/core/pace.h"

enum { SAMPLE_US = 20000, SMOOTHING = 4 };

static void take_sample(struct pace *pace, int64_t now_us)
{
    enum { LONGEST_US = 60000000 };
    int64_t us = now_us - pace->mark_us;
    int64_t ns = (us < LONGEST_US ? us : LONGEST_US) * 1000 / pace->taken;

    pace->ns = pace->ns == 0 ? ns : pace->ns + (ns - pace->ns) / SMOOTHING;
    pace->ns = pace->ns > 0 ? pace->ns : 1;
    pace->mark_us = now_us;
    pace->taken = 0;
}

/* The first jobs go as fast as lanes have room. How fast they are served shows after
 * that. */
void pace_count(struct pace *pace, int64_t now_us)
{
    if (pace->mark_us == 0) {
        pace->mark_us = now_us;
        return;
    }
    if (!pace->counting && now_us == pace->mark_us) {
        return;
    }
    pace->counting = true;
    pace->taken++;
    if (now_us - pace->mark_us >= SAMPLE_US) {
        take_sample(pace, now_us);
    }
}

void pace_forget(struct pace *pace)
{
    *pace = (struct pace){0};
}
