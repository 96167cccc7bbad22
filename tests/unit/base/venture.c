#include <criterion/criterion.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "gateway/clock.h"
#include "gateway/venture.h"
#include "proto/base.h"

/* What may never come back: it is waited for as long as one likes, and whoever is the
 * last frees it. */

static sem_t gate;
static sem_t freed;
static atomic_int wakes;

static void stand(struct venture *venture)
{
    (void)venture;
    while (sem_wait(&gate) != 0) {
    }
}

static void release(struct venture *venture)
{
    free(venture);
    (void)sem_post(&freed);
}

static void wake(void *context)
{
    (void)atomic_fetch_add((atomic_int *)context, 1);
}

static struct venture *begin(void)
{
    struct venture *venture = (struct venture *)calloc(1, sizeof(*venture));

    cr_assert_not_null(venture);
    cr_assert(sem_init(&gate, 0, 0) == 0 && sem_init(&freed, 0, 0) == 0);
    *venture =
        (struct venture){.run = stand, .free = release, .wake = wake, .context = &wakes};
    cr_assert_eq(venture_begin(venture, "venture"), SG_OK);
    return venture;
}

TestSuite(venture, .timeout = 20);

Test(venture, one_that_hangs_is_waited_for_until_then)
{
    struct venture *venture = begin();
    int64_t until_us = clock_mono_us() + 50000;

    cr_expect_not(venture_back(venture, 0));
    cr_expect_not(venture_back(venture, until_us));
    cr_expect_geq(clock_mono_us(), until_us);
    cr_expect_eq(atomic_load(&wakes), 0);
    (void)sem_post(&gate);
    cr_expect(venture_back(venture, clock_mono_us() + 10000000));
    cr_expect_eq(atomic_load(&wakes), 1);
    venture_leave(venture);
    cr_expect_eq(sem_trywait(&freed), 0);
}

Test(venture, one_that_was_given_up_frees_itself_and_wakes_nobody)
{
    struct venture *venture = begin();

    venture_leave(venture);
    cr_expect_neq(sem_trywait(&freed), 0, "it is still out");
    (void)sem_post(&gate);
    while (sem_wait(&freed) != 0) {
    }
    cr_expect_eq(atomic_load(&wakes), 0);
}
