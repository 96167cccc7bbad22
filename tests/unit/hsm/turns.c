#include <criterion/criterion.h>
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#include "hsm/lane/queue.h"
#include "tests/unit/hsm/support/arrivals.h"

/* Brief calls of the module are made one at a time, several in a row. */

static struct queue queue;
static struct marks marks;
static struct batch first;
static struct batch second;

static void start(void)
{
    cr_assert_eq(queue_init(&queue, &marks, 2), SG_OK);
}

TestSuite(turns, .init = start, .timeout = 30);

static void put(enum mark_queue kind, uint64_t id, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        cr_assert(arrivals_put(&queue, kind, id + i));
    }
}

/* What a worker took was done: each call of the module took so long. */
static void done(struct batch *batch, int64_t called_us)
{
    for (size_t i = 0; i < batch->len; i++) {
        batch->operations[i].called_us = called_us;
        batch->operations[i].took_us = called_us + called_us / 2;
    }
    queue_leave(&queue, batch);
}

static enum next next(struct batch *batch)
{
    return queue_next(&queue, batch, false);
}

/* The queue has learnt how long calls of a kind take. */
static void learn(enum mark_queue kind, int64_t called_us)
{
    for (uint64_t i = 0; i < 40; i++) {
        put(kind, 1, 1);
        cr_assert_eq(next(&first), NEXT_OPERATION);
        cr_assert_eq(first.len, 1);
        done(&first, called_us);
    }
}

static void stop_reading(void)
{
    queue_read_over(&queue);
}

Test(turns, brief_calls_are_made_by_one_worker_at_a_time)
{
    learn(MARK_CURVE, BRIEF_CALL_US / 2);
    put(MARK_CURVE, 10, 4);
    cr_assert_eq(next(&first), NEXT_OPERATION);
    cr_expect_eq(next(&second), NEXT_READ, "two are left, but it is not its turn");
    stop_reading();
    done(&first, BRIEF_CALL_US / 2);
    cr_assert_eq(next(&second), NEXT_OPERATION, "the first one left the module");
    cr_expect_eq(second.operations[0].operation.id, 12);
}

Test(turns, calls_of_a_device_are_made_by_all)
{
    learn(MARK_CURVE, INT64_C(2) * BRIEF_CALL_US);
    put(MARK_CURVE, 10, 4);
    cr_assert_eq(next(&first), NEXT_OPERATION);
    cr_expect_eq(first.len, 1);
    cr_assert_eq(next(&second), NEXT_OPERATION);
    cr_expect_eq(second.operations[0].operation.id, 11);
}

Test(turns, a_module_that_is_not_known_yet_is_taken_for_a_device)
{
    put(MARK_RSA, 10, 4);
    cr_assert_eq(next(&first), NEXT_OPERATION);
    cr_expect_eq(first.len, 1);
    cr_assert_eq(next(&second), NEXT_OPERATION);
}

Test(turns, one_kind_does_not_wait_for_the_turn_of_the_other)
{
    learn(MARK_CURVE, BRIEF_CALL_US / 2);
    put(MARK_CURVE, 10, 4);
    cr_assert_eq(next(&first), NEXT_OPERATION);
    put(MARK_RSA, 20, 1);
    cr_assert_eq(next(&second), NEXT_OPERATION);
    cr_expect_eq(second.operations[0].operation.id, 20);
}

Test(turns, a_worker_takes_its_share_of_what_waits)
{
    learn(MARK_CURVE, BRIEF_CALL_US / 2);
    put(MARK_CURVE, 10, 5);
    cr_assert_eq(next(&first), NEXT_OPERATION);
    cr_expect_eq(first.len, 3, "two workers share five");
    for (uint64_t i = 0; i < first.len; i++) {
        cr_expect_eq(first.operations[i].operation.id, 10 + i);
    }
    done(&first, 1);
    put(MARK_CURVE, 15, 100);
    cr_assert_eq(next(&first), NEXT_OPERATION);
    cr_expect_eq(first.len, RING_BATCH, "it is not to keep the other for long");
}

Test(turns, one_worker_alone_takes_one_at_a_time)
{
    cr_assert_eq(queue_init(&queue, &marks, 1), SG_OK);
    learn(MARK_CURVE, 1);
    put(MARK_CURVE, 10, 5);
    cr_assert_eq(next(&first), NEXT_OPERATION);
    cr_expect_eq(first.len, 1);
}

Test(turns, one_call_that_was_held_up_makes_no_device)
{
    learn(MARK_CURVE, BRIEF_CALL_US / 2);
    put(MARK_CURVE, 1, 1);
    cr_assert_eq(next(&first), NEXT_OPERATION);
    done(&first, INT64_C(1000) * BRIEF_CALL_US);
    put(MARK_CURVE, 10, 4);
    cr_assert_eq(next(&first), NEXT_OPERATION);
    cr_expect_eq(first.len, 2);
    done(&first, INT64_C(1000) * BRIEF_CALL_US);
    for (uint64_t i = 0; i < 8; i++) {
        put(MARK_CURVE, 20 + i, 1);
        cr_assert_eq(next(&first), NEXT_OPERATION);
        done(&first, INT64_C(1000) * BRIEF_CALL_US);
    }
    put(MARK_CURVE, 30, 4);
    cr_assert_eq(next(&first), NEXT_OPERATION);
    cr_expect_eq(first.len, 1, "but ten in a row do");
}

Test(turns, what_never_reached_the_module_says_nothing_of_it)
{
    learn(MARK_CURVE, INT64_C(2) * BRIEF_CALL_US);
    for (uint64_t i = 0; i < 40; i++) {
        put(MARK_CURVE, 10 + i, 1);
        cr_assert_eq(next(&first), NEXT_OPERATION);
        done(&first, 0);
    }
    put(MARK_CURVE, 100, 4);
    cr_assert_eq(next(&first), NEXT_OPERATION);
    cr_expect_eq(first.len, 1);
}

Test(turns, marks_rise_with_each_operation_of_a_row)
{
    learn(MARK_CURVE, BRIEF_CALL_US / 2);
    put(MARK_CURVE, 10, 4);
    cr_assert_eq(next(&first), NEXT_OPERATION);
    cr_assert_eq(first.len, 2);
    queue_begin(&queue, &first.operations[0]);
    cr_expect_eq(marks.begun[MARK_CURVE], 10, "the second one is not begun");
    queue_begin(&queue, &first.operations[1]);
    cr_expect_eq(marks.begun[MARK_CURVE], 11);
}

Test(turns, what_is_left_of_a_row_is_next_in_its_order)
{
    learn(MARK_CURVE, BRIEF_CALL_US / 2);
    put(MARK_CURVE, 10, RING_LEN);
    cr_assert_eq(next(&first), NEXT_OPERATION);
    cr_assert_eq(first.len, RING_BATCH);
    put(MARK_CURVE, 10 + RING_LEN, RING_BATCH);
    queue_return(&queue, &first, 1);
    cr_expect_eq(first.len, 1);
    done(&first, BRIEF_CALL_US / 2);
    for (uint64_t id = 11; id < 10 + RING_LEN + RING_BATCH; id += first.len) {
        cr_assert_eq(next(&first), NEXT_OPERATION);
        cr_assert_eq(first.operations[0].operation.id, id);
        done(&first, BRIEF_CALL_US / 2);
    }
}

/* --- Whoever waits for a turn ------------------------------------------------------- */

static atomic_int waited;

static void *waiting_worker(void *argument)
{
    (void)argument;
    atomic_store(&waited, (int)next(&second));
    return NULL;
}

Test(turns, who_leaves_the_module_wakes_who_waits)
{
    pthread_t thread;
    learn(MARK_CURVE, BRIEF_CALL_US / 2);
    put(MARK_CURVE, 10, 4);
    cr_assert_eq(next(&first), NEXT_OPERATION);
    cr_assert(queue_may_read(&queue)); /* the clerk does meanwhile */
    atomic_store(&waited, -1);
    cr_assert_eq(pthread_create(&thread, NULL, waiting_worker, NULL), 0);
    arrivals_await_idle(&queue);
    done(&first, BRIEF_CALL_US / 2);
    cr_assert_eq(pthread_join(thread, NULL), 0);
    cr_expect_eq(atomic_load(&waited), NEXT_OPERATION);
}

/* The only worker that is free may be the one at the socket, where nothing comes. */
Test(turns, who_leaves_the_module_fetches_the_reader)
{
    uint64_t pokes = 0;
    learn(MARK_CURVE, BRIEF_CALL_US / 2);
    put(MARK_CURVE, 10, 4);
    cr_assert_eq(next(&first), NEXT_OPERATION);
    cr_assert_eq(next(&second), NEXT_READ);
    cr_expect_lt(read(queue.poke_fd, &pokes, sizeof(pokes)), 0, "it cannot begin any");
    done(&first, BRIEF_CALL_US / 2);
    cr_assert_eq(read(queue.poke_fd, &pokes, sizeof(pokes)), (ssize_t)sizeof(pokes));
    cr_assert_eq(queue_next(&queue, &second, true), NEXT_OPERATION);
    cr_expect_eq(second.operations[0].operation.id, 12);
}
