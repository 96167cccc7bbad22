#include "gateway/core/watch/latency.h"

#include <criterion/criterion.h>

static struct latency latency;

static void forget(void)
{
    latency = (struct latency){0};
}

TestSuite(latency, .init = forget);

static void add(int64_t us, unsigned times)
{
    for (unsigned i = 0; i < times; i++) {
        latency_add(&latency, us);
    }
}

Test(latency, knows_nothing_before_the_first_value)
{
    cr_expect_eq(latency.mean_us, 0);
    cr_expect_eq(latency_p99_us(&latency), 0);
}

Test(latency, says_no_hundredth_of_less_than_a_hundred)
{
    add(1000, 99);
    cr_expect_eq(latency_p99_us(&latency), 0);
    add(1000, 1);
    cr_expect(latency_p99_us(&latency) > 0);
}

Test(latency, the_first_value_is_the_mean)
{
    add(750, 1);
    cr_expect_eq(latency.mean_us, 750);
}

Test(latency, the_percentile_is_right_to_a_factor_of_one_and_a_half)
{
    static const int64_t values[] = {1, 2, 3, 7, 100, 999, 4096, 70000, 1500000};

    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        forget();
        add(values[i], 200);
        int64_t p99_us = latency_p99_us(&latency);
        cr_expect(p99_us >= values[i] && 2 * p99_us <= 4 * values[i], "%ld reads as %ld",
                  (long)values[i], (long)p99_us);
    }
}

Test(latency, one_slow_in_fifty_is_the_slowest_hundredth_and_one_in_five_hundred_is_not)
{
    for (unsigned i = 0; i < 10; i++) {
        add(100, 49);
        add(50000, 1);
    }
    cr_expect(latency_p99_us(&latency) > 50000);
    forget();
    add(100, 499);
    add(50000, 1);
    cr_expect(latency_p99_us(&latency) < 1000);
}

Test(latency, forgets_what_is_long_ago)
{
    add(50000, 1000);
    cr_expect(latency_p99_us(&latency) > 50000);
    add(100, 16 * 1024);
    cr_expect(latency_p99_us(&latency) < 1000);
    cr_expect(latency.mean_us < 200, "%ld", (long)latency.mean_us);
}

Test(latency, takes_what_no_clock_should_say)
{
    add(-5, 50);
    add(0, 50);
    add(INT64_MAX, 1000);
    cr_expect(latency_p99_us(&latency) > 0);
}
