#include "gateway/core/turn/commits.h"

#include <criterion/criterion.h>

#include "gateway/core/core_inside.h"
#include "gateway/core/lane/inside.h"

enum { FIRST, SECOND, LANES, LIMIT_US = 20000, THREADS = 2, EACH_US = 1000 };

static struct core core;
static struct config config = {.collect_us = LIMIT_US};
static struct lane lanes[LANES];
static struct route route;
static struct fair_flow flow;
static struct job results[LANES];
static struct job job = {.scheme = SG_SCHEME_RSA_PKCS1, .class = JOB_BULK};
static const uint32_t weight = 1;

/* Two lanes that are up, with nothing in hand. */
static void setup(void)
{
    core.options.config = &config;
    core.berth_count = LANES;
    TAILQ_INIT(&core.busy);
    STAILQ_INIT(&core.finished);
    for (size_t i = 0; i < LANES; i++) {
        lanes[i].state = LANE_UP;
        lanes[i].counts.threads = THREADS;
        for (int kind = 0; kind < LANE_KINDS; kind++) {
            lanes[i].hands[kind].latency.mean_us = EACH_US;
        }
        core.berths[i].lane = &lanes[i];
        core.berths[i].seen = LANE_UP;
    }
}

TestSuite(commits, .init = setup);

/* So many operations behind those that the threads have in hand or take next. */
static void give(size_t lane, enum lane_kind kind, uint32_t behind)
{
    lanes[lane].hands[kind].outstanding = behind == 0 ? 0 : behind + 2 * THREADS;
}

static void finished(size_t lane, enum lane_kind kind)
{
    struct job *done = &results[lane];

    done->berth = (int)lane;
    done->scheme = kind == LANE_RSA ? SG_SCHEME_RSA_PKCS1 : SG_SCHEME_ECDSA;
    STAILQ_INSERT_TAIL(&core.finished, done, queue);
}

static void waits_for(uint64_t berths)
{
    fair_init(&route.waiting, &flow, &weight, 50);
    fair_put(&route.waiting, 0, &job);
    route.berths = berths;
    TAILQ_INSERT_TAIL(&core.busy, &route, link);
}

Test(commits, a_gateway_that_is_not_busy_commits_at_once)
{
    cr_expect_eq(commits_wait_us(&core), 0);
    finished(FIRST, LANE_RSA);
    cr_expect_eq(commits_wait_us(&core), 0);
    lanes[FIRST].hands[LANE_RSA].outstanding = 2 * THREADS;
    cr_expect_eq(commits_wait_us(&core), 0, "what no thread has to look for");
}

Test(commits, waits_for_half_of_what_the_lane_has_to_do)
{
    finished(FIRST, LANE_RSA);
    give(FIRST, LANE_RSA, 20); /* 10 ms by two threads */
    cr_expect_eq(commits_wait_us(&core), 20 * EACH_US / THREADS / 2);
    give(FIRST, LANE_RSA, 1000);
    cr_expect_eq(commits_wait_us(&core), LIMIT_US);
    give(FIRST, LANE_RSA, 2); /* a timer would take longer */
    cr_expect_eq(commits_wait_us(&core), 0);
}

Test(commits, the_lane_that_runs_dry_first_is_waited_for)
{
    finished(FIRST, LANE_RSA);
    finished(SECOND, LANE_RSA);
    give(FIRST, LANE_RSA, 20);
    give(SECOND, LANE_RSA, 60);
    cr_expect_eq(commits_wait_us(&core), 20 * EACH_US / THREADS / 2);
    lanes[FIRST].state = LANE_DOWN;
    cr_expect_eq(commits_wait_us(&core), 60 * EACH_US / THREADS / 2,
                 "who is down is not");
}

Test(commits, a_lane_whom_nothing_concerns_holds_nothing_up)
{
    finished(FIRST, LANE_RSA);
    give(SECOND, LANE_RSA, 60);
    give(FIRST, LANE_CURVE, 60);
    cr_expect_eq(commits_wait_us(&core), 0, "nor one of the other kind");
    STAILQ_INIT(&core.finished);
    finished(SECOND, LANE_RSA);
    cr_expect_eq(commits_wait_us(&core), 60 * EACH_US / THREADS / 2,
                 "nor is it waited for");
}

Test(commits, a_job_for_a_lane_with_time_is_not_kept_waiting)
{
    finished(FIRST, LANE_RSA);
    give(FIRST, LANE_RSA, 60);
    waits_for(1ULL << FIRST);
    cr_expect_eq(commits_wait_us(&core), 60 * EACH_US / THREADS / 2);
    route.berths |= 1ULL << SECOND;
    cr_expect_eq(commits_wait_us(&core), 0);
}
