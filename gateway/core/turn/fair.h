#ifndef SEGEL_GATEWAY_CORE_TURN_FAIR_H
#define SEGEL_GATEWAY_CORE_TURN_FAIR_H

#include "gateway/core/turn/job.h"
#include "gateway/core/turn/pace.h"

/* The jobs that wait for one key, in an order that is fair to their callers: weighted
 * round robin, where a signature costs 1. In a round each caller that has jobs gets as
 * many turns as its weight, and callers take turns one job at a time; so whoever comes
 * new waits for one job of each other caller at most, whatever their weights and
 * backlogs. A turn that is not used is gone with its round: nobody saves up credit, and
 * what one leaves the others get.
 *
 * Within a caller the interactive jobs go first, but while both classes wait no more than
 * their share of its turns. Within a class the oldest is first.
 *
 * No clock, no lock and no memory of its own: core thread only. */

/* One caller's jobs for the key. The zero state is a caller without jobs. */
struct fair_flow {
    TAILQ_ENTRY(fair_flow) link; /* in a list of the queue, while it has jobs */
    struct job_list waiting[JOB_CLASSES];
    size_t count;
    uint64_t round; /* that credit is of */
    uint32_t credit;
    uint32_t tilt; /* per cent on the way to the next interactive job */
    struct pace pace;
};
TAILQ_HEAD(fair_flows, fair_flow);

struct fair_queue {
    struct fair_flow *flows;    /* owned by whoever made the queue; one a caller */
    const uint32_t *weights;    /* borrowed; of the callers, 1 or more each */
    uint32_t interactive_share; /* per cent, 1 to 99 */
    struct fair_flows lists[2]; /* those with turns left in this round; without any */
    unsigned now;               /* which of the two is the first */
    uint64_t round;
    uint32_t weight_sum; /* of the callers that have jobs */
    size_t depth[JOB_CLASSES];
};

void fair_init(struct fair_queue *queue, struct fair_flow *flows, const uint32_t *weights,
               uint32_t interactive_share);
/* Behind all others of the caller and class; job->class says which. */
void fair_put(struct fair_queue *queue, size_t caller, struct job *job);
/* Before them. */
void fair_put_first(struct fair_queue *queue, size_t caller, struct job *job);
/* Whose turn it is; NULL: nobody waits. Asked again, the same until something changes. */
struct job *fair_first(struct fair_queue *queue);
/* Takes that job out. charged: it uses its caller's turn up; else the caller goes on. */
void fair_take(struct fair_queue *queue, bool charged);
/* Which caller's turn it is; somebody must wait. */
size_t fair_caller(struct fair_queue *queue);
size_t fair_depth(const struct fair_queue *queue);
/* Since when the job that has waited longest does; 0: none of the class waits. */
int64_t fair_oldest_us(const struct fair_queue *queue, enum job_class class);

#endif
