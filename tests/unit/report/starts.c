#include <criterion/criterion.h>

#include "tests/unit/report/support/log.h"

/* What a start says of the time before it, and of lanes. */
TestSuite(starts, .init = begin, .fini = end);

/* What was open is settled with the time of the start, before its boot. */
static void start_after_a_crash(unsigned long long found)
{
    uint64_t intent = 1;

    (void)add("2026-05-01T00:00:00Z", "\"type\":\"boot\",\"version\":\"1\"");
    (void)add("2026-05-01T00:00:20Z", "\"type\":\"intent\",\"job\":\"a\"");
    (void)add("2026-05-01T00:00:30Z", "\"type\":\"lane.down\",\"subject\":\"l\"");
    (void)add("2026-05-01T00:01:00Z", "\"type\":\"intent\",\"job\":\"b\"");
    for (; intent <= 3; intent += 2) {
        (void)add("2026-05-01T01:01:00Z",
                  "\"type\":\"outcome\",\"outcome\":\"indeterminate\",\"intent\":%llu",
                  (unsigned long long)intent);
    }
    (void)add("2026-05-01T01:01:00Z",
              "\"type\":\"boot\",\"version\":\"1\",\"last_size\":\"%llu\"", found);
}

Test(starts, what_a_start_settles_is_no_sign_of_the_run_before)
{
    start_after_a_crash(4);
    const struct report_facts *facts = &finished()->facts;
    cr_expect_eq(facts->starts_unclean, 1);
    cr_expect_eq(facts->down_us, INT64_C(3600000000));
    cr_expect_eq(facts->lanes[0].down_us, 30000000);
}

Test(starts, a_start_that_found_more_than_there_is_counts_from_the_record_before)
{
    start_after_a_crash(UINT64_MAX);
    const struct report_facts *facts = &finished()->facts;
    cr_expect_eq(facts->down_us, 0);
    cr_expect_eq(facts->lanes[0].down_us, INT64_C(3630000000));
}

static void lane_waits(const char *detail)
{
    (void)add("2026-05-01T22:00:00Z", "\"type\":\"boot\",\"version\":\"1\"");
    (void)add("2026-05-01T22:00:00Z",
              "\"type\":\"lane.down\",\"subject\":\"l\",\"detail\":\"%s\"", detail);
    (void)add("2026-05-02T07:00:00Z", "\"type\":\"lane.up\",\"subject\":\"l\"");
}

Test(starts, a_lane_that_waits_for_its_pin_rests)
{
    lane_waits("it awaits its PIN: 'segel pin enter l' on the gateway's machine");
    const struct fact_lane *lane = &finished()->facts.lanes[0];
    cr_expect_eq(lane->outages, 0);
    cr_expect_eq(lane->down_us, 0);
    cr_expect_eq(lane->rests, 1);
    cr_expect_eq(lane->rested_us, INT64_C(9) * 3600 * 1000000);
}

Test(starts, one_whose_pin_was_refused_does_not)
{
    lane_waits("its PIN is locked");
    const struct fact_lane *lane = &finished()->facts.lanes[0];
    cr_expect_eq(lane->outages, 1);
    cr_expect_eq(lane->rests, 0);
}
