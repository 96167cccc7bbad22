#include "gateway/core/lane/berth.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gateway/core/core_inside.h"
#include "tests/unit/core/support/stand_in.h"

static struct core core;
static struct config config;
static struct stand_in actor;
static struct stand_in second;

static void dies_of_work(const struct part *part)
{
    uint64_t ids[STAND_IN_OPERATIONS];

    (void)part_take(part, 1, 1, ids);
}

static void setup(void)
{
    core.options.config = &config;
    core.base = event_base_new();
    cr_assert_not_null(core.base);
    stand_in_start(&actor, dies_of_work);
    core.berths[0] = (struct berth){.lane = actor.lane, .seen = LANE_UP};
    core.berth_count = 1;
    berths_look_after(&core);
    cr_assert_not_null(core.berths[0].readable);
}

static void teardown(void)
{
    for (size_t i = 0; i < core.berth_count; i++) {
        if (core.berths[i].readable != NULL) {
            event_free(core.berths[i].readable);
        }
    }
    event_base_free(core.base);
    stand_in_end(&actor);
    if (second.lane != NULL) {
        stand_in_end(&second);
    }
}

TestSuite(berth, .init = setup, .fini = teardown);

/* Nobody listens to the lane, and a frame to it is what shows that it is dead: its socket
 * is closed, and nobody has looked after it since. */
Test(berth, a_lane_that_died_while_nobody_listened_is_no_longer_listened_to)
{
    stand_in_submit(&actor, 0);
    lane_flush(actor.lane);
    stand_in_wait_dead(&actor);
    berths_hush(&core);
    stand_in_submit(&actor, 1);
    lane_flush(actor.lane);
    cr_assert_eq(lane_state(actor.lane), LANE_DOWN);
    berths_hear(&core);
    cr_expect_eq(lane_state(actor.lane), LANE_DOWN);
    cr_expect_eq(lane_fd(actor.lane), -1);
    cr_expect_null(core.berths[0].readable);
    cr_expect_eq(actor.told[1].times, 1u);
    cr_expect(actor.told[1].unused);
}

/* A program that stays, whatever it is asked. */
static void write_program(char path[])
{
    static const char text[] = "#!/bin/sh\nexec sleep 60\n";
    int fd = mkstemp(path);

    cr_assert(fd >= 0 && fchmod(fd, 0700) == 0);
    cr_assert_eq(write(fd, text, sizeof(text) - 1), (ssize_t)sizeof(text) - 1);
    cr_assert_eq(close(fd), 0);
}

static void add_second(const char *program)
{
    stand_in_start(&second, dies_of_work);
    second.lane->options.program = program;
    core.berths[1] = core.berths[0];
    core.berths[0] = (struct berth){.lane = second.lane, .seen = LANE_UP};
    core.berth_count = 2;
    berths_look_after(&core);
    actor.lane->dismissed = true;
}

static void die_by_a_frame(struct stand_in *one, size_t number)
{
    stand_in_submit(one, number);
    lane_flush(one->lane);
    stand_in_wait_dead(one);
    stand_in_submit(one, number + 1);
    lane_flush(one->lane);
    cr_assert_eq(lane_state(one->lane), LANE_DOWN);
}

/* Two are found dead, and the first that is looked after begins anew, with the number
 * that was the other's. */
Test(berth, a_lane_whose_socket_has_the_number_of_another_that_died_is_heard)
{
    char program[] = "/tmp/stays.XXXXXX";
    int number = lane_fd(actor.lane);

    write_program(program);
    add_second(program);
    die_by_a_frame(&second, 0);
    die_by_a_frame(&actor, 0);
    core.berths[0].seen = LANE_STARTING;
    core.berths[1].seen = LANE_DOWN;
    berths_look_after(&core);
    cr_assert_eq(lane_state(second.lane), LANE_STARTING);
    cr_assert_eq(lane_fd(second.lane), number, "another number: nothing is shown");
    cr_assert_eq(kill(second.lane->process.pid, SIGKILL), 0);
    stand_in_wait_dead(&second);
    cr_assert_geq(event_base_loop(core.base, EVLOOP_NONBLOCK), 0);
    cr_expect_eq(lane_state(second.lane), LANE_DOWN, "its end was not heard");
    (void)unlink(program);
}

/* As its life has it; so many notes have been made by then. */
static void goes(enum lane_state state, size_t notes)
{
    lane_enter(actor.lane, state);
    (void)berth_note(&core, 0);
    cr_expect_eq(core.note_count, notes, "state %d: %zu notes", (int)state,
                 core.note_count);
}

static void is_told_to_wait(void)
{
    core.berths[0].seen = LANE_STARTING;
    goes(LANE_AWAITING, 1);
}

Test(berth, one_that_begins_anew_and_waits_again_is_told_once)
{
    is_told_to_wait();
    goes(LANE_DOWN, 1);
    goes(LANE_STARTING, 1);
    goes(LANE_AWAITING, 1);
    goes(LANE_STARTING, 1);
    actor.lane->anew = true; /* what the token says now is looked at first */
    goes(LANE_DOWN, 1);
}

Test(berth, a_token_that_is_lost_while_its_pin_is_awaited_is_told_once)
{
    is_told_to_wait();
    goes(LANE_DOWN, 1);
    goes(LANE_STARTING, 1);
    goes(LANE_DOWN, 2);
    goes(LANE_STARTING, 2);
    goes(LANE_DOWN, 2);
    goes(LANE_STARTING, 2);
    goes(LANE_AWAITING, 2);
    goes(LANE_STARTING, 2);
    goes(LANE_UP, 3);
}

Test(berth, a_token_that_is_latched_while_its_pin_is_awaited_is_told)
{
    is_told_to_wait();
    goes(LANE_STARTING, 1);
    goes(LANE_LATCHED, 2);
}
