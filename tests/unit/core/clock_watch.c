#include "gateway/core/watch/clock_watch.h"

#include <criterion/criterion.h>

static const int64_t second_us = 1000000;
static const int64_t start_us = INT64_C(1777683723) * 1000000;

/* Lawful: set half a minute ago, 2 ms from UTC. */
static struct clock_reading reading(int64_t after_s)
{
    return (struct clock_reading){
        .wall_us = start_us + after_s * second_us,
        .boot_us = (1000 + after_s) * second_us,
        .synchronised = true,
        .offset_us = -1500,
        .error_us = 400,
        .bound_us = (30 + after_s) * 500,
    };
}

static bool take(struct clock_watch *watch, struct clock_reading now)
{
    struct clock_step step;

    return clock_watch_take(watch, &now, &step);
}

static struct facts facts_of(const struct clock_watch *watch)
{
    struct facts facts = {0};

    clock_watch_facts(watch, &facts);
    return facts;
}

static int64_t number(const struct clock_watch *watch, enum fact fact)
{
    struct facts facts = facts_of(watch);

    cr_assert(facts.value[fact].present, "%s is absent", fact_name(fact));
    return facts.value[fact].number;
}

Test(clock_watch, says_how_far_from_utc_and_since_when)
{
    struct clock_watch watch = {0};

    cr_expect_not(take(&watch, reading(0)));
    cr_expect_eq(number(&watch, FACT_ID_clock_offset_ms), 2); /* 1.9, never less */
    cr_expect_eq(number(&watch, FACT_ID_clock_sync_age_s), 30);
    cr_expect_eq(number(&watch, FACT_ID_clock_stepped), 0);
}

Test(clock_watch, doubts_a_clock_that_is_ahead_until_it_is_set)
{
    const int64_t day_s = 86400;
    struct clock_watch watch = {0};
    struct clock_reading now = reading(0);

    now.synchronised = false;
    cr_expect_not(take(&watch, now));
    clock_watch_doubt(&watch, now.wall_us - day_s * second_us);
    cr_expect(clock_watch_trusted(&watch), "a day exactly");
    clock_watch_doubt(&watch, now.wall_us - day_s * second_us - 1);
    cr_expect_not(clock_watch_trusted(&watch));
    now = reading(day_s - 1);
    now.synchronised = false;
    cr_expect_not(take(&watch, now));
    cr_expect_not(clock_watch_trusted(&watch), "nobody has set it");
    cr_expect_not(take(&watch, reading(day_s - 1)));
    cr_expect(clock_watch_trusted(&watch), "it is set");
}

Test(clock_watch, doubts_no_longer_than_a_day)
{
    const int64_t day_s = 86400;
    struct clock_watch watch = {0};
    struct clock_reading now = reading(0);

    now.synchronised = false;
    cr_expect_not(take(&watch, now));
    clock_watch_doubt(&watch, 0);
    cr_expect_not(clock_watch_trusted(&watch));
    now = reading(day_s);
    now.synchronised = false;
    cr_expect_not(take(&watch, now));
    cr_expect(clock_watch_trusted(&watch));
}

Test(clock_watch, doubts_none_that_is_set_or_not_seen)
{
    struct clock_watch watch = {0};

    clock_watch_doubt(&watch, 0);
    cr_expect(clock_watch_trusted(&watch), "the kernel does not tell");
    cr_expect_not(take(&watch, reading(0)));
    clock_watch_doubt(&watch, 0);
    cr_expect(clock_watch_trusted(&watch));
}

Test(clock_watch, knows_nothing_before_it_has_looked)
{
    struct clock_watch watch = {0};
    struct facts facts = facts_of(&watch);

    cr_expect_not(facts.value[FACT_ID_clock_stepped].present);
    cr_expect_not(facts.value[FACT_ID_clock_offset_ms].present);
}

Test(clock_watch, a_clock_that_nothing_sets_has_no_distance)
{
    struct clock_watch watch = {0};
    struct clock_reading now = reading(0);

    now.synchronised = false;
    (void)take(&watch, now);
    struct facts facts = facts_of(&watch);
    cr_expect_not(facts.value[FACT_ID_clock_offset_ms].present);
    cr_expect_not(facts.value[FACT_ID_clock_sync_age_s].present);
    cr_expect(facts.value[FACT_ID_clock_stepped].present);
}

/* The bound that a daemon sets need not be small: from then on the watch knows better. */
Test(clock_watch, sees_the_clock_being_set)
{
    struct clock_watch watch = {0};
    struct clock_reading now = reading(1);

    (void)take(&watch, reading(0));
    now.bound_us = 10000;
    (void)take(&watch, now);
    cr_expect_eq(number(&watch, FACT_ID_clock_sync_age_s), 0);
    now = reading(8);
    now.bound_us = 10000 + 7 * 500;
    (void)take(&watch, now);
    cr_expect_eq(number(&watch, FACT_ID_clock_sync_age_s), 7);
}

static const struct {
    int64_t after_s;
    int64_t off_us;
    bool stepped;
} steps[] = {
    {1, 0, false},          {1, 1000000, false}, /* a leap second */
    {1, -1000000, false},                        /* the other kind */
    {1, 1100000, false},                         /* slewed as fast as it goes meanwhile */
    {1, 1100001, true},     {1, -1100001, true}, {1, INT64_C(86400) * 1000000, true},
    {600, 60000000, false}, /* the core was held up for ten minutes */
    {600, 61000001, true},  {0, 1000001, true},
};

Test(clock_watch, a_jump_is_what_no_slew_explains)
{
    for (size_t i = 0; i < SG_COUNT(steps); i++) {
        struct clock_watch watch = {0};
        struct clock_reading now = reading(steps[i].after_s);
        (void)take(&watch, reading(0));
        now.wall_us += steps[i].off_us;
        cr_expect_eq(take(&watch, now), steps[i].stepped, "row %zu", i);
        cr_expect_eq(number(&watch, FACT_ID_clock_stepped), steps[i].stepped ? 1 : 0);
    }
}

Test(clock_watch, a_jump_is_told_once_and_remembered)
{
    struct clock_watch watch = {0};
    struct clock_step step;
    struct clock_reading now = reading(1);

    (void)take(&watch, reading(0));
    now.wall_us -= 3600 * second_us;
    cr_assert(clock_watch_take(&watch, &now, &step));
    cr_expect_eq(step.was_due_us, start_us + second_us);
    cr_expect_eq(step.wall_us, start_us + second_us - 3600 * second_us);
    now.wall_us += second_us;
    now.boot_us += second_us;
    cr_expect_not(take(&watch, now), "told twice");
    cr_expect_eq(number(&watch, FACT_ID_clock_stepped), 1);
}

/* A machine that slept: both clocks went on. */
Test(clock_watch, a_suspend_is_no_jump)
{
    struct clock_watch watch = {0};

    (void)take(&watch, reading(0));
    cr_expect_not(take(&watch, reading(INT64_C(8) * 3600)));
}

Test(clock_watch, the_kernel_can_be_read)
{
    struct clock_reading now;

    cr_assert_eq(clock_reading_take(&now), SG_OK);
    cr_expect_gt(now.wall_us, start_us);
    cr_expect_gt(now.boot_us, 0);
    cr_expect_geq(now.bound_us, 0);
}
