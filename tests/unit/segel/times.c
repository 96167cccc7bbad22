/* Times that segel.h promises. */
#define _GNU_SOURCE /* NOLINT: the name is the C library's; syscall */
#include <criterion/criterion.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "client/channel/moment.h"
#include "client/segel/segel.h"
#include "tests/unit/client/support/link.h"
#include "tests/unit/segel/support/bench.h"

LINK_BEFORE_ALL_TESTS
LINK_AFTER_ALL_TESTS

TestSuite(times, .init = bench_open, .fini = bench_close, .timeout = 120);

enum { PATIENCE_MS = 60000, SHORT_US = 100000, MINUTE_S = 61 };

static struct segel_bulk *bulk;

/* The machine's clock, which may be moved on. */
static atomic_long skipped_s;

int clock_gettime(clockid_t clock, struct timespec *now)
{
    int rc = (int)syscall(SYS_clock_gettime, clock, now);

    now->tv_sec += clock == CLOCK_MONOTONIC ? atomic_load(&skipped_s) : 0;
    return rc;
}

static void open_bulk(void)
{
    struct segel_bulk_options given = SEGEL_INIT(given);

    given.letters = 1000;
    cr_assert_eq(segel_bulk_open(segel, &given, &bulk, &error), SEGEL_OK, "%s",
                 error.text);
}

static void submit(struct segel_plan *plan, unsigned number, uint32_t deadline_ms)
{
    char id[32];

    (void)snprintf(id, sizeof(id), "letter-%u", number);
    struct segel_letter letter = bench_letter(id);
    letter.deadline_ms = deadline_ms;
    cr_assert_eq(segel_bulk_submit(bulk, plan, &letter, &error), SEGEL_OK, "%s",
                 error.text);
}

static int take_one(void)
{
    const struct segel_outcome *outcome = NULL;

    cr_assert_eq(segel_bulk_next(bulk, PATIENCE_MS, &outcome, &error), SEGEL_OK);
    int code = outcome->code;
    segel_outcome_free(outcome);
    return code;
}

static unsigned times_lost(void)
{
    struct segel_progress progress = SEGEL_INIT(progress);

    segel_bulk_progress(bulk, &progress);
    return progress.lost;
}

/* --- A gateway that says nothing ------------------------------------------------------
 */

/* Each letter wakes the thread that waits for answers. */
Test(times, a_dead_connection_is_noticed_while_letters_keep_coming)
{
    struct segel_plan *plan = bench_plan("mute");

    open_bulk();
    for (unsigned i = 0; i < 20; i++) {
        submit(plan, i, 0);
        (void)usleep(SHORT_US);
    }
    cr_expect_eq(times_lost(), 0);
    atomic_store(&skipped_s, MINUTE_S);
    for (unsigned i = 20; i < 300 && times_lost() == 0; i++) {
        submit(plan, i, 0);
        (void)usleep(SHORT_US);
    }
    cr_expect_gt(times_lost(), 0);
    segel_bulk_close(bulk);
    segel_plan_free(plan);
}

/* What the gateway owes, it owes also of letters whose time is over. */
Test(times, a_dead_connection_is_noticed_though_no_letter_waits_for_long)
{
    struct segel_plan *plan = bench_plan("mute");

    open_bulk();
    submit(plan, 0, 500);
    cr_expect_eq(take_one(), SEGEL_TIMEOUT);
    (void)usleep(20 * SHORT_US);
    atomic_store(&skipped_s, MINUTE_S);
    for (unsigned i = 1; i < 20 && times_lost() == 0; i++) {
        submit(plan, i, 500);
        cr_expect_eq(take_one(), SEGEL_TIMEOUT);
    }
    cr_expect_gt(times_lost(), 0);
    segel_bulk_close(bulk);
    segel_plan_free(plan);
}

/* --- Deadlines ------------------------------------------------------------------------
 */

/* By then the pauses between two connections are of several seconds. */
Test(times, a_letter_ends_at_its_deadline_also_between_two_connections)
{
    enum { DEADLINE_MS = 4500, LATEST_MS = 7000 };
    struct segel_plan *plan = bench_plan("strangers");
    int64_t from_us = moment_mono_us();

    open_bulk();
    submit(plan, 1, DEADLINE_MS);
    cr_expect_eq(take_one(), SEGEL_TIMEOUT);
    cr_expect_lt((moment_mono_us() - from_us) / 1000, LATEST_MS);
    segel_bulk_close(bulk);
    segel_plan_free(plan);
}
