#include "hsm/lane/queue.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#include "tests/unit/hsm/support/arrivals.h"

static struct queue queue;
static struct marks marks;

static void start(void)
{
    cr_assert_eq(queue_init(&queue, &marks, 1), SG_OK);
}

TestSuite(queue, .init = start, .timeout = 30);

static bool put(enum mark_queue kind, uint64_t id)
{
    return arrivals_put(&queue, kind, id);
}

static struct batch batch;
static struct queued *const taken = &batch.operations[0];
static struct batch second;

/* Takes the next one, which will take so long, most of it in the module. */
static uint64_t take(int64_t took_us)
{
    cr_assert_eq(queue_next(&queue, &batch, false), NEXT_OPERATION);
    cr_assert_eq(batch.len, 1);
    taken->took_us = took_us;
    taken->called_us = took_us;
    return taken->operation.id;
}

/* Takes it for a worker that has nothing else in hand. */
static uint64_t take_anew(struct batch *into)
{
    into->len = 0;
    cr_assert_eq(queue_next(&queue, into, false), NEXT_OPERATION);
    return into->operations[0].operation.id;
}

static void give_back(void)
{
    queue_return(&queue, &batch, 0);
}

Test(queue, within_a_kind_the_oldest_is_first)
{
    for (uint64_t id = 1; id <= 3UL * RING_LEN; id++) {
        cr_assert(put(MARK_RSA, id));
        cr_assert_eq(take(100), id);
    }
    for (uint64_t id = 1; id <= RING_LEN; id++) {
        cr_assert(put(MARK_CURVE, id));
    }
    for (uint64_t id = 1; id <= RING_LEN; id++) {
        cr_assert_eq(take(1), id);
    }
}

/* An operation of RSA takes 1000 us here, one on a curve 50: 20 of them for one. */
static unsigned curves_among(unsigned count)
{
    unsigned curves = 0;
    for (unsigned i = 0; i < count; i++) {
        (void)take(0);
        taken->took_us = taken->kind == MARK_RSA ? 1000 : 50;
        curves += taken->kind == MARK_CURVE ? 1 : 0;
    }
    return curves;
}

static void fill_both(void)
{
    for (uint64_t i = 0; i < 300; i++) {
        cr_assert(put(MARK_RSA, 1 + i));
        cr_assert(put(MARK_CURVE, 1000 + i));
    }
}

Test(queue, a_backlog_of_rsa_leaves_the_curves_half_of_the_time)
{
    fill_both();
    unsigned curves = curves_among(210);
    cr_expect(curves >= 195 && curves <= 205, "%u of 210, 200 are half the time", curves);
}

Test(queue, what_is_under_way_counts_before_it_is_done)
{
    unsigned curves = 0;
    fill_both();
    (void)curves_among(100);
    for (unsigned i = 0; i < 21; i++) {
        (void)take_anew(&batch);
        curves += taken->kind == MARK_CURVE ? 1 : 0;
    }
    cr_expect(curves >= 15 && curves < 21, "%u of 21 workers took a curve", curves);
}

Test(queue, a_kind_that_was_idle_has_no_credit)
{
    for (uint64_t i = 0; i < 200; i++) {
        cr_assert(put(MARK_RSA, 1 + i));
        cr_assert(take(1000) < 1000);
    }
    cr_assert(put(MARK_CURVE, 1000));
    cr_assert(take(50) == 1000);
    fill_both();
    unsigned curves = curves_among(210);
    cr_expect(curves >= 180 && curves <= 205, "%u of 210, 200 are half the time", curves);
}

Test(queue, a_kind_that_others_waited_for_does_not_pay_for_it_later)
{
    for (uint64_t i = 0; i < 200; i++) {
        cr_assert(put(MARK_RSA, 1 + i));
        cr_assert(take(1000) < 1000);
    }
    for (uint64_t i = 0; i < 300; i++) {
        cr_assert(put(MARK_CURVE, 1000 + i));
    }
    cr_assert(take(50) >= 1000);
    cr_assert(put(MARK_RSA, 1));
    for (unsigned i = 0; i < 45; i++) {
        if (take(50) == 1) {
            return;
        }
    }
    cr_assert_fail("45 on curves, more than twice the time of one RSA, went before it");
}

/* One at a time is no way to get more than half. */
Test(queue, a_kind_that_comes_one_by_one_gets_no_more_than_its_half)
{
    unsigned curves = 0;
    for (uint64_t i = 0; i < 300; i++) {
        cr_assert(put(MARK_CURVE, 1000 + i));
    }
    cr_assert(put(MARK_RSA, 1));
    for (unsigned i = 0; i < 105; i++) {
        curves += curves_among(1);
        if (taken->kind == MARK_RSA) {
            cr_assert(put(MARK_RSA, 1));
        }
    }
    cr_expect(curves >= 95, "%u of 105, 100 are half the time", curves);
}

/* A stream of curves without end; how long they had until one of RSA came. */
static int64_t curves_until_rsa_us(int64_t curve_us)
{
    int64_t had_us = 0;
    while (had_us < 5000000) {
        (void)take(curve_us);
        if (taken->kind == MARK_RSA) {
            return had_us;
        }
        cr_assert(put(MARK_CURVE, 1));
        had_us += curve_us;
    }
    return had_us;
}

/* As of a virtual machine that was moved while the call was under way. */
Test(queue, a_kind_does_not_owe_the_time_for_which_the_machine_stood_still)
{
    fill_both();
    (void)curves_until_rsa_us(1000);
    taken->took_us = INT64_C(60000000);
    int64_t curves_us = curves_until_rsa_us(1000);
    cr_expect(curves_us >= 90000 && curves_us <= 110000, "%ld us", (long)curves_us);
}

Test(queue, a_token_that_is_slow_by_nature_divides_its_time_too)
{
    int64_t curves_us = 0;
    fill_both();
    for (unsigned i = 0; i < 10; i++) {
        curves_us = curves_until_rsa_us(90000);
        taken->took_us = 1000000;
    }
    cr_expect(curves_us >= 900000 && curves_us <= 1100000, "%ld us", (long)curves_us);
}

Test(queue, a_full_ring_refuses_and_the_other_does_not)
{
    for (uint64_t id = 1; id <= RING_LEN; id++) {
        cr_assert(put(MARK_RSA, id));
    }
    cr_expect_not(put(MARK_RSA, RING_LEN + 1));
    cr_expect(put(MARK_CURVE, 1));
    cr_expect_eq(queue_outlook(&queue, NULL).queued, RING_LEN + 1);
}

Test(queue, what_is_given_back_is_next_even_into_a_full_ring)
{
    for (uint64_t id = 1; id <= RING_LEN; id++) {
        cr_assert(put(MARK_RSA, id));
    }
    cr_assert_eq(take(0), 1);
    cr_assert(put(MARK_RSA, RING_LEN + 1));
    give_back();
    for (uint64_t id = 1; id <= RING_LEN + 1; id++) {
        cr_assert_eq(take(0), id);
        cr_assert_eq(taken->operation.wanted.input.data[0], 1);
    }
}

Test(queue, marks_tell_the_highest_id_begun_of_each_kind)
{
    cr_assert(put(MARK_RSA, 7));
    cr_assert(put(MARK_RSA, 9));
    (void)take(0);
    cr_expect_eq(marks.begun[MARK_RSA], 0, "the key is not used yet");
    queue_begin(&queue, taken);
    cr_expect_eq(marks.begun[MARK_RSA], 7);
    (void)take(0);
    queue_begin(&queue, taken);
    cr_expect_eq(marks.begun[MARK_RSA], 9);
    cr_expect_eq(marks.begun[MARK_CURVE], 0);
}

Test(queue, what_is_given_back_lowers_no_mark)
{
    cr_assert(put(MARK_CURVE, 7));
    cr_assert(put(MARK_CURVE, 8));
    (void)take(0);
    cr_assert_eq(take_anew(&second), 8);
    queue_begin(&queue, &second.operations[0]);
    give_back();
    cr_assert_eq(take(0), 7);
    queue_begin(&queue, taken);
    cr_expect_eq(marks.begun[MARK_CURVE], 8);
}

/* What one worker has in hand while another one asks. */
static bool brief_while(enum mark_queue kind, int64_t usually_us)
{
    for (uint64_t id = 1; id <= 100; id++) {
        cr_assert(put(kind, id));
        (void)take(usually_us);
    }
    cr_assert(put(kind, 101));
    (void)take(usually_us);
    return queue_outlook(&queue, NULL).brief;
}

Test(queue, the_outlook_knows_whether_others_will_be_done_soon)
{
    cr_expect(queue_outlook(&queue, NULL).brief, "nothing is under way");
    cr_expect(brief_while(MARK_CURVE, BRIEF_US / 2));
    cr_expect_not(brief_while(MARK_RSA, INT64_C(2) * BRIEF_US));
    cr_expect(queue_outlook(&queue, taken).brief, "one's own does not count");
    give_back();
    cr_expect(queue_outlook(&queue, NULL).brief, "nor does what was given back");
    cr_expect_eq(queue_outlook(&queue, NULL).queued, 1);
}

Test(queue, a_packet_goes_in_as_a_whole)
{
    struct arrival arrivals[3] = {{.kind = MARK_RSA, .operation.id = 1},
                                  {.kind = MARK_CURVE, .operation.id = 2},
                                  {.kind = MARK_RSA, .operation.id = 3}};
    cr_assert(queue_put(&queue, arrivals, SG_COUNT(arrivals)));
    cr_assert_eq(queue_outlook(&queue, NULL).queued, SG_COUNT(arrivals));
    unsigned curves = curves_among(SG_COUNT(arrivals));
    cr_expect_eq(curves, 1);
}

/* --- Who reads the socket ---------------------------------------------------------- */

static struct batch other;
static atomic_int other_next;

/* Another worker, which waits if there is nothing for it. */
static void *other_worker(void *argument)
{
    (void)argument;
    atomic_store(&other_next, (int)queue_next(&queue, &other, false));
    return NULL;
}

static void start_other(pthread_t *thread)
{
    atomic_store(&other_next, -1);
    cr_assert_eq(pthread_create(thread, NULL, other_worker, NULL), 0);
}

static int end_other(pthread_t thread)
{
    cr_assert_eq(pthread_join(thread, NULL), 0);
    return atomic_load(&other_next);
}

Test(queue, one_worker_without_work_reads_and_the_next_waits)
{
    pthread_t thread;
    cr_assert_eq(queue_next(&queue, &batch, false), NEXT_READ);
    cr_expect_not(queue_may_read(&queue), "the clerk leaves it to the worker");
    start_other(&thread);
    arrivals_await_idle(&queue);
    cr_assert(put(MARK_RSA, 1));
    cr_assert(put(MARK_RSA, 2));
    cr_assert_eq(queue_next(&queue, &batch, true), NEXT_OPERATION);
    cr_expect_eq(end_other(thread), NEXT_OPERATION);
    cr_expect_eq(taken->operation.id + other.operations[0].operation.id, 3);
}

Test(queue, who_leaves_the_socket_for_an_operation_sends_another_there)
{
    pthread_t thread;
    cr_assert_eq(queue_next(&queue, &batch, false), NEXT_READ);
    start_other(&thread);
    arrivals_await_idle(&queue);
    cr_assert(put(MARK_RSA, 1));
    cr_assert_eq(queue_next(&queue, &batch, true), NEXT_OPERATION);
    cr_expect_eq(end_other(thread), NEXT_READ);
}

/* Nobody is left to read: without the clerk, what comes next would lie in the socket
 * until the module has answered. */
Test(queue, when_all_are_busy_the_clerk_is_called_and_may_read)
{
    atomic_store(&queue.clerk_up, false);
    cr_assert(put(MARK_RSA, 1));
    cr_assert_eq(queue_next(&queue, &batch, false), NEXT_OPERATION);
    cr_expect(atomic_load(&queue.clerk_up));
    queue_clerk_yawn(&queue);
    queue_clerk_rest(&queue); /* does not rest */
    cr_assert(queue_may_read(&queue));
    cr_expect_not(queue_may_read(&queue), "one at a time");
    queue_read_over(&queue);
    cr_expect(queue_may_read(&queue));
}

static void *resting_clerk(void *argument)
{
    (void)argument;
    queue_clerk_yawn(&queue);
    queue_clerk_rest(&queue);
    return NULL;
}

Test(queue, the_clerk_rests_while_a_worker_reads_and_until_it_is_called)
{
    pthread_t thread;
    cr_assert_eq(queue_next(&queue, &batch, false), NEXT_READ);
    cr_assert_eq(pthread_create(&thread, NULL, resting_clerk, NULL), 0);
    while (atomic_load(&queue.clerk_up)) {
        (void)usleep(1000);
    }
    queue_call_clerk(&queue);
    cr_expect_eq(pthread_join(thread, NULL), 0);
}

/* Between yawning and resting somebody may have left an outcome with it. */
Test(queue, a_clerk_that_was_called_while_it_yawned_does_not_rest)
{
    cr_assert_eq(queue_next(&queue, &batch, false), NEXT_READ);
    queue_clerk_yawn(&queue);
    queue_call_clerk(&queue);
    queue_clerk_rest(&queue);
    cr_expect(atomic_load(&queue.clerk_up));
}

/* The only worker that is free may be the one at the socket. */
Test(queue, what_is_given_back_fetches_the_reader)
{
    uint64_t pokes = 0;
    cr_assert(put(MARK_RSA, 1));
    (void)take(0);
    give_back();
    cr_assert_eq(read(queue.poke_fd, &pokes, sizeof(pokes)), (ssize_t)sizeof(pokes));
    cr_expect_eq(pokes, 1);
}
