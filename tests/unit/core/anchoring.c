#include "gateway/core/log/anchoring.h"

#include <criterion/criterion.h>

#include "gateway/clock.h"
#include "gateway/core/core_inside.h"

static const int64_t hour_us = INT64_C(3600) * 1000000;
static const struct config config = {.anchor_count = 2};
static struct core core = {.options = {.config = &config}};

static struct anchor_hold *hold(size_t index)
{
    return &core.anchoring.seats[index].hold;
}

Test(anchoring, the_age_begins_at_the_look_after_a_clock_that_ran_ahead)
{
    const int64_t before_us = clock_wall_us();

    hold(0)->behind_us = before_us + 7 * hour_us;
    hold(1)->behind_us = before_us + 7 * hour_us;
    anchoring_look(&core);
    for (size_t i = 0; i < config.anchor_count; i++) {
        cr_expect_geq(hold(i)->behind_us, before_us, "%zu", i);
        cr_expect_leq(hold(i)->behind_us, clock_wall_us(), "%zu", i);
    }
    int64_t begun_us = hold(0)->behind_us;
    anchoring_look(&core);
    cr_expect_eq(hold(0)->behind_us, begun_us, "and goes on from there");
}

Test(anchoring, a_moment_that_has_passed_stays)
{
    const int64_t early_us = clock_wall_us() - hour_us;

    hold(0)->behind_us = early_us;
    hold(1)->behind_us = 0;
    anchoring_look(&core);
    cr_expect_eq(hold(0)->behind_us, early_us);
    cr_expect_eq(hold(1)->behind_us, 0, "all is held");
}
