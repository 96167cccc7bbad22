#include "gateway/core/watch/stages.h"

#include "gateway/clock.h"

const int64_t stage_bounds_us[STAGE_BOUNDS] = {
    50,    100,   250,    500,    1000,   2500,    5000,    10000,
    25000, 50000, 100000, 250000, 500000, 1000000, 2500000, 10000000};

const char *stage_name(enum stage stage)
{
    static const char *const names[STAGE_COUNT] = {[STAGE_QUEUE] = "queue",
                                                   [STAGE_COMMIT] = "commit",
                                                   [STAGE_LANE] = "lane",
                                                   [STAGE_HSM] = "hsm"};

    return names[stage];
}

const char *attempt_end_name(enum attempt_end end)
{
    static const char *const names[ATTEMPT_ENDS] = {
        [ATTEMPT_SIGNED] = "signed",
        [ATTEMPT_FAILED] = "failed",
        [ATTEMPT_INDETERMINATE] = "indeterminate",
    };

    return names[end];
}

const char *job_end_name(enum job_end end)
{
    static const char *const names[JOB_ENDS] = {
        [JOB_END_SIGNED] = "signed",
        [JOB_END_REPLAYED] = "replayed",
        [JOB_END_DENIED] = "denied",
        [JOB_END_FAILED] = "failed",
        [JOB_END_INDETERMINATE] = "indeterminate",
        [JOB_END_DROPPED] = "dropped",
    };

    return names[end];
}

/* A record says of the others why; without one they were not worth it. */
enum job_end job_end_of(const struct job *job)
{
    if (job->status == SG_OK) {
        return job->replayed ? JOB_END_REPLAYED : JOB_END_SIGNED;
    }
    if (job->status == SG_INDETERMINATE) {
        return JOB_END_INDETERMINATE;
    }
    if (!job->on_log) {
        return JOB_END_DROPPED;
    }
    return job->denied ? JOB_END_DENIED : JOB_END_FAILED;
}

/* One writer: no locked instruction is needed. */
static void grow(atomic_uint_fast64_t *counter, uint64_t by)
{
    uint64_t now = atomic_load_explicit(counter, memory_order_relaxed);

    atomic_store_explicit(counter, now + by, memory_order_relaxed);
}

void stages_add(struct stage_histogram *histogram, int64_t us)
{
    size_t bucket = 0;

    while (bucket < STAGE_BOUNDS && us > stage_bounds_us[bucket]) {
        bucket++;
    }
    grow(&histogram->buckets[bucket], 1);
    grow(&histogram->sum_us, us > 0 ? (uint64_t)us : 0);
}

static struct stage_times *times_of(struct stages *stages, const struct job *job)
{
    return &stages->times[job->profile][lane_kind_of(job->scheme)];
}

static enum attempt_end attempt_end_of(const struct lane_result *result)
{
    if (result->status == SG_OK) {
        return ATTEMPT_SIGNED;
    }
    return result->status == SG_INDETERMINATE ? ATTEMPT_INDETERMINATE : ATTEMPT_FAILED;
}

/* handed_us is of an earlier attempt, or none, when this one was never given to a lane;
 * and how long a lane had what it did not use says nothing. */
void stages_result(struct stages *stages, const struct job *job,
                   const struct lane_result *result)
{
    struct stage_histogram *of = times_of(stages, job)->stages[attempt_end_of(result)];

    stages_add(&of[STAGE_QUEUE], job->intent_us - job->came_us);
    if (job->handed_us >= job->intent_us) {
        stages_add(&of[STAGE_COMMIT], job->handed_us - job->intent_us);
    }
    if (!result->unused) {
        stages_add(&of[STAGE_LANE], clock_mono_us() - job->handed_us);
    }
    if (result->status == SG_OK) {
        stages_add(&of[STAGE_HSM], result->hsm_us);
    }
}

void stages_end(struct stages *stages, const struct job *job, int64_t now_us)
{
    struct stage_times *times = times_of(stages, job);

    stages_add(&times->jobs[job_end_of(job)], now_us - job->came_us);
    atomic_store_explicit(&times->seen, true, memory_order_relaxed);
}
