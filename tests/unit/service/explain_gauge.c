#include <criterion/criterion.h>
#include <pthread.h>

#include "gateway/service/sign/explain.h"

enum { MINUTE_US = 60000000, THREADS = 4, TRIES = 1000 };

static struct explain_gauge gauge;

Test(explain_gauge, a_minutes_worth_at_once_and_no_more)
{
    for (int i = 0; i < 5; i++) {
        cr_expect_eq(explain_draw(&gauge, 5, MINUTE_US), 0, "question %d", i + 1);
    }
    cr_expect_eq(explain_draw(&gauge, 5, MINUTE_US), MINUTE_US / 5);
    cr_expect_eq(atomic_load(&gauge.refused), 1);
}

Test(explain_gauge, what_was_waited_for_comes)
{
    int64_t now_us = MINUTE_US;

    for (int i = 0; i < 5; i++) {
        (void)explain_draw(&gauge, 5, now_us);
    }
    int64_t wait_us = explain_draw(&gauge, 5, now_us + 1);
    cr_expect_eq(wait_us, MINUTE_US / 5 - 1);
    cr_expect_gt(explain_draw(&gauge, 5, now_us + wait_us), 0, "a moment too early");
    cr_expect_eq(explain_draw(&gauge, 5, now_us + 1 + wait_us), 0);
    cr_expect_gt(explain_draw(&gauge, 5, now_us + 1 + wait_us), 0, "one came back");
}

Test(explain_gauge, refusals_cost_the_caller_nothing)
{
    int64_t now_us = MINUTE_US;

    cr_expect_eq(explain_draw(&gauge, 1, now_us), 0);
    for (int i = 0; i < 100; i++) {
        cr_expect_eq(explain_draw(&gauge, 1, now_us), MINUTE_US);
    }
    cr_expect_eq(explain_draw(&gauge, 1, now_us + MINUTE_US), 0);
}

static void *draw_often(void *context)
{
    size_t *taken = (size_t *)context;

    for (int i = 0; i < TRIES; i++) {
        *taken += explain_draw(&gauge, 600, MINUTE_US) == 0 ? 1 : 0;
    }
    return NULL;
}

/* A caller with connections on several loops gets no more than one with one. */
Test(explain_gauge, threads_share_what_there_is)
{
    pthread_t threads[THREADS];
    size_t taken[THREADS] = {0};
    size_t all = 0;

    for (size_t i = 0; i < THREADS; i++) {
        cr_assert_eq(pthread_create(&threads[i], NULL, draw_often, &taken[i]), 0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        (void)pthread_join(threads[i], NULL);
        all += taken[i];
    }
    cr_expect_eq(all, 600);
    cr_expect_eq(atomic_load(&gauge.refused), THREADS * TRIES - 600);
}
