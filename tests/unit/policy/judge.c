#include <criterion/criterion.h>
#include <stdio.h>
#include <time.h>

#include "tests/unit/policy/support/parse.h"

/* Operators, levels and modes, errors, exceptions: what becomes of facts. */

static void set_text(struct facts *facts, enum fact fact, const char *text)
{
    facts_text(facts, fact, slice_str(text));
}

static bool allows(const char *require, const struct facts *facts)
{
    struct policy *policy = one_rule(require);
    struct verdict verdict = judge(policy, facts);

    policy_free(policy);
    return verdict.allow;
}

Test(policy_operators, eq_and_ne_compare_by_type)
{
    struct facts facts = {0};

    set_text(&facts, FACT_ID_key_class, "seal");
    facts_bool(&facts, FACT_ID_key_local, true);
    facts_number(&facts, FACT_ID_key_rsa_bits, 2048);
    cr_expect(allows("{key.class: seal}", &facts));
    cr_expect(allows("{key.class: \"seal\"}", &facts));
    cr_expect_not(allows("{key.class: {eq: sea}}", &facts));
    cr_expect(allows("{key.class: {ne: signature}}", &facts));
    cr_expect_not(allows("{key.class: {ne: seal}}", &facts));
    cr_expect(allows("{key.local: true}", &facts));
    cr_expect_not(allows("{key.local: false}", &facts));
    cr_expect_not(allows("{key.local: {ne: true}}", &facts));
    cr_expect(allows("{key.rsa_bits: 2048}", &facts));
    cr_expect_not(allows("{key.rsa_bits: {ne: 2048}}", &facts));
}

Test(policy_operators, in_and_not_in_ask_lists)
{
    struct facts facts = {0};

    set_text(&facts, FACT_ID_job_alg, "b");
    facts_number(&facts, FACT_ID_key_rsa_bits, 3072);
    cr_expect(allows("{job.alg: {in: [a, b]}}", &facts));
    cr_expect_not(allows("{job.alg: {in: [a, bb]}}", &facts));
    cr_expect(allows("{job.alg: {not_in: [a, c]}}", &facts));
    cr_expect_not(allows("{job.alg: {not_in: [a, b]}}", &facts));
    cr_expect(allows("{key.rsa_bits: {in: [2048, 3072]}}", &facts));
    cr_expect_not(allows("{key.rsa_bits: {not_in: [2048, 3072]}}", &facts));
}

Test(policy_operators, bounds_are_inclusive)
{
    static const struct {
        int64_t value;
        bool ge, le, between;
    } rows[] = {{9, false, true, false},
                {10, true, true, true},
                {20, true, true, true},
                {21, true, false, false}};

    for (size_t i = 0; i < SG_COUNT(rows); i++) {
        struct facts facts = {0};
        facts_number(&facts, FACT_ID_job_digest_len, rows[i].value);
        cr_expect_eq(allows("{job.digest_len: {ge: 10}}", &facts), rows[i].ge);
        cr_expect_eq(allows("{job.digest_len: {le: 20}}", &facts), rows[i].le);
        cr_expect_eq(allows("{job.digest_len: {between: [10, 20]}}", &facts),
                     rows[i].between);
        cr_expect_eq(allows("{job.digest_len: {ge: 10, le: 20}}", &facts),
                     rows[i].between);
    }
}

Test(policy_operators, negative_durations_are_below_zero)
{
    struct facts facts = {0};

    facts_number(&facts, FACT_ID_cert_remaining_s, -1);
    cr_expect_not(allows("{cert.remaining_s: {ge: 0}}", &facts));
    cr_expect(allows("{cert.remaining_s: {ge: -1}}", &facts));
}

Test(policy_operators, times_are_bounded_by_dates_and_by_other_times)
{
    struct facts facts = {0};

    facts_number(&facts, FACT_ID_clock_now, INT64_C(1777654800) * 1000000);
    facts_number(&facts, FACT_ID_cert_not_after, INT64_C(1777654800) * 1000000);
    cr_expect(allows("{clock.now: {ge: 2026-05-02}}", &facts));
    cr_expect_not(allows("{clock.now: {ge: 2026-05-02T00:00:00Z}}", &facts));
    cr_expect(allows("{clock.now: {le: cert.not_after}}", &facts));
    facts.value[FACT_ID_cert_not_after].number--;
    cr_expect_not(allows("{clock.now: {le: cert.not_after}}", &facts));
    facts.value[FACT_ID_cert_not_after].present = false;
    cr_expect_not(allows("{clock.now: {le: cert.not_after}}", &facts));
    cr_expect_not(allows("{clock.now: {ge: cert.not_after}}", &facts));
}

Test(policy_operators, matches_wants_the_whole_value)
{
    struct facts facts = {0};
    char longest[513];

    set_text(&facts, FACT_ID_job_approval_ref, "ND/045/2026");
    cr_expect(allows("{job.approval_ref: {matches: \"ND/[0-9]{3}/[0-9]{4}\"}}", &facts));
    cr_expect_not(allows("{job.approval_ref: {matches: \"ND/[0-9]{3}\"}}", &facts));
    cr_expect_not(allows("{job.approval_ref: {matches: \"[0-9/]+\"}}", &facts));
    cr_expect(allows("{job.approval_ref: {matches: \"x|ND.*\"}}", &facts));
    cr_expect_not(allows("{job.approval_ref: {matches: \"ND|2026\"}}", &facts));
    set_text(&facts, FACT_ID_job_approval_ref, "ND/045/2026\nx");
    cr_expect_not(allows("{job.approval_ref: {matches: \"ND/045/2026\"}}", &facts));
    facts_text(&facts, FACT_ID_job_approval_ref, slice_of("ND\0x", 4));
    cr_expect_not(allows("{job.approval_ref: {matches: \"ND\"}}", &facts));
    (void)memset(longest, 'a', sizeof(longest));
    facts_text(&facts, FACT_ID_job_approval_ref, slice_of(longest, 512));
    cr_expect(allows("{job.approval_ref: {matches: \"a*\"}}", &facts));
    facts_text(&facts, FACT_ID_job_approval_ref, slice_of(longest, 513));
    cr_expect_not(allows("{job.approval_ref: {matches: \"a*\"}}", &facts));
}

Test(policy_operators, subset_wants_every_element)
{
    const struct slice items[] = {slice_str("a"), slice_str("b")};
    struct facts facts = {0};

    facts_set(&facts, FACT_ID_cert_eku, items, 2);
    cr_expect(allows("{cert.eku: {subset: [a, b, c]}}", &facts));
    cr_expect_not(allows("{cert.eku: {subset: [a, c]}}", &facts));
    facts_set(&facts, FACT_ID_cert_eku, NULL, 0);
    cr_expect(allows("{cert.eku: {subset: [a]}}", &facts));
    cr_expect_not(allows("{cert.eku: {exists: true, subset: [a]}}", &facts));
}

Test(policy_operators, exists_tells_content_from_nothing)
{
    struct facts facts = {0};

    cr_expect_not(allows("{job.batch: {exists: true}}", &facts));
    cr_expect(allows("{job.batch: {exists: false}}", &facts));
    set_text(&facts, FACT_ID_job_batch, "");
    cr_expect_not(allows("{job.batch: {exists: true}}", &facts));
    cr_expect(allows("{job.batch: {exists: false}}", &facts));
    set_text(&facts, FACT_ID_job_batch, "b");
    cr_expect(allows("{job.batch: {exists: true}}", &facts));
    cr_expect_not(allows("{job.batch: {exists: false}}", &facts));
}

/* Every operator but exists, on a fact that is not there. */
Test(policy_judge, absent_fact_denies_whatever_is_asked)
{
    static const char *const requires[] = {"{key.class: seal}",
                                           "{key.class: {ne: seal}}",
                                           "{key.class: {in: [a]}}",
                                           "{key.class: {not_in: [a]}}",
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
    cr_expect_eq(verdict.shadow_count, 1);
    cr_expect_eq(verdict.shadows[0], 1);
    cr_expect_eq(verdict.passed, 1);
    facts_bool(&facts, FACT_ID_key_local, false);
    set_text(&facts, FACT_ID_key_class, "seal");
    cr_expect_not(judge(policy, &facts).allow);
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

Test(policy_bind, keeps_its_own_copies_of_key_facts_only)
{
    char text[] = "seal";
    char item[] = "a";
    struct slice items[] = {slice_str(item)};
    struct facts facts = {0};
    struct policy_key *bound = NULL;
    struct policy *policy = one_rule(WANTS_SEAL + strlen("require: "));

    set_text(&facts, FACT_ID_key_class, text);
    facts_set(&facts, FACT_ID_cert_eku, items, 1);
    set_text(&facts, FACT_ID_job_class, "seal");
    cr_assert_eq(policy_bind(policy, &facts, &bound), SG_OK);
    (void)memset(text, 'x', sizeof(text) - 1);
    item[0] = 'x';
    items[0].len = 0;
    const struct facts *kept = policy_key_facts(bound);
    cr_expect(slice_equal(kept->value[FACT_ID_key_class].text, slice_str("seal")));
    cr_expect(slice_equal(kept->value[FACT_ID_cert_eku].set[0], slice_str("a")));
    cr_expect_not(kept->value[FACT_ID_job_class].present);
    policy_key_free(bound);
    policy_free(policy);
}

Test(policy_bind, adds_what_the_policy_says_of_itself)
{
    struct facts none = {0};
    struct policy_key *bound = NULL;
    struct policy *policy = one_rule("{key.class: seal}");

    cr_assert_eq(policy_bind(policy, &none, &bound), SG_OK);
    const struct facts *kept = policy_key_facts(bound);
    cr_expect_eq(kept->value[FACT_ID_policy_review_by].number,
                 policy_info(policy)->review_by_us);
    cr_expect(slice_equal(kept->value[FACT_ID_policy_profile].text, slice_str("test")));
    cr_expect_not(kept->value[FACT_ID_agreement_until].present);
    policy_key_free(bound);
    policy_free(policy);
}

Test(policy_explain, says_found_and_required)
{
    struct facts facts = {0};
    struct rule_why why;
    struct policy *policy = one_rule("{key.class: seal, key.rsa_bits: {ge: 2048}}");

    set_text(&facts, FACT_ID_key_class, "seal");
    facts_number(&facts, FACT_ID_key_rsa_bits, 1024);
    policy_explain(policy, 0, &facts, &why);
    cr_expect_eq(why.result, RULE_FAIL);
    cr_expect_str_eq(why.fact, "key.rsa_bits");
    cr_expect_str_eq(why.found, "1024");
    cr_expect_str_eq(why.required, ">= 2048");
    facts.value[FACT_ID_key_rsa_bits].present = false;
    policy_explain(policy, 0, &facts, &why);
    cr_expect_eq(why.result, RULE_ERROR);
    cr_expect_str_eq(why.found, "");
    facts_number(&facts, FACT_ID_key_rsa_bits, 4096);
    policy_explain(policy, 0, &facts, &why);
    cr_expect_eq(why.result, RULE_PASS);
    cr_expect_str_eq(why.fact, "");
    cr_expect_str_eq(why.required, "");
    policy_free(policy);
}

Test(policy_explain, cuts_long_values_between_characters)
{
    char text[201];
    struct facts facts = {0};
    struct rule_why why;
    struct policy *policy = one_rule("{job.batch: x}");

    /* There is room for 127 bytes: the last would be half an é. */
    for (size_t i = 0; i < 200; i += 2) {
        (void)memcpy(text + i, "\xC3\xA9", 2);
    }
    facts_text(&facts, FACT_ID_job_batch, slice_of(text, 200));
    policy_explain(policy, 0, &facts, &why);
    cr_expect_eq(strlen(why.found), 126);
    policy_free(policy);
}

Test(policy_status, follows_the_deny_code)
{
    static const struct {
        const char *code;
        enum sg_status status;
    } rows[] = {{"CALLER_NOT_ENTITLED", SG_DENIED},
                {"ALG_NOT_ALLOWED", SG_INVALID},
                {"NO_CONSENT_REF", SG_INVALID},
                {"CERT_EXPIRED", SG_PRECONDITION},
                {"QUOTA", SG_BUSY},
                {"LOG_UNAVAILABLE", SG_LEDGER},
                {"AGENCY_OWN", SG_PRECONDITION}};

    for (size_t i = 0; i < SG_COUNT(rows); i++) {
        char rest[256];
        (void)snprintf(rest, sizeof(rest),
                       "rules:\n  - {id: R, cp: \"1\", level: hard, " WANTS_SEAL
                       ", deny: %s}\n",
                       rows[i].code);
        struct policy *policy = lawful(rest);
        cr_expect_eq(policy_status(policy, 0), rows[i].status, "%s", rows[i].code);
        policy_free(policy);
    }
}

static double since_us(const struct timespec *start)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
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
    (void)clock_gettime(CLOCK_MONOTONIC, &start);
    for (size_t i = 0; i < TURNS; i++) {
        policy_judge(policy, bound, &facts, &verdict);
        cr_assert(verdict.allow);
    }
    (void)printf("policy_judge: %.2f us for %d rules with 100 conditions\n",
                 since_us(&start) / TURNS, RULES);
    policy_key_free(bound);
    policy_free(policy);
}
