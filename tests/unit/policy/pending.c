#include <criterion/criterion.h>
#include <stdio.h>

#include "tests/unit/policy/support/parse.h"

/* Rules that read facts which the gateway does not know yet, and the day of the agency.
 */

#define REVOKED(mode)                                                                    \
    "rules:\n"                                                                           \
    "  - {id: OK, cp: \"1\", level: hard, require: {key.local: true}, deny: NO}\n"       \
    "  - {id: R1, cp: \"1\", level: hard, mode: " mode                                   \
    ", require: {grant.expired: false}, deny: KEY_ON_HOLD}\n"

static void refused_mode(const char *rest)
{
    refused(rest, "p.yaml:7:5: ", "reads 'grant.expired'");
    refused(rest, "p.yaml:7:5: ", "write 'mode: pending'");
}

Test(policy_pending, what_cannot_be_judged_is_not_enforced)
{
    refused_mode(REVOKED("enforce"));
    refused_mode(REVOKED("shadow"));
    policy_free(lawful(REVOKED("pending")));
    policy_free(lawful(REVOKED("off")));
}

/* As the default, too, and behind a "when". */
Test(policy_pending, no_way_around)
{
    refused("rules:\n  - {id: R1, cp: \"1\", level: hard, when: {grant.expired: true}, "
            "require: {key.local: true}, deny: NO}\n",
            "p.yaml:6:5: ", "reads 'grant.expired'");
    refused("rules:\n  - {id: R1, cp: \"1\", level: hard, mode: pending, require: "
            "{key.local: true}, deny: NO}\n",
            "p.yaml:6:5: ", "it can be judged; write 'mode: enforce'");
    refused("defaults: {mode: pending}\n", "p.yaml:5:18: ", "mode");
}

Test(policy_pending, judges_no_job_but_its_tests)
{
    static const char with_tests[] =
        REVOKED("pending") "tests:\n  - {name: t, now: 2026-05-02, input: {key.local: "
                           "true, grant.expired: "
                           "true}, expect: {decision: deny, code: KEY_ON_HOLD, rules: "
                           "{R1: fail}}}\n";
    struct policy *policy = lawful(with_tests);
    struct facts facts = {0};

    facts_bool(&facts, FACT_ID_key_local, true);
    facts_bool(&facts, FACT_ID_grant_expired, true);
    struct verdict verdict = judge(policy, &facts);
    cr_expect(verdict.allow);
    cr_expect_eq(verdict.skipped, 1);
    cr_expect_eq(result(policy, 1, &facts), RULE_SKIP);
    cr_expect_str_eq(policy_lacks(policy, 1), "grant.expired");
    cr_expect_null(policy_lacks(policy, 0));
    policy_free(policy);
}

/* Pending rules alone are no policy: nothing that is enforced has passed. */
Test(policy_pending, pending_rules_alone_allow_nothing)
{
    struct policy *policy =
        lawful("rules:\n  - {id: R1, cp: \"1\", level: hard, mode: pending, require: "
               "{grant.expired: false}, deny: NO}\n");
    struct facts facts = {0};

    facts_bool(&facts, FACT_ID_grant_expired, false);
    cr_expect_not(judge(policy, &facts).allow);
    policy_free(policy);
}

static struct policy *with_holidays(const char *zone, const char *holidays)
{
    char text[512];
    int len = snprintf(text, sizeof(text),
                       "apiVersion: segel/v1\nkind: CertificatePolicy\n"
                       "metadata: {id: p, version: 1, effective: 2026-01-01, review_by: "
                       "2027-01-01, calendar: {zone: %s, holidays: [%s]}}\n"
                       "profile: test\n"
                       "rules: [{id: R, cp: \"1\", level: hard, require: {key.local: "
                       "true}, deny: NO}]\n",
                       zone, holidays);
    struct policy *policy = NULL;
    struct sg_error why;

    cr_assert_eq(policy_parse(slice_of(text, (size_t)len), "p", &policy, &why), SG_OK,
                 "%s", why.text);
    return policy;
}

/* The policy of a zone, with one holiday. */
static struct policy *of_zone(const char *zone)
{
    return with_holidays(zone, "2026-08-17");
}

static const struct {
    const char *zone;
    int64_t now_s;
    const char *weekday;
    int64_t minute;
    bool holiday;
} days[] = {
    {"WIB", 1786899599, "sun", 1439, false}, /* 2026-08-16T23:59:59+07:00 */
    {"WIB", 1786899600, "mon", 0, true},     /* the next second */
    {"WIB", 1786985999, "mon", 1439, true},  /* 2026-08-17T23:59:59+07:00 */
    {"WIB", 1786986000, "tue", 0, false},
    {"WITA", 1786895999, "sun", 1439, false}, /* an hour earlier */
    {"WITA", 1786896000, "mon", 0, true},
    {"WIT", 1786892400, "mon", 0, true},
    {"WIT", 1786978800, "tue", 0, false},
    {"WIB", -25201, "wed", 1439, false}, /* before 1970 */
    {"WIB", -25200, "thu", 0, false},
};

Test(policy_pending, the_day_is_that_of_the_zone)
{
    for (size_t i = 0; i < SG_COUNT(days); i++) {
        struct policy *policy = of_zone(days[i].zone);
        struct facts facts = {0};
        const struct fact_value *value = facts.value;
        facts_number(&facts, FACT_ID_clock_now, days[i].now_s * 1000000);
        policy_clock_facts(policy, &facts);
        cr_expect(
            slice_equal(value[FACT_ID_clock_weekday].text, slice_str(days[i].weekday)),
            "row %zu", i);
        cr_expect_eq(value[FACT_ID_clock_minute_of_day].number, days[i].minute, "row %zu",
                     i);
        cr_expect_eq(value[FACT_ID_clock_holiday].number, days[i].holiday ? 1 : 0,
                     "row %zu", i);
        policy_free(policy);
    }
}

/* The list of of_zone names 2026 alone. */
Test(policy_pending, behind_the_last_listed_year_no_day_is_known_to_be_none)
{
    static const struct {
        const char *zone;
        int64_t now_s;
        bool known;
    } rows[] = {{"WIB", 1609459200, true},  /* 2021: nobody has to say it any more */
                {"WIB", 1798736399, true},  /* 2026-12-31T23:59:59+07:00 */
                {"WIB", 1798736400, false}, /* the next second */
                {"WIT", 1798729199, true},  {"WIT", 1798729200, false},
                {"WIB", 1818435600, false}}; /* 2027-08-17 */

    for (size_t i = 0; i < SG_COUNT(rows); i++) {
        struct policy *policy = of_zone(rows[i].zone);
        struct facts facts = {0};
        facts_number(&facts, FACT_ID_clock_now, rows[i].now_s * 1000000);
        policy_clock_facts(policy, &facts);
        cr_expect_eq(facts.value[FACT_ID_clock_holiday].present, rows[i].known, "row %zu",
                     i);
        cr_expect(facts.value[FACT_ID_clock_weekday].present);
        policy_free(policy);
    }
}

/* In force from 2026-01-01. */
Test(policy_pending, a_year_that_is_left_out_is_not_known_either)
{
    static const struct {
        const char *holidays;
        int64_t now_s;
        bool known;
    } rows[] = {{"2027-01-01", 1798131600, false}, /* 2026-12-25T00:00:00+07:00 */
                {"2027-01-01", 1767200399, true},  /* 2025-12-31T23:59:59+07:00 */
                {"2027-01-01", 1767200400, false}, /* the next second */
                {"2027-01-01", 1798736400, true},  /* 2027-01-01T00:00:00+07:00 */
                {"2028-01-01, 2026-08-17", 1798736399, true},
                {"2028-01-01, 2026-08-17", 1798736400, false},
                {"2028-01-01, 2026-08-17", 1830272399, false},
                {"2028-01-01, 2026-08-17", 1830272400, true},
                {"2028-01-01, 2026-08-17", 1861894799, true},   /* of a leap year */
                {"2028-01-01, 2026-08-17", 1861894800, false}}; /* 2029 */

    for (size_t i = 0; i < SG_COUNT(rows); i++) {
        struct policy *policy = with_holidays("WIB", rows[i].holidays);
        struct facts facts = {0};
        facts_number(&facts, FACT_ID_clock_now, rows[i].now_s * 1000000);
        policy_clock_facts(policy, &facts);
        cr_expect_eq(facts.value[FACT_ID_clock_holiday].present, rows[i].known, "row %zu",
                     i);
        policy_free(policy);
    }
}

Test(policy_pending, without_a_time_there_is_no_day)
{
    struct policy *policy = of_zone("WIB");
    struct facts facts = {0};

    policy_clock_facts(policy, &facts);
    cr_expect_not(facts.value[FACT_ID_clock_weekday].present);
    cr_expect_not(facts.value[FACT_ID_clock_holiday].present);
    policy_free(policy);
}
