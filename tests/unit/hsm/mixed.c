#include <criterion/criterion.h>
#include <string.h>

#include "hsm/lane/queue.h"
#include "tests/unit/hsm/support/arrivals.h"

/* How several workers divide their time among the kinds, on a clock of the test's own: as
 * many processors as workers, both kinds without end. */

enum { MOST = 64, RUN_US = 1000000, CHECK_US = 100 };

enum doing { DOES_NOTHING, DOES_CALL, DOES_CHECK };

struct man {
    struct batch batch;
    enum doing doing;
    int64_t until_us;
};

static struct queue queue;
static struct marks marks;
static struct man men[MOST];
static size_t count;
static int64_t call_us[MARK_QUEUES];
static int64_t worked_us[MARK_QUEUES];

TestSuite(mixed, .timeout = 60);

/* Else those who began together would come back together. */
static int64_t uneven(int64_t us)
{
    static uint32_t seed = 1;
    seed = seed * 1664525U + 1013904223U;
    return us * (80 + (int64_t)(seed >> 16) % 41) / 100;
}

static void refill(void)
{
    for (size_t kind = 0; kind < MARK_QUEUES; kind++) {
        while (queue.rings[kind].len < RING_LEN / 2) {
            cr_assert(arrivals_put(&queue, (enum mark_queue)kind, 1));
        }
    }
}

/* Whoever may begin nothing reads, and would wait; here it asks again when somebody has
 * left the module. */
static void begin(struct man *man, int64_t now_us)
{
    refill();
    man->doing = DOES_NOTHING;
    man->until_us = INT64_MAX;
    if (queue_next(&queue, &man->batch, false) == NEXT_READ) {
        queue_read_over(&queue);
        return;
    }
    man->doing = DOES_CALL;
    man->until_us =
        now_us + (int64_t)man->batch.len * uneven(call_us[man->batch.operations[0].kind]);
}

static void wake_all(int64_t now_us)
{
    for (size_t i = 0; i < count; i++) {
        if (men[i].doing == DOES_NOTHING) {
            begin(&men[i], now_us);
        }
    }
}

static void check(struct man *man)
{
    man->doing = DOES_CHECK;
    man->until_us += (int64_t)man->batch.len * CHECK_US;
}

static void settle(struct man *man)
{
    for (size_t i = 0; i < man->batch.len; i++) {
        struct queued *queued = &man->batch.operations[i];
        queued->called_us = call_us[queued->kind];
        queued->took_us = queued->called_us + CHECK_US;
        worked_us[queued->kind] += queued->took_us;
    }
}

static struct man *soonest(void)
{
    struct man *first = &men[0];
    for (size_t i = 1; i < count; i++) {
        first = men[i].until_us < first->until_us ? &men[i] : first;
    }
    return first;
}

static void run(size_t workers, int64_t curve_us)
{
    memset(men, 0, sizeof(men));
    memset(worked_us, 0, sizeof(worked_us));
    count = workers;
    call_us[MARK_RSA] = 1000;
    call_us[MARK_CURVE] = curve_us;
    cr_assert_eq(queue_init(&queue, &marks, workers), SG_OK);
    wake_all(0);
    for (int64_t now_us = 0; now_us < RUN_US;) {
        struct man *man = soonest();
        now_us = man->until_us;
        if (man->doing == DOES_CALL) {
            queue_leave(&queue, &man->batch);
            check(man);
        } else {
            settle(man);
            begin(man, now_us);
        }
        wake_all(now_us);
    }
}

/* Of a hundred, how much of the workers' time curves had. */
static int curves_of_hundred(size_t workers, int64_t curve_us)
{
    run(workers, curve_us);
    return (int)(100 * worked_us[MARK_CURVE] /
                 (worked_us[MARK_CURVE] + worked_us[MARK_RSA]));
}

Test(mixed, the_workers_of_a_device_divide_their_time_evenly)
{
    for (size_t workers = 1; workers <= MOST; workers *= 2) {
        int curves = curves_of_hundred(workers, 150);
        cr_expect(curves >= 45 && curves <= 55, "%zu workers: %d", workers, curves);
    }
}

Test(mixed, so_do_a_few_that_make_brief_calls_in_turns)
{
    for (size_t workers = 1; workers <= 4; workers *= 2) {
        int curves = curves_of_hundred(workers, BRIEF_CALL_US / 2);
        cr_expect(curves >= 43 && curves <= 55, "%zu workers: %d", workers, curves);
    }
}

/* Half of their time is more than can be spent one at a time: 27 of a hundred with 8
 * workers, 15 with 16, 4 with 64. */
Test(mixed, many_keep_the_module_busy_with_brief_calls_all_the_same)
{
    for (size_t workers = 8; workers <= MOST; workers *= 2) {
        run(workers, BRIEF_CALL_US / 2);
        int64_t curves = worked_us[MARK_CURVE] / (BRIEF_CALL_US / 2 + CHECK_US);
        int64_t busy_us = curves * BRIEF_CALL_US / 2;
        cr_expect(busy_us >= RUN_US * 6 / 10, "%zu workers: %ld us of a second", workers,
                  (long)busy_us);
    }
}
