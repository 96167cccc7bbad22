#include "gateway/core/stages.h"

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
    return job->tries > 0 ? JOB_END_FAILED : JOB_END_DENIED;
}

/* One writer: no locked instruction is needed. */
static void grow(atomic_uint_fast64_t *counter, uint64_t by)
{
    uint64_t now = atomic_load_explicit(counter, memory_order_relaxed);

    atomic_store_explicit(counter, now + by, memory_order_relaxed);
}

static void add(struct stage_histogram *histogram, int64_t us)
{
    size_t bucket = 0;

    while (bucket < STAGE_BOUNDS && us > stage_bounds_us[bucket]) {
        bucket++;
    }
    grow(&histogram->buckets[bucket], 1);
    grow(&histogram->sum_us, us > 0 ? (uint64_t)us : 0);
}

void stages_add(struct stages *stages, enum stage stage, enum lane_kind kind, int64_t us)
{
    add(&stages->stages[stage][kind], us);
}

void stages_decided(struct stages *stages, const struct job *job)
{
    stages_add(stages, STAGE_QUEUE, lane_kind_of(job->scheme),
               job->intent_us - job->came_us);
}

void stages_handed(struct stages *stages, const struct job *job)
{
    stages_add(stages, STAGE_COMMIT, lane_kind_of(job->scheme),
               job->handed_us - job->intent_us);
}

/* What never came to a lane, or was lost with it, says nothing of how long it takes. */
void stages_result(struct stages *stages, const struct job *job,
                   const struct lane_result *result)
{
    enum lane_kind kind = lane_kind_of(job->scheme);

    if (result->unused || result->status == SG_INDETERMINATE) {
        return;
    }
    stages_add(stages, STAGE_LANE, kind, clock_mono_us() - job->handed_us);
    if (result->status == SG_OK) {
        stages_add(stages, STAGE_HSM, kind, result->hsm_us);
    }
}

void stages_end(struct stages *stages, const struct job *job, int64_t now_us)
{
    enum lane_kind kind = lane_kind_of(job->scheme);

    add(&stages->jobs[job_end_of(job)][kind], now_us - job->came_us);
}
