#include "gateway/core/turn/pace.h"

#include <criterion/criterion.h>

static struct pace pace;

static void forget(void)
{
    pace = (struct pace){0};
}

TestSuite(pace, .init = forget);

Test(pace, nothing_is_known_before_a_queue_was_held_up)
{
    for (int i = 0; i < 100; i++) {
        pace_count(&pace, 1000);
    }
    cr_expect_eq(pace.ns, 0);
}

Test(pace, jobs_that_filled_the_lanes_in_one_go_do_not_count)
{
    for (int i = 0; i < 100; i++) {
        pace_count(&pace, 1000);
    }
    for (int64_t now_us = 11000; now_us <= 331000; now_us += 10000) {
        pace_count(&pace, now_us);
    }
    cr_expect_eq(pace.ns, 10000000);
}

Test(pace, several_in_one_turn_are_several)
{
    for (int64_t now_us = 1000; now_us <= 1001000; now_us += 40000) {
        for (int i = 0; i < 8; i++) {
            pace_count(&pace, now_us);
        }
    }
    cr_expect(pace.ns > 4500000 && pace.ns < 5500000, "%lld", (long long)pace.ns);
}

/* After a slow commit the lanes have room for many: the time was that of all of them. To
 * take it for the first one's alone would have honest jobs refused for their deadline. */
Test(pace, the_first_that_is_known_counts_the_whole_turn)
{
    for (int64_t now_us = 1000; now_us <= 601000; now_us += 150000) {
        for (int i = 0; i < 100; i++) {
            pace_count(&pace, now_us);
            cr_assert(pace.ns == 0 || pace.ns == 1500000, "%lld at %lld",
                      (long long)pace.ns, (long long)now_us);
        }
    }
    cr_expect_eq(pace.ns, 1500000);
}

/* A lane that is found hung after two seconds must not have a stream of 512 refused whose
 * deadline is ten times that. */
Test(pace, one_stall_is_no_slow_queue)
{
    int64_t now_us = 1000;

    pace_count(&pace, now_us);
    now_us += 2000000;
    for (int i = 0; i < 200; i++) {
        pace_count(&pace, now_us += 1000);
        cr_assert(pace.ns * 512 < 40000000000, "%lld after %d", (long long)pace.ns, i);
    }
    cr_expect(pace.ns > 0);
}

Test(pace, follows_a_change)
{
    int64_t now_us = 1000;

    for (int i = 0; i < 200; i++) {
        pace_count(&pace, now_us += 10000);
    }
    for (int i = 0; i < 400; i++) {
        pace_count(&pace, now_us += 50000);
    }
    cr_expect(pace.ns > 45000000 && pace.ns <= 50000000, "%lld", (long long)pace.ns);
}

Test(pace, an_empty_queue_is_no_slow_one)
{
    for (int64_t now_us = 1000; now_us < 401000; now_us += 10000) {
        pace_count(&pace, now_us);
    }
    pace_forget(&pace);
    pace_count(&pace, 900000000);
    cr_expect_eq(pace.ns, 0);
    for (int64_t now_us = 900010000; now_us < 900400000; now_us += 10000) {
        pace_count(&pace, now_us);
    }
    cr_expect_eq(pace.ns, 10000000);
}
