#include "gateway/core/turn/fair.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

/* Callers 0 to 7, of the weights that a test gives them. */
enum { CALLERS = 8, JOBS = 2048, SHARE = 75 };

static struct fair_queue queue;
static struct fair_flow flows[CALLERS];
static uint32_t weights[CALLERS];
static struct job *jobs;
static size_t made;
static unsigned served[CALLERS];

static void start(void)
{
    memset(flows, 0, sizeof(flows));
    memset(served, 0, sizeof(served));
    for (size_t i = 0; i < CALLERS; i++) {
        weights[i] = 1;
    }
    jobs = (struct job *)calloc(JOBS, sizeof(*jobs));
    cr_assert_not_null(jobs);
    made = 0;
    fair_init(&queue, flows, weights, SHARE);
}

static void end(void)
{
    free(jobs);
}

TestSuite(fair, .init = start, .fini = end);

static struct job *put_class(size_t caller, enum job_class class)
{
    cr_assert_lt(made, JOBS);
    struct job *job = &jobs[made++];

    job->class = class;
    job->item = (uint32_t)made;
    fair_put(&queue, caller, job);
    return job;
}

static struct job *put(size_t caller)
{
    return put_class(caller, JOB_BULK);
}

static void put_many(size_t caller, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        (void)put(caller);
    }
}

static size_t take_one(void)
{
    cr_assert_not_null(fair_first(&queue));
    size_t caller = fair_caller(&queue);

    fair_take(&queue, true);
    served[caller]++;
    return caller;
}

static void take(size_t count)
{
    for (size_t i = 0; i < count; i++) {
        (void)take_one();
    }
}

/* --- Between callers --------------------------------------------------------------- */

Test(fair, nobody_waits_in_an_empty_queue)
{
    cr_expect_null(fair_first(&queue));
    cr_expect_eq(fair_depth(&queue), 0);
}

Test(fair, of_one_caller_the_oldest_is_first)
{
    struct job *first = put(3);
    struct job *second = put(3);

    cr_expect_eq(fair_first(&queue), first);
    cr_expect_eq(fair_first(&queue), first, "asked again, the same");
    fair_take(&queue, true);
    cr_expect_eq(fair_first(&queue), second);
}

Test(fair, equal_callers_take_turns_whatever_their_backlogs)
{
    put_many(0, 500);
    put_many(1, 10);
    put_many(2, 10);
    take(30);
    cr_expect_eq(served[0], 10);
    cr_expect_eq(served[1], 10);
    cr_expect_eq(served[2], 10);
}

Test(fair, weights_hold_within_one_job_at_the_end_of_each_round)
{
    weights[0] = 1;
    weights[1] = 3;
    weights[2] = 6;
    put_many(0, 100);
    put_many(1, 300);
    put_many(2, 600);
    for (unsigned round = 1; round <= 90; round++) {
        take(10);
        cr_assert_eq(served[0], round);
        cr_assert_eq(served[1], 3 * round);
        cr_assert_eq(served[2], 6 * round);
    }
}

Test(fair, a_heavy_caller_does_not_go_twice_while_others_have_turns_left)
{
    weights[0] = 100;
    put_many(0, 300);
    put_many(1, 3);
    size_t first = take_one();
    cr_expect_neq(take_one(), first);
}

Test(fair, whoever_comes_new_waits_for_one_job_of_each_other)
{
    for (size_t caller = 0; caller < 5; caller++) {
        weights[caller] = 100;
        put_many(caller, 200);
    }
    take(333);
    (void)put(7);
    size_t before = 0;
    while (take_one() != 7) {
        before++;
    }
    cr_expect_leq(before, 5);
}

Test(fair, what_one_leaves_the_others_get)
{
    weights[0] = 50;
    put_many(0, 5);
    put_many(1, 100);
    take(5 + 100);
    cr_expect_eq(served[0], 5);
    cr_expect_eq(served[1], 100);
    cr_expect_null(fair_first(&queue));
}

Test(fair, whoever_comes_new_has_saved_up_nothing)
{
    put_many(0, 300);
    put_many(2, 300);
    take(400);
    put_many(1, 100);
    take(90);
    cr_expect_leq(served[1], 31);
}

Test(fair, coming_one_by_one_gives_no_more_turns)
{
    put_many(0, 200);
    for (int i = 0; i < 100; i++) {
        (void)put(1);
        while (take_one() != 1) {
        }
    }
    cr_expect_geq(served[0], 99, "%u turns for who waits all the time", served[0]);
}

Test(fair, order_of_deadlines_changes_nothing)
{
    struct job *first = put(0);
    struct job *second = put(0);

    first->deadline_us = 2000;
    second->deadline_us = 1000;
    cr_expect_eq(fair_first(&queue), first);
}

Test(fair, a_job_given_up_costs_its_caller_no_turn)
{
    struct job *dead = put(0);
    struct job *alive = put(0);
    (void)put(1);

    cr_expect_eq(fair_first(&queue), dead);
    fair_take(&queue, false);
    cr_expect_eq(fair_first(&queue), alive);
}

Test(fair, a_job_that_is_tried_again_is_its_callers_first)
{
    struct job *failed = put(0);

    put_many(0, 3);
    fair_take(&queue, true);
    fair_put_first(&queue, 0, failed);
    cr_expect_eq(fair_first(&queue), failed);
}

/* --- Between classes --------------------------------------------------------------- */

static unsigned interactive_of(size_t count)
{
    unsigned interactive = 0;

    for (size_t i = 0; i < count; i++) {
        const struct job *job = fair_first(&queue);
        cr_assert_not_null(job);
        interactive += job->class == JOB_INTERACTIVE ? 1 : 0;
        fair_take(&queue, true);
    }
    return interactive;
}

static void put_both(size_t interactive, size_t bulk)
{
    for (size_t i = 0; i < bulk; i++) {
        (void)put_class(0, JOB_BULK);
    }
    for (size_t i = 0; i < interactive; i++) {
        (void)put_class(0, JOB_INTERACTIVE);
    }
}

Test(fair, an_interactive_job_goes_before_the_bulk_that_waits)
{
    put_both(1, 100);
    cr_expect_eq(interactive_of(1), 1);
}

Test(fair, bulk_keeps_its_share_of_a_flood_of_interactive_jobs)
{
    put_both(300, 300);
    for (int i = 0; i < 50; i++) {
        cr_assert_eq(interactive_of(4), 3);
    }
}

Test(fair, each_class_lends_what_it_does_not_use)
{
    put_both(10, 100);
    cr_expect_eq(interactive_of(14), 10);
    cr_expect_eq(interactive_of(96), 0);
    put_both(20, 0);
    cr_expect_eq(interactive_of(20), 20);
}

Test(fair, the_smallest_share_starves_neither_class)
{
    fair_init(&queue, flows, weights, 1);
    put_both(10, 200);
    unsigned interactive = interactive_of(200);
    cr_expect(interactive == 2 || interactive == 3, "%u", interactive);
}

Test(fair, class_does_not_count_between_callers)
{
    for (int i = 0; i < 20; i++) {
        (void)put_class(0, JOB_INTERACTIVE);
    }
    put_many(1, 20);
    take(20);
    cr_expect_eq(served[1], 10);
}

/* --- Sums -------------------------------------------------------------------------- */

Test(fair, depth_age_and_weights_are_those_of_what_waits)
{
    weights[0] = 5;
    weights[1] = 7;
    put_class(0, JOB_BULK)->came_us = 30;
    put_class(1, JOB_BULK)->came_us = 20;
    put_class(1, JOB_INTERACTIVE)->came_us = 40;
    cr_expect_eq(queue.depth[JOB_BULK], 2);
    cr_expect_eq(queue.depth[JOB_INTERACTIVE], 1);
    cr_expect_eq(queue.weight_sum, 12);
    cr_expect_eq(fair_oldest_us(&queue, JOB_BULK), 20);
    cr_expect_eq(fair_oldest_us(&queue, JOB_INTERACTIVE), 40);
    take(3);
    cr_expect_eq(fair_depth(&queue), 0);
    cr_expect_eq(queue.weight_sum, 0);
    cr_expect_eq(fair_oldest_us(&queue, JOB_BULK), 0);
}

/* 64 callers of all weights at 256 keys: whatever stands in the other queues, a turn
 * looks at the callers at its own head only. Counted, not timed: every job comes out
 * once. */
Test(fair, many_callers_at_many_keys_all_get_served)
{
    enum { MANY_CALLERS = 64, MANY_KEYS = 256, EACH = 3 };
    static struct fair_queue queues[MANY_KEYS];
    static uint32_t many_weights[MANY_CALLERS];
    struct fair_flow *many =
        (struct fair_flow *)calloc((size_t)MANY_KEYS * MANY_CALLERS, sizeof(*many));
    struct job *shared = (struct job *)calloc(MANY_CALLERS, EACH * sizeof(*shared));
    size_t taken = 0;

    cr_assert(many != NULL && shared != NULL);
    for (uint32_t i = 0; i < MANY_CALLERS; i++) {
        many_weights[i] = 1 + i;
    }
    for (size_t key = 0; key < MANY_KEYS; key++) {
        fair_init(&queues[key], &many[key * MANY_CALLERS], many_weights, SHARE);
        for (size_t i = 0; i < (size_t)MANY_CALLERS * EACH; i++) {
            fair_put(&queues[key], i % MANY_CALLERS, &shared[i]);
        }
        while (fair_first(&queues[key]) != NULL) {
            fair_take(&queues[key], true);
            taken++;
        }
    }
    cr_expect_eq(taken, (size_t)MANY_KEYS * MANY_CALLERS * EACH);
    free(many);
    free(shared);
}
