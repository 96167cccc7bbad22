#ifndef SEGEL_GATEWAY_CORE_STAGES_H
#define SEGEL_GATEWAY_CORE_STAGES_H

#include <stdatomic.h>

#include "gateway/core/job.h"
#include "gateway/core/lane.h"

/* Where the time of jobs goes, as histograms: the core's thread counts, any thread reads.
 * Between two loads a reader may find one job in a sum and not yet in its buckets. */

/* Stages of one attempt, in their order. */
enum stage {
    STAGE_QUEUE,  /* from the mailbox until it was decided and written */
    STAGE_COMMIT, /* until its INTENT was durable */
    STAGE_LANE,   /* from the hand-over to the lane until the result was here */
    STAGE_HSM,    /* of that, in C_SignInit and C_Sign; only what was signed */
    STAGE_COUNT
};
const char *stage_name(enum stage stage);

/* How a job ended for its caller. */
enum job_end {
    JOB_END_SIGNED,
    JOB_END_REPLAYED,
    JOB_END_DENIED,
    JOB_END_FAILED,
    JOB_END_INDETERMINATE,
    JOB_END_DROPPED, /* in vain: too late, given up, no lane, no room */
    JOB_ENDS
};
const char *job_end_name(enum job_end end);
enum job_end job_end_of(const struct job *job);

/* Upper bounds in microseconds; what is longer counts in the last bucket. */
enum { STAGE_BOUNDS = 16, STAGE_BUCKETS = STAGE_BOUNDS + 1 };
extern const int64_t stage_bounds_us[STAGE_BOUNDS];

struct stage_histogram {
    atomic_uint_fast64_t buckets[STAGE_BUCKETS]; /* each for itself, not summed up */
    atomic_uint_fast64_t sum_us;
};

struct stages {
    struct stage_histogram stages[STAGE_COUNT][LANE_KINDS];
    struct stage_histogram jobs[JOB_ENDS][LANE_KINDS]; /* from mailbox to answer */
};

/* One writer. */
void stages_add(struct stages *stages, enum stage stage, enum lane_kind kind, int64_t us);
/* By the job's own times: intent_us is known, handed_us too, its result is here. */
void stages_decided(struct stages *stages, const struct job *job);
void stages_handed(struct stages *stages, const struct job *job);
void stages_result(struct stages *stages, const struct job *job,
                   const struct lane_result *result);
void stages_end(struct stages *stages, const struct job *job, int64_t now_us);

#endif
