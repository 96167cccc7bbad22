#include "gateway/core/lane/login.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gateway/clock.h"
#include "gateway/core/lane/berth.h"
#include "tests/unit/core/support/stand_in.h"

/* A login that nobody answered counts, since it may have been a wrong PIN; one that the
 * lane had not begun for certain does not. */

static struct stand_in actor;

static void teardown(void)
{
    stand_in_end(&actor);
}

TestSuite(login, .fini = teardown, .timeout = 30);

/* --- What the lane does ------------------------------------------------------------ */

static void dies_before_it_is_told(const struct part *part)
{
    atomic_store(&part->marks->login, MARK_LOGIN_AHEAD);
}

static void dies_over_the_permit(const struct part *part)
{
    uint8_t byte;

    atomic_store(&part->marks->login, MARK_LOGIN_AHEAD);
    (void)recv(part->fd, &byte, sizeof(byte), MSG_PEEK);
}

static void dies_in_the_login(const struct part *part)
{
    uint8_t byte;

    dies_over_the_permit(part);
    (void)recv(part->fd, &byte, sizeof(byte), 0);
    atomic_store(&part->marks->login, MARK_LOGIN_UNTOLD);
}

static void dies_behind_the_login(const struct part *part)
{
    dies_in_the_login(part);
    atomic_store(&part->marks->login, MARK_LOGIN_WELL);
}

/* As one of an older version. */
static void says_nothing_of_it(const struct part *part)
{
    uint8_t byte;

    (void)recv(part->fd, &byte, sizeof(byte), MSG_PEEK);
}

/* Its PIN file cannot be used, or what was typed. */
static void says_that_it_has_no_pin(const struct part *part)
{
    uint8_t byte;

    dies_over_the_permit(part);
    (void)recv(part->fd, &byte, sizeof(byte), 0);
}

/* --- What the gateway does --------------------------------------------------------- */

static void find_token(void)
{
    static const struct lane_token token = {.label = "TEST"};

    lane_enter(actor.lane, LANE_STARTING);
    lane_on_found(actor.lane, &token);
}

static void bury(void)
{
    if (actor.lane->process.pid > 0) {
        stand_in_wait_dead(&actor);
        lane_read(actor.lane);
    }
    while (actor.lane->burying) {
        lane_bury(actor.lane, clock_mono_us());
    }
    cr_assert_eq(lane_state(actor.lane), LANE_DOWN);
    cr_expect_not(lane_logging_in(actor.lane));
}

static void expect_counted(part_play play, bool counted)
{
    stand_in_start(&actor, play);
    find_token();
    cr_assert(lane_logging_in(actor.lane));
    bury();
    cr_expect_eq(actor.lane->past->unclear, counted ? 1u : 0u);
    cr_expect_eq(actor.lane->past->unanswered, counted);
}

Test(login, a_lane_that_dies_in_it_may_have_tried_its_pin)
{
    expect_counted(dies_in_the_login, true);
}

Test(login, a_lane_that_dies_over_its_permit_has_tried_no_pin)
{
    expect_counted(dies_over_the_permit, false);
}

Test(login, a_lane_that_dies_behind_it_has_tried_no_wrong_pin)
{
    expect_counted(dies_behind_the_login, false);
}

Test(login, a_lane_that_is_found_dead_by_its_permit_has_tried_no_pin)
{
    stand_in_start(&actor, dies_before_it_is_told);
    stand_in_wait_dead(&actor);
    find_token();
    bury();
    cr_expect_eq(actor.lane->past->unclear, 0);
    cr_expect_not(actor.lane->past->unanswered);
}

Test(login, a_lane_that_does_not_say_that_it_waits_may_have_tried_its_pin)
{
    expect_counted(says_nothing_of_it, true);
}

/* It stands in a driver, and may go on. */
Test(login, a_lane_that_is_not_known_to_be_dead_may_have_tried_its_pin)
{
    stand_in_start(&actor, dies_over_the_permit);
    pid_t stand_in = actor.lane->process.pid;
    pid_t living = fork();
    if (living == 0) {
        (void)pause();
        _exit(0);
    }
    cr_assert(living > 0);
    find_token();
    stand_in_wait_dead(&actor);
    actor.lane->process.pid = living;
    actor.lane->logging_in = false;
    actor.lane->login_left = true;
    actor.lane->burying = true;
    cr_expect(lane_logging_in(actor.lane), "others wait until it is known");
    lane_bury(actor.lane, INT64_MAX);
    cr_expect_not(actor.lane->burying, "it is watched aside");
    cr_expect_eq(actor.lane->past->unclear, 1);
    cr_expect_not(lane_logging_in(actor.lane));
    (void)kill(living, SIGKILL);
    actor.lane->process.pid = stand_in;
}

/* --- One that officers allowed ----------------------------------------------------- */

static void expect_permission(part_play play, enum latch_state left)
{
    struct latch latch = {.state = LATCH_SPENT};
    struct berth berth = {.latch = &latch};

    stand_in_start(&actor, play);
    berth.lane = actor.lane;
    lane_share_past(actor.lane, &latch.past);
    find_token();
    latch_settle(&berth);
    cr_expect_eq(latch.state, LATCH_SPENT, "it may be in it");
    bury();
    latch_settle(&berth);
    cr_expect_eq(latch.state, left);
}

Test(login, a_permission_that_was_not_used_is_not_lost)
{
    expect_permission(says_that_it_has_no_pin, LATCH_ONCE);
}

Test(login, a_permission_that_was_used_well_leaves_no_latch)
{
    expect_permission(dies_behind_the_login, LATCH_OPEN);
}

Test(login, a_permission_is_used_up_by_a_lane_that_dies_in_the_login)
{
    expect_permission(dies_in_the_login, LATCH_SPENT);
}
