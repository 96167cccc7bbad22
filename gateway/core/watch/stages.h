#ifndef SEGEL_GATEWAY_CORE_WATCH_STAGES_H
#define SEGEL_GATEWAY_CORE_WATCH_STAGES_H

#include <stdatomic.h>

#include "gateway/core/lane/lane.h"
#include "gateway/core/turn/job.h"

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

/* How an attempt ended. */
enum attempt_end {
    ATTEMPT_SIGNED,
    ATTEMPT_FAILED, /* by the token, or before it was asked */
    ATTEMPT_INDETERMINATE,
    ATTEMPT_ENDS
};
const char *attempt_end_name(enum attempt_end end);

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

/* All jobs that ask for the same: a profile, of a key of one kind. */
struct stage_times {
    atomic_bool seen; /* one of them has ended */
    struct stage_histogram stages[ATTEMPT_ENDS][STAGE_COUNT];
    struct stage_histogram jobs[JOB_ENDS]; /* from mailbox to answer */
};
struct stages {
    struct stage_times times[SG_PROFILE_COUNT][LANE_KINDS];
};

/* One writer. */
void stages_add(struct stage_histogram *histogram, int64_t us);
/* All stages of an attempt, when its result is here. */
void stages_result(struct stages *stages, const struct job *job,
                   const struct lane_result *result);
void stages_end(struct stages *stages, const struct job *job, int64_t now_us);

#endif
