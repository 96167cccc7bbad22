#include "gateway/core/lane/berth.h"

#include <criterion/criterion.h>

#include "gateway/core/core_inside.h"
#include "tests/unit/core/support/stand_in.h"

static struct core core;
static struct config config;
static struct stand_in actor;

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
    if (core.berths[0].readable != NULL) {
        event_free(core.berths[0].readable);
    }
    event_base_free(core.base);
    stand_in_end(&actor);
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
