#include "gateway/core/turn/admission.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

/* Four backends of equal weight and a reviewer, two keys, 80 places. */
enum { LIMIT = 80, BACKENDS = 4 };
static const int64_t SECOND_US = 1000000;

static struct config config;
static struct config_caller callers[BACKENDS + 1];
static struct config_key keys[2];
static struct admission admission;
static struct admission_ask ask;
static struct job_refusal why;

static void make(void)
{
    cr_assert_eq(admission_init(&admission, &config), SG_OK);
}

static void start(void)
{
    config = (struct config){.queue_limit = LIMIT,
                             .interactive_share = 75,
                             .callers = callers,
                             .caller_count = BACKENDS + 1,
                             .keys = keys,
                             .key_count = 2};
    for (size_t i = 0; i <= BACKENDS; i++) {
        callers[i] = (struct config_caller){
            .weight = 1, .roles = i < BACKENDS ? ROLE_BACKEND : ROLE_REVIEWER};
    }
    ask = (struct admission_ask){
        .count = 1, .class = JOB_BULK, .deadline_us = 10 * SECOND_US, .now_us = 0};
    make();
}

static void end(void)
{
    admission_fini(&admission);
}

TestSuite(admission, .init = start, .fini = end);

/* How many of count jobs the caller gets places for. */
static size_t take(size_t caller, size_t count)
{
    ask.caller = caller;
    ask.count = count;
    why = (struct job_refusal){.why = REFUSAL_NONE};
    return admission_take(&admission, &ask, &why);
}

/* Jobs that leave the queue and go back to whoever asked. */
static void finish(size_t caller, size_t count)
{
    struct job job = {.caller_index = caller, .class = JOB_BULK};

    for (size_t i = 0; i < count; i++) {
        admission_left(&admission, 0, &job);
        admission_over(&admission, &job);
        atomic_fetch_sub(&admission.load, 1);
    }
}

/* --- Places ------------------------------------------------------------------------ */

Test(admission, a_caller_alone_may_have_half_of_all_places)
{
    cr_expect_eq(take(0, 100), LIMIT / 2);
    cr_expect_eq(why.why, REFUSAL_CALLER_LIMIT);
    cr_expect_eq(take(0, 1), 0);
}

Test(admission, the_only_backend_may_have_all)
{
    config.caller_count = 1;
    admission_fini(&admission);
    make();
    cr_expect_eq(take(0, LIMIT), LIMIT);
    cr_expect_eq(take(0, 1), 0);
    cr_expect_eq(why.why, REFUSAL_QUEUE_FULL);
}

Test(admission, one_caller_cannot_take_all_places)
{
    cr_expect_eq(take(0, 1000), LIMIT / 2);
    cr_expect_eq(take(1, 1000), LIMIT / 4);
    cr_expect_eq(take(2, 1000), LIMIT / 4);
    cr_expect_eq(take(0, 1), 0);
}

Test(admission, beyond_half_each_has_its_share)
{
    cr_expect_eq(take(0, LIMIT / 2), LIMIT / 2);
    cr_expect_eq(take(1, 1), 1);
    finish(0, 10);
    cr_expect_eq(take(0, 10), 9, "half of all are taken again");
    finish(0, LIMIT / 2 - 1);
    cr_expect_eq(take(1, LIMIT), LIMIT / 2 - 1);
    cr_expect_eq(take(0, LIMIT), LIMIT / 4, "its share");
    cr_expect_eq(why.why, REFUSAL_CALLER_LIMIT);
}

Test(admission, weights_divide_the_places)
{
    callers[0].weight = 7;
    admission_fini(&admission);
    make();
    cr_expect_eq(take(1, LIMIT), LIMIT / 2);
    cr_expect_eq(take(2, LIMIT), LIMIT / 10);
    cr_expect_eq(take(0, LIMIT), LIMIT / 2 - LIMIT / 10);
    cr_expect_eq(why.why, REFUSAL_QUEUE_FULL);
}

Test(admission, who_becomes_a_backend_has_its_share)
{
    callers[1].roles = ROLE_REVIEWER;
    callers[2].roles = ROLE_REVIEWER;
    callers[3].roles = ROLE_REVIEWER;
    admission_fini(&admission);
    make();
    callers[1].roles = ROLE_BACKEND;
    admission_follow(&admission, &config);
    cr_expect_eq(take(0, 1000), LIMIT / 2);
    cr_expect_eq(take(1, 1000), LIMIT / 2);
    callers[1].roles = ROLE_REVIEWER;
    admission_follow(&admission, &config);
    finish(1, LIMIT / 2);
    cr_expect_eq(take(0, 1000), LIMIT / 2, "all of it");
}

Test(admission, a_hard_limit_bounds_what_a_caller_borrows)
{
    config.jobs_per_caller = 5;
    admission_fini(&admission);
    make();
    cr_expect_eq(take(0, 10), 5);
    cr_expect_eq(why.why, REFUSAL_CALLER_LIMIT);
    finish(0, 1);
    cr_expect_eq(take(0, 10), 1);
}

Test(admission, places_that_are_returned_are_free)
{
    cr_expect_eq(take(0, 30), 30);
    admission_return(&admission, &ask, 30);
    cr_expect_eq(atomic_load(&admission.load), 0);
    cr_expect_eq(take(0, LIMIT), LIMIT / 2);
}

Test(admission, what_does_not_fit_as_a_whole_is_taken_in_part)
{
    cr_expect_eq(take(0, LIMIT / 2 - 3), LIMIT / 2 - 3);
    cr_expect_eq(take(0, 10), 3);
    cr_expect_eq(atomic_load(&admission.caller_gauges[0].refused[REFUSAL_CALLER_LIMIT]),
                 7);
}

Test(admission, crowded_begins_before_the_limit)
{
    cr_expect_not(admission_crowded(&admission, 0));
    cr_expect_eq(take(0, LIMIT / 2 - 1), LIMIT / 2 - 1);
    cr_expect(admission_crowded(&admission, 0));
    cr_expect_not(admission_crowded(&admission, 1));
}

/* --- Deadlines --------------------------------------------------------------------- */

/* The core tells: so long between two jobs of anybody, and so many weights wait. */
static void tell(int64_t pace_us, int64_t hand_us, unsigned waiting)
{
    atomic_store(&admission.key_gauges[0].pace_ns, pace_us * 1000);
    atomic_store(&admission.key_gauges[0].hand_us, hand_us);
    atomic_store(&admission.key_gauges[0].weights, waiting);
}

Test(admission, before_the_first_measurement_no_deadline_is_too_short)
{
    ask.deadline_us = 1;
    cr_expect_eq(take(0, 20), 20);
}

Test(admission, a_deadline_takes_as_many_as_are_done_in_time)
{
    tell(100000, 0, 0);
    ask.deadline_us = 1250000; /* less a fifth */
    cr_expect_eq(take(0, 30), 11);
    cr_expect_eq(why.why, REFUSAL_DEADLINE_TOO_SHORT);
    cr_expect_eq(take(0, 1), 0, "they are ahead of it");
    ask.deadline_us = 10 * SECOND_US;
    cr_expect_eq(take(0, 1), 1);
}

Test(admission, what_lanes_have_in_hand_counts)
{
    tell(100000, 500000, 0);
    ask.deadline_us = 1250000;
    cr_expect_eq(take(0, 30), 6);
    ask.deadline_us = 400000;
    cr_expect_eq(take(1, 1), 0);
}

Test(admission, each_that_waits_makes_it_slower)
{
    tell(100000, 0, 3);
    ask.deadline_us = 2500000;
    cr_expect_eq(take(0, 30), 6, "it is the fourth");
}

Test(admission, a_callers_own_pace_is_believed_more)
{
    tell(100000, 0, 3);
    atomic_store(&admission.flows[0].pace_ns, 200000000);
    ask.deadline_us = 2500000;
    cr_expect_eq(take(0, 30), 11);
}

Test(admission, the_backlog_of_another_caller_is_not_ahead)
{
    cr_expect_eq(take(0, 40), 40);
    tell(100000, 0, 1);
    ask.deadline_us = SECOND_US;
    cr_expect_eq(take(0, 1), 0);
    cr_expect_eq(take(1, 1), 1);
}

Test(admission, the_backlog_of_another_key_is_not_ahead)
{
    cr_expect_eq(take(0, 20), 20);
    tell(100000, 0, 1);
    atomic_store(&admission.key_gauges[1].pace_ns, 100000000);
    ask.deadline_us = SECOND_US;
    ask.key = 1;
    cr_expect_eq(take(0, 1), 1);
}

Test(admission, bulk_is_ahead_of_interactive_jobs_by_its_share_only)
{
    cr_expect_eq(take(0, 20), 20);
    tell(100000, 0, 1);
    ask.deadline_us = SECOND_US;
    ask.class = JOB_INTERACTIVE;
    cr_expect_eq(take(0, 1), 1);
    ask.class = JOB_BULK;
    cr_expect_eq(take(0, 1), 0);
}

/* --- When to come back ------------------------------------------------------------- */

Test(admission, the_time_to_come_back_is_when_the_wait_would_fit)
{
    cr_expect_eq(take(0, 40), 40);
    tell(100000, 0, 1);
    ask.deadline_us = SECOND_US;
    cr_expect_eq(take(0, 1), 0);
    cr_expect(why.retry_us >= 3 * SECOND_US && why.retry_us <= 4500000, "%lld",
              (long long)why.retry_us);
}

Test(admission, the_time_to_come_back_is_bounded_and_not_the_same_for_all)
{
    int64_t first_us = 0;
    bool same = true;

    tell(60 * SECOND_US, 0, 1);
    ask.deadline_us = 1;
    for (int i = 0; i < 50; i++) {
        if (take(0, 40) > 0) {
            continue;
        }
        first_us = first_us == 0 ? why.retry_us : first_us;
        same = same && why.retry_us == first_us;
        cr_expect(why.retry_us >= 100000 && why.retry_us <= 15 * SECOND_US, "%lld",
                  (long long)why.retry_us);
    }
    cr_expect_not(same);
}

Test(admission, every_refusal_stands_in_the_documentation)
{
    static char page[65536];
    char row[64];
    FILE *file = fopen("docs/TRANSPORT.md", "re");

    cr_assert_not_null(file);
    page[fread(page, 1, sizeof(page) - 1, file)] = '\0';
    (void)fclose(file);
    for (int i = 0; i < REFUSALS; i++) {
        (void)snprintf(row, sizeof(row), "\n| `%s` | ", refusal_name((enum refusal)i));
        cr_expect_not_null(strstr(page, row), "%s", row);
    }
}

Test(admission, every_refusal_has_a_name_a_summary_and_a_sentence)
{
    for (int i = 0; i < REFUSALS; i++) {
        enum refusal refusal = (enum refusal)i;
        cr_expect_gt(strlen(refusal_name(refusal)), 4);
        cr_expect_gt(strlen(refusal_summary(refusal)), 4);
        cr_expect_lt(strlen(refusal_text(refusal)), JOB_WHY_MAX);
        cr_expect_not_null(strstr(refusal_text(refusal), "with the same id"));
    }
}
