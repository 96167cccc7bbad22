#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gateway/policy/review.h"
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

/* Of a policy of that zone. The caller frees it. */
static struct policy *of_zone(const char *zone, const char *rest)
{
    static char text[1024];
    struct policy *policy = NULL;
    struct sg_error why = {0};

    (void)snprintf(text, sizeof(text),
                   "apiVersion: segel/v1\nkind: CertificatePolicy\nmetadata:\n"
                   "  {id: p, version: 1, effective: 2026-05-02, review_by: 2026-05-03,\n"
                   "   agreement: {no: A, from: 2026-05-02, until: 2026-05-03},\n"
                   "   calendar: {zone: %s}}\nprofile: test\n%s",
                   zone, rest);
    cr_assert_eq(policy_parse(slice_str(text), "p.yaml", &policy, &why), SG_OK, "%s",
                 why.text);
    return policy;
}

static const struct {
    const char *name;
    int64_t earlier; /* minutes than WIB */
} zones[] = {{"WIB", 0}, {"WITA", 60}, {"WIT", 120}};

/* Wherever a time may be written; the tests of the file see the rules. */
#define DATED                                                                            \
    "rules:\n"                                                                           \
    "  - {id: R, cp: \"1\", level: soft, require: {clock.now: {le: 2026-05-02}}, deny: " \
    "NO}\n"                                                                              \
    "exceptions:\n"                                                                      \
    "  - {rule: R, match: {key.local: true}, until: 2026-05-03, reason: x,\n"            \
    "     approved_by: [a, b]}\n"                                                        \
    "  - {rule: R, match: {cert.not_after: 2026-05-02}, until: 2026-05-04, reason: x,\n" \
    "     approved_by: [a, b]}\n"

Test(policy_day, a_plain_date_begins_at_midnight_of_the_policys_zone)
{
    for (size_t i = 0; i < SG_COUNT(zones); i++) {
        struct policy *policy = of_zone(zones[i].name, DATED);
        const struct policy_info *info = policy_info(policy);
        int64_t begin = midnight_us - zones[i].earlier * minute_us;
        int64_t end = begin + 1440 * minute_us;
        struct facts facts = {0};

        cr_expect_eq(info->effective_us, begin, "%s", zones[i].name);
        cr_expect_eq(info->review_by_us, end, "%s", zones[i].name);
        cr_expect_eq(info->agreement_from_us, begin, "%s", zones[i].name);
        cr_expect_eq(info->agreement_until_us, end, "%s", zones[i].name);
        facts_number(&facts, FACT_ID_clock_now, begin);
        cr_expect(judge(policy, &facts).allow, "%s", zones[i].name);
        facts_number(&facts, FACT_ID_clock_now, begin + 1);
        cr_expect_eq(result(policy, 0, &facts), RULE_FAIL, "%s", zones[i].name);
        facts_number(&facts, FACT_ID_cert_not_after, begin);
        cr_expect_eq(result(policy, 0, &facts), RULE_SKIP, "%s", zones[i].name);
        facts.value[FACT_ID_cert_not_after].present = false;
        facts_bool(&facts, FACT_ID_key_local, true);
        facts_number(&facts, FACT_ID_clock_now, end - 1);
        cr_expect_eq(result(policy, 0, &facts), RULE_SKIP, "%s", zones[i].name);
        facts_number(&facts, FACT_ID_clock_now, end);
        cr_expect_eq(result(policy, 0, &facts), RULE_FAIL, "%s", zones[i].name);
        policy_free(policy);
    }
}

/* The file's own tests, and those who ask how a job would be judged, count alike. */
Test(policy_day, a_test_or_a_job_of_a_plain_date_is_of_that_midnight)
{
    static const char asked[] = "{\"clock.now\": \"2026-05-02\"}\n";
    struct policy *policy = of_zone(
        "WIT", DATED "tests:\n  - {name: t, now: 2026-05-02, input: {key.local: false}, "
                     "expect: {decision: allow, rules: {R: pass}}}\n");
    char path[] = "/tmp/segel-policy-day-XXXXXX";
    struct policy_case *job = NULL;
    struct sg_error why = {0};

    int fd = mkstemp(path);
    cr_assert(fd >= 0 && write(fd, asked, strlen(asked)) == (ssize_t)strlen(asked));
    (void)close(fd);
    cr_assert_eq(policy_case_load(policy, path, &job, &why), SG_OK, "%s", why.text);
    cr_expect_eq(policy_case_facts(job)->value[FACT_ID_clock_now].number,
                 midnight_us - 120 * minute_us);
    policy_case_free(job);
    (void)unlink(path);
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
