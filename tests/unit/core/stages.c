#include "gateway/core/watch/stages.h"

#include <criterion/criterion.h>

static struct stages stages;

static uint64_t in_bucket(const struct stage_histogram *histogram, size_t at)
{
    return atomic_load(&histogram->buckets[at]);
}

Test(stages, a_bound_belongs_to_its_bucket_and_what_is_longer_to_the_last)
{
    static struct stage_histogram hsm;

    stages_add(&hsm, 0);
    stages_add(&hsm, stage_bounds_us[0]);
    stages_add(&hsm, stage_bounds_us[0] + 1);
    stages_add(&hsm, INT64_MAX / 4);
    cr_expect_eq(in_bucket(&hsm, 0), 2);
    cr_expect_eq(in_bucket(&hsm, 1), 1);
    cr_expect_eq(in_bucket(&hsm, STAGE_BOUNDS), 1);
}

/* A clock never goes back here; if it did, no sum may shrink. */
Test(stages, a_time_below_nothing_is_nothing)
{
    static struct stage_histogram queue;

    stages_add(&queue, -5);
    cr_expect_eq(atomic_load(&queue.sum_us), 0);
    cr_expect_eq(in_bucket(&queue, 0), 1);
}

static uint64_t all_of(const struct stage_histogram *histogram)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < STAGE_BUCKETS; i++) {
        sum += in_bucket(histogram, i);
    }
    return sum;
}

static const struct job raw = {.profile = SG_PROFILE_RAW,
                               .scheme = SG_SCHEME_ECDSA,
                               .came_us = 100,
                               .intent_us = 300,
                               .handed_us = 700};

/* Of a raw signature by a curve: how many times each stage was counted, by its end. */
static void expect_counts(enum attempt_end end, const uint64_t counts[STAGE_COUNT])
{
    const struct stage_times *times = &stages.times[SG_PROFILE_RAW][LANE_CURVE];

    for (int stage = 0; stage < STAGE_COUNT; stage++) {
        cr_expect_eq(all_of(&times->stages[end][stage]), counts[stage], "%s, %s: %zu",
                     attempt_end_name(end), stage_name((enum stage)stage),
                     all_of(&times->stages[end][stage]));
    }
}

Test(stages, an_attempt_counts_by_what_was_asked_and_how_it_ended)
{
    static const struct lane_result made = {.status = SG_OK, .hsm_us = 60};
    static const struct lane_result lost = {.status = SG_INDETERMINATE};
    const struct stage_histogram *made_in =
        stages.times[SG_PROFILE_RAW][LANE_CURVE].stages[ATTEMPT_SIGNED];

    stages_result(&stages, &raw, &made);
    stages_result(&stages, &raw, &made);
    stages_result(&stages, &raw, &lost);
    expect_counts(ATTEMPT_SIGNED, (const uint64_t[]){2, 2, 2, 2});
    expect_counts(ATTEMPT_FAILED, (const uint64_t[]){0, 0, 0, 0});
    expect_counts(ATTEMPT_INDETERMINATE, (const uint64_t[]){1, 1, 1, 0});
    cr_expect_eq(atomic_load(&made_in[STAGE_QUEUE].sum_us), 400);
    cr_expect_eq(atomic_load(&made_in[STAGE_COMMIT].sum_us), 800);
    cr_expect_eq(atomic_load(&made_in[STAGE_HSM].sum_us), 120);
}

/* Its handed_us is of the attempt before, or none. */
Test(stages, an_attempt_that_no_lane_saw_has_no_time_in_one)
{
    static const struct lane_result unused = {.status = SG_LANE_DOWN, .unused = true};
    struct job again = raw;

    again.came_us = 800;
    again.intent_us = 900;
    stages_result(&stages, &again, &unused);
    expect_counts(ATTEMPT_FAILED, (const uint64_t[]){1, 0, 0, 0});
    again.handed_us = 950;
    stages_result(&stages, &again, &unused);
    expect_counts(ATTEMPT_FAILED, (const uint64_t[]){2, 1, 0, 0});
}

Test(stages, an_end_counts_by_what_was_asked)
{
    struct job denied = raw;
    const struct stage_times *times = stages.times[SG_PROFILE_RAW];

    denied.status = SG_DENIED;
    denied.denied = true;
    denied.on_log = true;
    cr_expect_not(atomic_load(&times[LANE_CURVE].seen));
    stages_end(&stages, &denied, 1100);
    cr_expect(atomic_load(&times[LANE_CURVE].seen));
    cr_expect_eq(all_of(&times[LANE_CURVE].jobs[JOB_END_DENIED]), 1);
    cr_expect_eq(atomic_load(&times[LANE_CURVE].jobs[JOB_END_DENIED].sum_us), 1000);
    cr_expect_not(atomic_load(&times[LANE_RSA].seen));
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
        {{.status = SG_DENIED, .on_log = true, .denied = true}, JOB_END_DENIED},
        {{.status = SG_DENIED, .on_log = true, .denied = true, .tries = 1},
         JOB_END_DENIED},
        {{.status = SG_HSM, .on_log = true}, JOB_END_FAILED}, /* of who waited with it */
        {{.status = SG_HSM, .on_log = true, .tries = 2}, JOB_END_FAILED},
        {{.status = SG_INDETERMINATE, .on_log = true, .tries = 1}, JOB_END_INDETERMINATE},
        {{.status = SG_TIMEOUT}, JOB_END_DROPPED},
    };

    for (size_t i = 0; i < SG_COUNT(rows); i++) {
        cr_expect_eq(job_end_of(&rows[i].job), rows[i].end, "row %zu", i);
        cr_expect_not_null(job_end_name(rows[i].end));
    }
}
