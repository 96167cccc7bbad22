#include "gateway/core/stages.h"

#include <criterion/criterion.h>

static struct stages stages;

static uint64_t in_bucket(const struct stage_histogram *histogram, size_t at)
{
    return atomic_load(&histogram->buckets[at]);
}

Test(stages, a_bound_belongs_to_its_bucket_and_what_is_longer_to_the_last)
{
    const struct stage_histogram *hsm = &stages.stages[STAGE_HSM][LANE_CURVE];

    stages_add(&stages, STAGE_HSM, LANE_CURVE, 0);
    stages_add(&stages, STAGE_HSM, LANE_CURVE, stage_bounds_us[0]);
    stages_add(&stages, STAGE_HSM, LANE_CURVE, stage_bounds_us[0] + 1);
    stages_add(&stages, STAGE_HSM, LANE_CURVE, INT64_MAX / 4);
    cr_expect_eq(in_bucket(hsm, 0), 2);
    cr_expect_eq(in_bucket(hsm, 1), 1);
    cr_expect_eq(in_bucket(hsm, STAGE_BOUNDS), 1);
    cr_expect_eq(atomic_load(&stages.stages[STAGE_HSM][LANE_RSA].sum_us), 0);
}

/* A clock never goes back here; if it did, no sum may shrink. */
Test(stages, a_time_below_nothing_is_nothing)
{
    stages_add(&stages, STAGE_QUEUE, LANE_RSA, -5);
    cr_expect_eq(atomic_load(&stages.stages[STAGE_QUEUE][LANE_RSA].sum_us), 0);
    cr_expect_eq(in_bucket(&stages.stages[STAGE_QUEUE][LANE_RSA], 0), 1);
}

Test(stages, bounds_rise)
{
    for (size_t i = 1; i < STAGE_BOUNDS; i++) {
        cr_expect_gt(stage_bounds_us[i], stage_bounds_us[i - 1]);
    }
}

Test(stages, each_end_has_its_name_and_its_meaning)
{
    static const struct {
        struct job job;
        enum job_end end;
    } rows[] = {
        {{.status = SG_OK, .on_log = true, .tries = 1}, JOB_END_SIGNED},
        {{.status = SG_OK, .on_log = true, .replayed = true}, JOB_END_REPLAYED},
        {{.status = SG_DENIED, .on_log = true}, JOB_END_DENIED},
        {{.status = SG_HSM, .on_log = true, .tries = 2}, JOB_END_FAILED},
        {{.status = SG_INDETERMINATE, .on_log = true, .tries = 1}, JOB_END_INDETERMINATE},
        {{.status = SG_TIMEOUT}, JOB_END_DROPPED},
    };

    for (size_t i = 0; i < SG_COUNT(rows); i++) {
        cr_expect_eq(job_end_of(&rows[i].job), rows[i].end, "row %zu", i);
        cr_expect_not_null(job_end_name(rows[i].end));
    }
}
