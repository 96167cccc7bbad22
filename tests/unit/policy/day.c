#include <criterion/criterion.h>
#include <stdio.h>

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

/* --- Working days ------------------------------------------------------------------ */

/* 2026-05-02 is a Saturday. */
static int64_t may(int64_t day)
{
    return midnight_us + (day - 2) * 1440 * minute_us;
}

static struct policy *with_calendar(const char *holidays)
{
    static char text[1024];

    (void)snprintf(text, sizeof(text),
                   "apiVersion: segel/v1\nkind: CertificatePolicy\nmetadata:\n"
                   "  {id: p, version: 1, effective: 2026-01-01, review_by: 2027-01-01,\n"
                   "   calendar: {zone: WIB, holidays: [%s]}}\nprofile: test\n" RULE,
                   holidays);
    struct policy *policy = NULL;
    struct sg_error why = {0};
    cr_assert_eq(policy_parse(slice_str(text), "p.yaml", &policy, &why), SG_OK, "%s",
                 why.text);
    return policy;
}

Test(policy_workdays, end_at_midnight_behind_the_last_of_them)
{
    struct policy *policy = with_calendar("2027-01-01");

    /* Monday 4 May, noon: the first working day behind it is Tuesday. */
    cr_expect_eq(policy_workdays_end_us(policy, may(4) + 720 * minute_us, 1), may(6));
    cr_expect_eq(policy_workdays_end_us(policy, may(4), 4), may(9), "Friday");
    cr_expect_eq(policy_workdays_end_us(policy, may(4), 5), may(12), "over a weekend");
    cr_expect_eq(policy_workdays_end_us(policy, may(4), 7), may(14));
    cr_expect_eq(policy_workdays_end_us(policy, may(4), 0), may(5));
    policy_free(policy);
}

Test(policy_calendar, ends_with_the_last_year_that_has_a_holiday)
{
    /* 2027-01-01 and 2028-01-01, 00:00 WIB */
    static const int64_t end_us = INT64_C(1798736400) * 1000000;
    static const int64_t next_us = INT64_C(1830272400) * 1000000;
    static const struct {
        const char *holidays;
        int64_t end_us;
    } rows[] = {{"2026-05-06", end_us},
                {"2026-12-31", end_us},
                {"2027-01-01, 2026-08-17", next_us}};

    for (size_t i = 0; i < SG_COUNT(rows); i++) {
        struct policy *policy = with_calendar(rows[i].holidays);
        cr_expect_eq(policy_calendar_end_us(policy), rows[i].end_us, "row %zu", i);
        cr_expect_eq(policy_info(policy)->calendar_until_us, rows[i].end_us);
        policy_free(policy);
    }
    struct policy *none = lawful(RULE);
    cr_expect_eq(policy_calendar_end_us(none), 0);
    policy_free(none);
}

Test(policy_workdays, a_day_begins_in_the_policys_zone)
{
    struct policy *policy = with_calendar("2027-01-01");

    cr_expect_eq(policy_workdays_end_us(policy, may(5) - 1, 1), may(6));
    cr_expect_eq(policy_workdays_end_us(policy, may(5), 1), may(7));
    policy_free(policy);
}

Test(policy_workdays, weekends_and_holidays_are_none)
{
    struct policy *policy = with_calendar("2026-05-06, 2026-05-07, 2026-05-09");

    cr_expect_eq(policy_workdays_end_us(policy, may(2), 1), may(5), "Saturday");
    cr_expect_eq(policy_workdays_end_us(policy, may(3), 1), may(5), "Sunday");
    /* Tuesday, Friday, then Monday: Wednesday and Thursday are holidays, and one that is
     * a Saturday counts once. */
    cr_expect_eq(policy_workdays_end_us(policy, may(4), 3), may(12));
    policy_free(policy);
}
