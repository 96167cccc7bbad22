#include <criterion/criterion.h>
#include <stdio.h>
#include <time.h>

#include "tests/unit/policy/support/parse.h"

/* Levels and modes, errors, exceptions: what becomes of the results of rules. */

static void set_text(struct facts *facts, enum fact fact, const char *text)
{
    facts_text(facts, fact, slice_str(text));
}

/* Every operator but exists, on a fact that is not there. */
Test(policy_judge, absent_fact_denies_whatever_is_asked)
{
    static const char *const requires[] = {"{key.class: seal}",
                                           "{key.class: {ne: seal}}",
                                           "{key.class: {in: [seal]}}",
                                           "{key.class: {not_in: [seal]}}",
                                           "{key.rsa_bits: {ge: 0}}",
                                           "{key.rsa_bits: {le: 0}}",
                                           "{key.rsa_bits: {between: [0, 1]}}",
                                           "{key.class: {matches: \".*\"}}",
                                           "{cert.eku: {subset: [a]}}",
                                           "{key.local: {ne: true}}"};
    struct facts facts = {0};

    for (size_t i = 0; i < SG_COUNT(requires); i++) {
        struct policy *policy = one_rule(requires[i]);
        cr_expect_eq(result(policy, 0, &facts), RULE_ERROR, "%s", requires[i]);
        cr_expect_not(judge(policy, &facts).allow, "%s", requires[i]);
        policy_free(policy);
    }
}

#define RULE_TEXT(id, level, mode, rest)                                                 \
    "  - {id: " id ", cp: \"1\", level: " level ", mode: " mode ", " rest ", deny: "     \
    "NO}\n"
#define WANTS_SEAL "require: {key.class: seal}"
#define PASSES                                                                           \
    "  - {id: OK, cp: \"1\", level: hard, require: {key.local: true}, deny: NO}\n"

static const struct {
    const char *level;
    const char *mode;
    enum rule_result passing;
    enum rule_result failing;
    enum rule_result erring;
    bool denies;
} table[] = {
    {"hard", "enforce", RULE_PASS, RULE_FAIL, RULE_ERROR, true},
    {"soft", "enforce", RULE_PASS, RULE_FAIL, RULE_ERROR, true},
    {"advisory", "enforce", RULE_PASS, RULE_WARN, RULE_ERROR, false},
    {"hard", "shadow", RULE_SHADOW_PASS, RULE_SHADOW_FAIL, RULE_SHADOW_ERROR, false},
    {"soft", "shadow", RULE_SHADOW_PASS, RULE_SHADOW_FAIL, RULE_SHADOW_ERROR, false},
    {"advisory", "shadow", RULE_SHADOW_PASS, RULE_SHADOW_FAIL, RULE_SHADOW_ERROR, false},
    {"hard", "off", RULE_SKIP, RULE_SKIP, RULE_SKIP, false},
    {"soft", "off", RULE_SKIP, RULE_SKIP, RULE_SKIP, false},
    {"advisory", "off", RULE_SKIP, RULE_SKIP, RULE_SKIP, false},
};

Test(policy_judge, each_level_and_mode_counts_as_the_table_says)
{
    for (size_t i = 0; i < SG_COUNT(table); i++) {
        char rest[512];
        struct facts facts = {0};
        (void)snprintf(rest, sizeof(rest),
                       "rules:\n" PASSES
                       "  - {id: R, cp: \"1\", level: %s, mode: %s, " WANTS_SEAL
                       ", deny: NO}\n",
                       table[i].level, table[i].mode);
        struct policy *policy = lawful(rest);
        facts_bool(&facts, FACT_ID_key_local, true);
        cr_expect_eq(result(policy, 1, &facts), table[i].erring, "row %zu", i);
        cr_expect_eq(judge(policy, &facts).allow, !table[i].denies, "row %zu", i);
        set_text(&facts, FACT_ID_key_class, "x");
        cr_expect_eq(result(policy, 1, &facts), table[i].failing, "row %zu", i);
        cr_expect_eq(judge(policy, &facts).allow, !table[i].denies, "row %zu", i);
        set_text(&facts, FACT_ID_key_class, "seal");
        cr_expect_eq(result(policy, 1, &facts), table[i].passing, "row %zu", i);
        cr_expect(judge(policy, &facts).allow, "row %zu", i);
        policy_free(policy);
    }
}

Test(policy_judge, shadow_failures_are_counted_and_change_nothing)
{
    struct facts facts = {0};
    struct policy *policy =
        lawful("rules:\n" PASSES RULE_TEXT("S", "hard", "shadow", WANTS_SEAL));

    facts_bool(&facts, FACT_ID_key_local, true);
    set_text(&facts, FACT_ID_key_class, "x");
    struct verdict verdict = judge(policy, &facts);
    cr_expect(verdict.allow);
    cr_expect_eq(rule_set_count(&verdict.remarks[REMARK_SHADOW]), 1);
    cr_expect_eq(rule_set_next(&verdict.remarks[REMARK_SHADOW], 0), 1);
    cr_expect_eq(verdict.passed, 1);
    facts_bool(&facts, FACT_ID_key_local, false);
    set_text(&facts, FACT_ID_key_class, "seal");
    cr_expect_not(judge(policy, &facts).allow);
    policy_free(policy);
}

/* Ten shadows, an advisory rule that fails and one that errs, and a lifted one. */
Test(policy_judge, all_that_deny_nothing_are_remarked)
{
    static const size_t counts[REMARKS] = {
        [REMARK_SHADOW] = 10, [REMARK_WARN] = 2, [REMARK_EXCEPTED] = 1};
    struct facts facts = {0};
    struct policy *policy = lawful(
        "rules:\n" PASSES RULE_TEXT("S1", "hard", "shadow", WANTS_SEAL) RULE_TEXT(
            "S2", "hard", "shadow", WANTS_SEAL) RULE_TEXT("S3", "hard", "shadow",
                                                          WANTS_SEAL)
            RULE_TEXT("S4", "hard", "shadow", WANTS_SEAL) RULE_TEXT(
                "S5", "hard", "shadow", WANTS_SEAL) RULE_TEXT("S6", "hard", "shadow",
                                                              WANTS_SEAL)
                RULE_TEXT("S7", "hard", "shadow", WANTS_SEAL) RULE_TEXT(
                    "S8", "hard", "shadow",
                    WANTS_SEAL) RULE_TEXT("S9", "hard", "shadow", WANTS_SEAL)
                    RULE_TEXT("S10", "hard", "shadow", "require: {job.notice: true}")
                        RULE_TEXT("A1", "advisory", "enforce",
                                  WANTS_SEAL) RULE_TEXT("A2", "advisory", "enforce",
                                                        "require: {job.notice: true}")
                            RULE_TEXT("X", "soft", "enforce",
                                      WANTS_SEAL) "exceptions:\n"
                                                  "  - {rule: X, until: 2099-01-01, "
                                                  "reason: r, approved_by: [one, two], "
                                                  "match: {key.local: true}}\n");

    facts_bool(&facts, FACT_ID_key_local, true);
    facts_number(&facts, FACT_ID_clock_now, 1777683723456789);
    set_text(&facts, FACT_ID_key_class, "x");
    struct verdict verdict = judge(policy, &facts);
    cr_expect(verdict.allow);
    for (size_t i = 0; i < REMARKS; i++) {
        cr_expect_eq(rule_set_count(&verdict.remarks[i]), counts[i], "%zu", i);
    }
    cr_expect_eq(rule_set_next(&verdict.remarks[REMARK_SHADOW], 10), 10);
    cr_expect_eq(rule_set_next(&verdict.remarks[REMARK_WARN], 0), 11);
    cr_expect_eq(rule_set_next(&verdict.remarks[REMARK_WARN], 12), 12);
    cr_expect_eq(rule_set_next(&verdict.remarks[REMARK_WARN], 13), POLICY_RULES_MAX);
    cr_expect_eq(rule_set_next(&verdict.remarks[REMARK_EXCEPTED], 0), 13);
    policy_free(policy);
}

Test(policy_judge, shadow_and_advisory_alone_do_not_make_a_yes)
{
    struct facts facts = {0};
    struct policy *policy =
        lawful("rules:\n" RULE_TEXT("S", "hard", "shadow", WANTS_SEAL));

    set_text(&facts, FACT_ID_key_class, "seal");
    struct verdict verdict = judge(policy, &facts);
    cr_expect_not(verdict.allow);
    cr_expect_eq(verdict.failure_count, 0);
    policy_free(policy);
}

Test(policy_judge, first_failing_rule_of_the_file_decides)
{
    struct facts facts = {0};
    /* The first reads a job's fact, the second only the key's: file order counts, not
     * what was judged earlier. */
    struct policy *policy = lawful(
        "rules:\n" PASSES RULE_TEXT("B", "soft", "enforce", "require: {job.class: seal}")
            RULE_TEXT("A", "hard", "enforce", WANTS_SEAL));

    facts_bool(&facts, FACT_ID_key_local, true);
    set_text(&facts, FACT_ID_key_class, "x");
    set_text(&facts, FACT_ID_job_class, "x");
    struct verdict verdict = judge(policy, &facts);
    cr_expect_not(verdict.allow);
    cr_assert_eq(verdict.failure_count, 2);
    cr_expect_eq(verdict.failures[0], 1);
    cr_expect_eq(verdict.failures[1], 2);
    cr_expect_eq(verdict.passed, 1);
    policy_free(policy);
}

Test(policy_judge, more_failures_than_listed_are_still_counted)
{
    char rest[4096] = "rules:\n";
    struct facts facts = {0};

    for (size_t i = 0; i < 20; i++) {
        size_t len = strlen(rest);
        (void)snprintf(
            rest + len, sizeof(rest) - len,
            "  - {id: R%zu, cp: \"1\", level: hard, " WANTS_SEAL ", deny: NO}\n", i);
    }
    struct policy *policy = lawful(rest);
    set_text(&facts, FACT_ID_key_class, "x");
    struct verdict verdict = judge(policy, &facts);
    cr_expect_eq(verdict.failure_count, 20);
    cr_expect_eq(verdict.failures[VERDICT_FAILURES - 1], VERDICT_FAILURES - 1);
    policy_free(policy);
}

Test(policy_judge, when_selects_and_its_absent_fact_denies)
{
    struct facts facts = {0};
    struct policy *policy = lawful("rules:\n" PASSES RULE_TEXT(
        "W", "hard", "enforce",
        "when: {key.type: rsa}, require: {key.rsa_bits: {ge: 2048}}"));

    facts_bool(&facts, FACT_ID_key_local, true);
    cr_expect_eq(result(policy, 1, &facts), RULE_ERROR);
    cr_expect_not(judge(policy, &facts).allow);
    set_text(&facts, FACT_ID_key_type, "ec");
    cr_expect_eq(result(policy, 1, &facts), RULE_SKIP);
    cr_expect(judge(policy, &facts).allow);
    set_text(&facts, FACT_ID_key_type, "rsa");
    cr_expect_eq(result(policy, 1, &facts), RULE_ERROR);
    facts_number(&facts, FACT_ID_key_rsa_bits, 1024);
    cr_expect_eq(result(policy, 1, &facts), RULE_FAIL);
    policy_free(policy);
}

/* An unmet demand must not hide one that cannot be judged, in either order. */
Test(policy_judge, error_in_when_weighs_more_than_unmet)
{
    struct facts facts = {0};
    struct policy *policy =
        lawful("rules:\n" PASSES RULE_TEXT(
            "A", "hard", "enforce",
            "when: {key.type: rsa, key.curve: P-256}, " WANTS_SEAL)
                   RULE_TEXT("B", "hard", "enforce",
                             "when: {key.curve: P-256, key.type: rsa}, " WANTS_SEAL));

    facts_bool(&facts, FACT_ID_key_local, true);
    set_text(&facts, FACT_ID_key_type, "ec");
    cr_expect_eq(result(policy, 1, &facts), RULE_ERROR);
    cr_expect_eq(result(policy, 2, &facts), RULE_ERROR);
    policy_free(policy);
}

#define EXCEPTION                                                                        \
    "exceptions:\n  - {rule: R, match: {caller.name: e-office}, until: 2026-12-31, "     \
    "approved_by: [g-17], reason: year-end letters}\n"

Test(policy_judge, exception_lifts_its_case_until_its_day)
{
    const int64_t day_us = INT64_C(1798650000) * 1000000; /* 2026-12-31 WIB */
    struct facts facts = {0};
    struct policy *policy =
        lawful("rules:\n" PASSES RULE_TEXT("R", "soft", "enforce", WANTS_SEAL) EXCEPTION);

    facts_bool(&facts, FACT_ID_key_local, true);
    set_text(&facts, FACT_ID_key_class, "x");
    set_text(&facts, FACT_ID_caller_name, "e-office");
    facts_number(&facts, FACT_ID_clock_now, day_us - 1);
    cr_expect(judge(policy, &facts).allow);
    cr_expect_eq(result(policy, 1, &facts), RULE_SKIP);
    facts_number(&facts, FACT_ID_clock_now, day_us);
    cr_expect_not(judge(policy, &facts).allow);
    facts_number(&facts, FACT_ID_clock_now, day_us - 1);
    set_text(&facts, FACT_ID_caller_name, "other");
    cr_expect_not(judge(policy, &facts).allow);
    facts.value[FACT_ID_caller_name].present = false;
    cr_expect_not(judge(policy, &facts).allow);
    set_text(&facts, FACT_ID_caller_name, "e-office");
    facts.value[FACT_ID_clock_now].present = false;
    cr_expect_not(judge(policy, &facts).allow);
    policy_free(policy);
}

Test(policy_judge, exception_does_not_lift_an_error)
{
    struct facts facts = {0};
    struct policy *policy =
        lawful("rules:\n" PASSES RULE_TEXT("R", "soft", "enforce", WANTS_SEAL) EXCEPTION);

    facts_bool(&facts, FACT_ID_key_local, true);
    set_text(&facts, FACT_ID_caller_name, "e-office");
    facts_number(&facts, FACT_ID_clock_now, 1);
    cr_expect_eq(result(policy, 1, &facts), RULE_ERROR);
    cr_expect_not(judge(policy, &facts).allow);
    policy_free(policy);
}

static double since_us(const struct timespec *start)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)(now.tv_sec - start->tv_sec) * 1e6 +
           (double)(now.tv_nsec - start->tv_nsec) / 1e3;
}

Test(policy_judge, time_is_printed)
{
    enum { RULES = 50, TURNS = 20000 };
    char rest[8000] = "rules:\n";
    struct facts facts = {0};
    struct policy_key *bound = NULL;
    struct verdict verdict;
    struct timespec start;

    for (size_t i = 0; i < RULES; i++) {
        size_t len = strlen(rest);
        (void)snprintf(rest + len, sizeof(rest) - len,
                       "  - {id: R%zu, cp: \"1\", level: hard, require: {job.alg: {in: "
                       "[a, b, c]}, job.digest_len: {ge: 32}}, deny: NO}\n",
                       i);
    }
    struct policy *policy = lawful(rest);
    set_text(&facts, FACT_ID_job_alg, "c");
    facts_number(&facts, FACT_ID_job_digest_len, 32);
    cr_assert_eq(policy_bind(policy, &facts, &bound), SG_OK);
    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &start);
    for (size_t i = 0; i < TURNS; i++) {
        policy_judge(policy, bound, &facts, &verdict);
        cr_assert(verdict.allow);
    }
    (void)printf("policy_judge: %.2f us for %d rules with 100 conditions\n",
                 since_us(&start) / TURNS, RULES);
    policy_key_free(bound);
    policy_free(policy);
}
