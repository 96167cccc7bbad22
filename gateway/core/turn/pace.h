#ifndef SEGEL_GATEWAY_CORE_TURN_PACE_H
#define SEGEL_GATEWAY_CORE_TURN_PACE_H

#include <stdint.h>

/* How fast a queue that does not run empty is served: the time between two of its jobs,
 * smoothed, whatever it is that takes the time. Known only while it lasts: a queue that
 * ran empty was not served more slowly, it had nothing more. The zero state knows
 * nothing. */
struct pace {
    int64_t mark_us; /* when the present sample began; 0 = none has */
    int64_t last_us; /* of the last job */
    uint32_t taken;  /* jobs since the mark */
    int64_t ns;      /* 0 = not known yet */
};

/* One job was taken. Jobs of one turn come with the same time. */
void pace_count(struct pace *pace, int64_t now_us);
/* The queue ran empty. */
void pace_forget(struct pace *pace);

#endif
