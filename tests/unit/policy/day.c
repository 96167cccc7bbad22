#include <criterion/criterion.h>

#include "tests/unit/policy/support/parse.h"

/* Days are those of the policy's zone. */

#define RULE                                                                             \
    "rules:\n  - {id: R, cp: \"1\", level: hard, require: {key.local: true}, deny: "     \
    "NO}\n"

static const int64_t minute_us = INT64_C(60) * 1000000;
/* 2026-05-02 00:00 WIB */
static const int64_t midnight_us = (INT64_C(1777680000) - 25200) * 1000000;

Test(policy_day, ends_at_midnight_of_the_policys_zone)
{
    struct policy *policy = lawful(RULE);

    cr_expect_eq(policy_day_end_us(policy, midnight_us - 1), midnight_us);
    cr_expect_eq(policy_day_end_us(policy, midnight_us), midnight_us + 1440 * minute_us);
    cr_expect_eq(policy_day(policy, midnight_us),
                 policy_day(policy, midnight_us - 1) + 1);
    policy_free(policy);
}

Test(policy_day, a_date_of_a_token_begins_there_too)
{
    struct policy *policy = lawful(RULE);
    int64_t us = 0;

    cr_assert(policy_date(policy, "20260502", &us));
    cr_expect_eq(us, midnight_us);
    cr_assert(policy_date(policy, "20240229", &us));
    policy_free(policy);
}

Test(policy_day, what_is_no_date_is_told)
{
    static const char *const texts[] = {"",         "2026",      "20260230", "20261301",
                                        "2026050x", "202605021", "00000000"};
    struct policy *policy = lawful(RULE);
    int64_t us = 0;

    for (size_t i = 0; i < SG_COUNT(texts); i++) {
        cr_expect_not(policy_date(policy, texts[i], &us), "'%s'", texts[i]);
    }
    policy_free(policy);
}
