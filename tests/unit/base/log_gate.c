#include "gateway/log_gate.h"

#include <criterion/criterion.h>

static struct log_gate gate;
static uint64_t skipped;

static size_t pass(size_t tries, int64_t now_us)
{
    size_t passed = 0;

    for (size_t i = 0; i < tries; i++) {
        passed += log_gate_passes(&gate, now_us, &skipped) ? 1 : 0;
    }
    return passed;
}

Test(log_gate, a_flood_is_cut_to_the_burst)
{
    cr_expect_eq(pass(1000, 5000000), LOG_GATE_BURST);
}

Test(log_gate, afterwards_so_many_a_second_pass)
{
    size_t passed = 0;

    (void)pass(1000, 0);
    for (int64_t now_us = 0; now_us < 10000000; now_us += 1000) {
        passed += pass(3, now_us);
    }
    cr_expect_geq(passed, 10 * LOG_GATE_PER_SECOND - 1);
    cr_expect_leq(passed, 10 * LOG_GATE_PER_SECOND + 1);
}

Test(log_gate, what_was_left_out_is_told_once)
{
    (void)pass(LOG_GATE_BURST + 7, 0);
    cr_expect(log_gate_passes(&gate, 1000000, &skipped));
    cr_expect_eq(skipped, 7);
    cr_expect(log_gate_passes(&gate, 1000000, &skipped));
    cr_expect_eq(skipped, 0);
}

Test(log_gate, a_pause_does_not_make_the_burst_larger)
{
    (void)pass(1, 0);
    cr_expect_eq(pass(1000, INT64_MAX / 4), LOG_GATE_BURST);
}
