#ifndef SEGEL_GATEWAY_CORE_PACE_H
#define SEGEL_GATEWAY_CORE_PACE_H

#include <stdbool.h>
#include <stdint.h>

/* How fast a queue that does not run empty is served: the time between two of its jobs,
 * smoothed, whatever it is that takes the time. Known only while it lasts: a queue that
 * ran empty was not served more slowly, it had nothing more. The zero state knows
 * nothing. */
struct pace {
    int64_t mark_us; /* when the present sample began; 0 = none has */
    uint32_t taken;  /* jobs since then */
    bool counting;   /* the jobs that went in one go with the first are over */
    int64_t ns;      /* 0 = not known yet */
};

/* One job was taken. */
void pace_count(struct pace *pace, int64_t now_us);
/* The queue ran empty. */
void pace_forget(struct pace *pace);

#endif
