#include <criterion/criterion.h>
#include <sched.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "gateway/clock.h"
#include "tests/unit/core/support/stand_in.h"

/* What a lane has sent before it dies, or while it is given up, is an answer: whose key
 * was used must not be told that nobody knows. */

static struct stand_in actor;

static void teardown(void)
{
    stand_in_end(&actor);
}

TestSuite(traffic, .fini = teardown, .timeout = 30);

static void submit(size_t first, size_t count)
{
    for (size_t i = first; i < first + count; i++) {
        stand_in_submit(&actor, i);
    }
    lane_flush(actor.lane);
}

static void expect_signed(size_t first, size_t count)
{
    for (size_t i = first; i < first + count; i++) {
        cr_expect_eq(actor.told[i].times, 1u, "operation %zu was told %u times", i,
                     actor.told[i].times);
        cr_expect_eq(actor.told[i].status, SG_OK, "operation %zu: %s", i,
                     sg_status_name(actor.told[i].status));
    }
}

static void expect_untouched(size_t first, size_t count)
{
    for (size_t i = first; i < first + count; i++) {
        cr_expect_eq(actor.told[i].times, 1u, "operation %zu was told %u times", i,
                     actor.told[i].times);
        cr_expect(actor.told[i].status == SG_LANE_DOWN && actor.told[i].unused,
                  "operation %zu: %s", i, sg_status_name(actor.told[i].status));
    }
}

/* The first packet is answered, and so many behind it stay unread. */
static void answer_first(const struct part *part, size_t unread)
{
    uint64_t ids[STAND_IN_OPERATIONS];
    size_t count = part_take(part, 1 + unread, unread, ids);

    atomic_store(&part->marks->begun[MARK_RSA], ids[count - 1]);
    part_answer(part, ids, count, FAILURE_NONE);
}

static void answers_and_dies(const struct part *part)
{
    answer_first(part, 0);
}

static void answers_and_dies_over_unread_work(const struct part *part)
{
    answer_first(part, 1);
}

/* Its socket gives an error before it gives the packets that wait in it. */
Test(traffic, what_a_lane_sent_that_died_over_unread_work_is_taken_in)
{
    stand_in_start(&actor, answers_and_dies_over_unread_work);
    submit(0, 2);
    submit(2, 2);
    stand_in_wait_dead(&actor);
    lane_read(actor.lane);
    cr_expect_eq(lane_state(actor.lane), LANE_DOWN);
    expect_signed(0, 2);
    expect_untouched(2, 2);
}

Test(traffic, what_a_lane_sent_that_is_found_dead_by_a_frame_is_taken_in)
{
    stand_in_start(&actor, answers_and_dies);
    submit(0, 2);
    stand_in_wait_dead(&actor);
    submit(2, 2);
    cr_expect_eq(lane_state(actor.lane), LANE_DOWN);
    expect_signed(0, 2);
    expect_untouched(2, 2);
}

Test(traffic, so_is_what_it_sent_over_unread_work)
{
    stand_in_start(&actor, answers_and_dies_over_unread_work);
    submit(0, 2);
    submit(2, 2);
    stand_in_wait_dead(&actor);
    submit(4, 2);
    cr_expect_eq(lane_state(actor.lane), LANE_DOWN);
    expect_signed(0, 2);
    expect_untouched(2, 4);
}

/* --- A canary that fails ----------------------------------------------------------- */

static void fails_the_canary_first(const struct part *part)
{
    const struct timespec moment = {.tv_nsec = 50000000};
    uint64_t ids[STAND_IN_OPERATIONS];
    uint64_t canary[STAND_IN_OPERATIONS];
    uint8_t byte;
    size_t count = part_take(part, 1, 0, ids);

    (void)part_take(part, 1, 0, canary);
    part_answer(part, canary, 1, FAILURE_DEVICE);
    (void)nanosleep(&moment, NULL);
    part_answer(part, ids, count, FAILURE_NONE);
    (void)recv(part->fd, &byte, sizeof(byte), 0); /* it lives until it is killed */
}

static void send_canary(void)
{
    actor.lane->options.canary_us = 1;
    lane_tick(actor.lane, clock_mono_us());
    actor.lane->options.canary_us = INT64_MAX;
    cr_assert(actor.lane->canary_pending);
}

Test(traffic, a_canary_that_fails_leaves_what_is_in_hand_a_moment)
{
    stand_in_start(&actor, fails_the_canary_first);
    submit(0, 3);
    send_canary();
    stand_in_hear(&actor);
    expect_signed(0, 3);
    cr_expect_eq(lane_state(actor.lane), LANE_DOWN);
    cr_expect_not_null(strstr(lane_why(actor.lane), "the canary was not signed"));
}

Test(traffic, a_first_canary_that_fails_ends_the_lane_at_once)
{
    stand_in_start(&actor, fails_the_canary_first);
    submit(0, 1);
    send_canary();
    lane_enter(actor.lane, LANE_TRYING);
    stand_in_hear(&actor);
    cr_expect_eq(lane_state(actor.lane), LANE_DOWN);
    cr_expect_eq(actor.told[0].status, SG_LANE_DOWN);
}

/* That its canary dies with it is no other reason. */
Test(traffic, a_lane_that_is_latched_with_its_canary_in_hand_stays_latched)
{
    stand_in_start(&actor, fails_the_canary_first);
    send_canary();
    lane_lose(actor.lane, LANE_LATCHED, "the PIN was refused");
    if (actor.lane->burying) {
        stand_in_wait_dead(&actor);
        lane_tick(actor.lane, clock_mono_us());
    }
    cr_expect_not(actor.lane->canary_pending);
    cr_expect_not(actor.lane->ebbing);
    cr_expect_eq(lane_state(actor.lane), LANE_LATCHED);
    cr_expect_str_eq(lane_why(actor.lane), "the PIN was refused");
}

/* Who waits for whom, by the page that both see. */
enum { HEARD = 1, SENT };

static void answers_one_by_one(const struct part *part)
{
    uint64_t ids[STAND_IN_OPERATIONS];
    uint64_t canary[STAND_IN_OPERATIONS];
    uint8_t byte;
    size_t count = part_take(part, 1, 0, ids);

    (void)part_take(part, 1, 0, canary);
    part_answer(part, canary, 1, FAILURE_DEVICE);
    while (atomic_load(&part->marks->begun[MARK_CURVE]) != HEARD) {
        (void)sched_yield();
    }
    for (size_t i = 0; i < count; i++) {
        part_answer(part, &ids[i], 1, FAILURE_NONE);
    }
    atomic_store(&part->marks->begun[MARK_CURVE], SENT);
    (void)recv(part->fd, &byte, sizeof(byte), 0);
}

/* The gateway may have waited for a disk meanwhile. */
Test(traffic, what_was_sent_in_that_moment_is_taken_in_behind_it)
{
    stand_in_start(&actor, answers_one_by_one);
    submit(0, 3);
    send_canary();
    while (!actor.lane->ebbing) {
        lane_read(actor.lane);
    }
    atomic_store(&actor.lane->process.marks->begun[MARK_CURVE], HEARD);
    while (atomic_load(&actor.lane->process.marks->begun[MARK_CURVE]) != SENT) {
        (void)sched_yield();
    }
    actor.lane->ebb_until_us = 1;
    lane_tick(actor.lane, clock_mono_us());
    expect_signed(0, 3);
    cr_expect_not(actor.lane->ebbing);
}
