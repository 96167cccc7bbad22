#include "gateway/core/watch/expiries.h"

#include <criterion/criterion.h>

static const int64_t day_us = INT64_C(86400) * 1000000;
static const int64_t list[] = {90, 30, 7};
static const struct expiry_days days = {.days = list, .count = SG_COUNT(list)};

Test(expiries, a_threshold_is_passed_at_the_very_microsecond)
{
    static const struct {
        int64_t left_us;
        int64_t passed;
    } cases[] = {{INT64_MAX, EXPIRY_FAR},
                 {90 * INT64_C(86400) * 1000000 + 1, EXPIRY_FAR},
                 {90 * INT64_C(86400) * 1000000, 90},
                 {30 * INT64_C(86400) * 1000000 + 1, 90},
                 {30 * INT64_C(86400) * 1000000, 30},
                 {7 * INT64_C(86400) * 1000000, 7},
                 {1, 7},
                 {0, 0},
                 {-1, 0},
                 {INT64_MIN, 0}};

    for (size_t i = 0; i < SG_COUNT(cases); i++) {
        cr_expect_eq(expiry_passed(EXPIRY_CERTIFICATE, &days, cases[i].left_us),
                     cases[i].passed, "%lld", (long long)cases[i].left_us);
    }
}

Test(expiries, the_last_threshold_before_the_end_and_the_end_are_urgent)
{
    cr_expect_not(expiry_urgent(EXPIRY_CERTIFICATE, &days, EXPIRY_FAR));
    cr_expect_not(expiry_urgent(EXPIRY_CERTIFICATE, &days, 90));
    cr_expect_not(expiry_urgent(EXPIRY_CERTIFICATE, &days, 30));
    cr_expect(expiry_urgent(EXPIRY_CERTIFICATE, &days, 7));
    cr_expect(expiry_urgent(EXPIRY_CERTIFICATE, &days, 0));
}

Test(expiries, a_list_of_revocations_is_told_when_it_is_over_only)
{
    cr_expect_eq(expiry_passed(EXPIRY_STATUS, &days, day_us), EXPIRY_FAR);
    cr_expect_eq(expiry_passed(EXPIRY_STATUS, &days, 0), 0);
    cr_expect_not(expiry_urgent(EXPIRY_STATUS, &days, EXPIRY_FAR));
    cr_expect(expiry_urgent(EXPIRY_STATUS, &days, 0));
}

Test(expiries, a_notice_is_told_of_a_day_before)
{
    cr_expect_eq(expiry_passed(EXPIRY_NOTICE_ORAL, &days, day_us + 1), EXPIRY_FAR);
    cr_expect_eq(expiry_passed(EXPIRY_NOTICE_ORAL, &days, day_us), 1);
    cr_expect(expiry_urgent(EXPIRY_NOTICE_ORAL, &days, 1));
}

Test(expiries, what_ends_as_it_was_meant_is_no_trouble)
{
    cr_expect_eq(expiry_passed(EXPIRY_MANDATE, &days, day_us), 1);
    cr_expect_eq(expiry_passed(EXPIRY_MANDATE, &days, 0), EXPIRY_FAR);
    cr_expect_not(expiry_urgent(EXPIRY_MANDATE, &days, 1));
    cr_expect_eq(expiry_passed(EXPIRY_ACTIVATION, &days, 1), EXPIRY_FAR);
    cr_expect_eq(expiry_passed(EXPIRY_ACTIVATION, &days, -1), EXPIRY_FAR);
}
