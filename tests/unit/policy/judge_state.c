#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/unit/policy/support/parse.h"

/* Rules over STATE facts are judged in two steps: both together must say what one does.
 */

enum { ROUNDS = 400, JOBS = 60, RULES = 24, TEXT = 8192 };

static unsigned draw(unsigned below)
{
    static uint64_t state = 0x9E3779B97F4A7C15;

    state = state * 6364136223846793005 + 1442695040888963407;
    return (unsigned)(state >> 33) % below;
}

/* Conditions on facts of each phase, easy to meet and to miss. */
static const char *const conditions[] = {
    "key.local: true",
    "key.class: {exists: true}",
    "key.rsa_bits: {ge: 2}",
    "job.notice: true",
    "job.digest_len: {le: 1}",
    "job.doc_class: {in: [a, b]}",
    "job.approval_ref: {exists: false}",
    "clock.stepped: false",
    "counter.caller_day: {le: 1}",
    "counter.key_day: {between: [1, 2]}",
    "log.free_bytes: {exists: false}",
    "job.repeat: {not_in: [other]}",
    "log.writable: {exists: true, ne: false}",
};

/* "{a: …, b: …}" of one to three conditions on different facts. */
static void write_map(FILE *out)
{
    unsigned from = draw(SG_COUNT(conditions));
    unsigned count = 1 + draw(3);

    (void)fputc('{', out);
    for (unsigned i = 0; i < count; i++) {
        (void)fprintf(out, "%s%s", i == 0 ? "" : ", ",
                      conditions[(from + i * 5) % SG_COUNT(conditions)]);
    }
    (void)fputc('}', out);
}

static void write_rule(FILE *out, unsigned number)
{
    static const char *const levels[] = {"hard", "soft", "soft", "advisory"};
    static const char *const modes[] = {"enforce", "enforce", "enforce", "shadow",
                                        "\"off\""};

    (void)fprintf(out, "  - {id: R%u, cp: \"1\", level: %s, mode: %s, ", number,
                  number == 0 ? "soft" : levels[draw(SG_COUNT(levels))],
                  modes[draw(SG_COUNT(modes))]);
    if (draw(2) == 0) {
        (void)fputs("when: ", out);
        write_map(out);
        (void)fputs(", ", out);
    }
    (void)fputs("require: ", out);
    write_map(out);
    (void)fprintf(out, ", deny: NO%u}\n", number);
}

static struct policy *random_policy(void)
{
    char text[TEXT];
    FILE *out = fmemopen(text, sizeof(text), "w");
    unsigned count = 1 + draw(RULES);

    (void)fputs("rules:\n", out);
    for (unsigned i = 0; i < count; i++) {
        write_rule(out, i);
    }
    (void)fputs("exceptions:\n"
                "  - {rule: R0, match: {job.notice: true}, until: 2026-05-02, "
                "approved_by: [G-1], reason: r}\n",
                out);
    cr_assert_eq(fclose(out), 0);
    return lawful(text);
}

static void maybe_number(struct facts *facts, enum fact fact)
{
    if (draw(4) > 0) {
        facts_number(facts, fact, draw(4));
    }
}

static void maybe_bool(struct facts *facts, enum fact fact)
{
    if (draw(4) > 0) {
        facts_bool(facts, fact, draw(2) == 0);
    }
}

static void maybe_text(struct facts *facts, enum fact fact)
{
    static const char *const texts[] = {"a", "other", "c", ""};

    if (draw(4) > 0) {
        facts_text(facts, fact, slice_str(texts[draw(SG_COUNT(texts))]));
    }
}

static struct facts random_facts(void)
{
    const int64_t may_first_us = INT64_C(1777593600) * 1000000;
    const int64_t day_us = INT64_C(86400) * 1000000;
    struct facts facts = {0};

    maybe_bool(&facts, FACT_ID_key_local);
    maybe_text(&facts, FACT_ID_key_class);
    maybe_number(&facts, FACT_ID_key_rsa_bits);
    maybe_bool(&facts, FACT_ID_job_notice);
    maybe_number(&facts, FACT_ID_job_digest_len);
    maybe_text(&facts, FACT_ID_job_doc_class);
    maybe_text(&facts, FACT_ID_job_approval_ref);
    maybe_bool(&facts, FACT_ID_clock_stepped);
    maybe_number(&facts, FACT_ID_counter_caller_day);
    maybe_number(&facts, FACT_ID_counter_key_day);
    maybe_number(&facts, FACT_ID_log_free_bytes);
    maybe_text(&facts, FACT_ID_job_repeat);
    maybe_bool(&facts, FACT_ID_log_writable);
    facts_number(&facts, FACT_ID_clock_now, may_first_us + (int64_t)draw(3) * day_us);
    return facts;
}

/* The facts of one half: STATE facts alone, or all others. */
static struct facts half(const struct facts *facts, bool state)
{
    struct facts out = *facts;

    for (size_t i = 0; i < FACT_COUNT; i++) {
        if ((fact_phase((enum fact)i) == FACT_PHASE_STATE) != state) {
            out.value[i] = (struct fact_value){0};
        }
    }
    return out;
}

static void expect_same_verdict(const struct verdict *one, const struct verdict *two)
{
    cr_assert_eq(two->allow, one->allow);
    cr_assert_eq(two->passed, one->passed);
    cr_assert_eq(two->skipped, one->skipped);
    cr_assert_eq(two->failure_count, one->failure_count);
    cr_assert_arr_eq(two->failures, one->failures, sizeof(one->failures));
    cr_assert_arr_eq(two->remarks, one->remarks, sizeof(one->remarks));
}

/* Of an open rule, unless its texts were cut. */
static void expect_same_reason(const struct policy *policy, size_t rule,
                               const struct facts *facts, const struct verdict *verdict)
{
    struct facts state = half(facts, true);
    struct rule_why one;
    struct rule_why two;

    if (policy_explain_state(policy, rule, verdict, &state, &two)) {
        policy_explain(policy, rule, facts, &one);
        cr_assert_eq(two.result, one.result, "%s: %d, not %d",
                     policy_rule(policy, rule)->id, two.result, one.result);
        cr_assert_eq(two.raw, one.raw);
        cr_assert_str_eq(two.fact, one.fact);
        cr_assert_str_eq(two.required, one.required);
        if (two.result != RULE_SKIP) {
            cr_assert_str_eq(two.found, one.found);
        }
    }
}

static void judge_both_ways(const struct policy *policy, const struct facts *facts)
{
    struct policy_key *bound = NULL;
    struct verdict one;
    struct verdict two;

    cr_assert_eq(policy_bind(policy, facts, &bound), SG_OK);
    struct facts all = *facts;
    for (size_t i = 0; i < FACT_COUNT; i++) {
        if (fact_phase((enum fact)i) == FACT_PHASE_KEY) {
            all.value[i] = policy_key_facts(bound)->value[i];
        }
    }
    struct facts early = half(&all, false);
    struct facts state = half(&all, true);
    policy_judge(policy, bound, &all, &one);
    policy_judge_early(policy, bound, &early, &two);
    cr_assert(two.allow || !one.allow, "denied for ever, but allowed in the end");
    struct facts other = random_facts();
    policy_judge_state(policy, &other, &two); /* at another time: it leaves no trace */
    policy_judge_state(policy, &state, &two);
    expect_same_verdict(&one, &two);
    for (size_t i = 0; i < policy_rule_count(policy); i++) {
        expect_same_reason(policy, i, &all, &two);
    }
    policy_key_free(bound);
}

Test(policy_state, two_steps_say_what_one_says)
{
    for (int i = 0; i < ROUNDS; i++) {
        struct policy *policy = random_policy();
        for (int job = 0; job < JOBS; job++) {
            struct facts facts = random_facts();
            judge_both_ways(policy, &facts);
        }
        policy_free(policy);
    }
}

#define QUOTA(mode)                                                                      \
    "  - {id: Q, cp: \"1\", level: soft, mode: " mode                                    \
    ", require: {counter.caller_day: {le: 2}}, deny: QUOTA}\n"
#define LOCAL                                                                            \
    "  - {id: L, cp: \"1\", level: hard, require: {key.local: true}, deny: NO}\n"

static struct verdict in_two_steps(const struct policy *policy, struct facts *facts,
                                   int64_t count)
{
    struct policy_key *bound = NULL;
    struct facts state = {0};
    struct verdict verdict;

    facts_number(&state, FACT_ID_counter_caller_day, count);
    cr_assert_eq(policy_bind(policy, facts, &bound), SG_OK);
    policy_judge_early(policy, bound, facts, &verdict);
    policy_judge_state(policy, &state, &verdict);
    policy_key_free(bound);
    return verdict;
}

Test(policy_state, a_rule_alone_over_state_is_left_open_and_then_decides)
{
    struct policy *policy = lawful("rules:\n" QUOTA("enforce"));
    struct facts facts = {0};

    cr_expect(in_two_steps(policy, &facts, 2).allow);
    struct verdict verdict = in_two_steps(policy, &facts, 3);
    cr_expect_not(verdict.allow);
    cr_expect_eq(verdict.failure_count, 1);
    policy_free(policy);
}

Test(policy_state, a_shadow_over_state_changes_nothing)
{
    struct policy *policy = lawful("rules:\n" QUOTA("shadow") LOCAL);
    struct facts facts = {0};

    facts_bool(&facts, FACT_ID_key_local, true);
    struct verdict verdict = in_two_steps(policy, &facts, 3);
    cr_expect(verdict.allow);
    cr_expect_eq(rule_set_count(&verdict.remarks[REMARK_SHADOW]), 1);
    policy_free(policy);
}

Test(policy_state, shadows_over_state_alone_do_not_make_a_yes)
{
    struct policy *policy = lawful("rules:\n" QUOTA("shadow"));
    struct facts facts = {0};

    cr_expect_not(in_two_steps(policy, &facts, 1).allow);
    policy_free(policy);
}

/* What nobody made is an error, and an error denies, in the second step as in the first.
 */
Test(policy_state, an_absent_fact_denies)
{
    struct policy *policy = lawful(
        "rules:\n" LOCAL "  - {id: C, cp: \"1\", level: hard, require: {clock.offset_ms: "
        "{le: 1000}}, deny: CLOCK_UNTRUSTED}\n");
    struct facts facts = {0};

    facts_bool(&facts, FACT_ID_key_local, true);
    struct verdict verdict = in_two_steps(policy, &facts, 1);
    cr_expect_not(verdict.allow);
    cr_expect_eq(verdict.failures[0], 1);
    policy_free(policy);
}

Test(policy_state, the_first_failing_rule_of_the_file_decides_whenever_it_was_judged)
{
    struct policy *policy = lawful("rules:\n" QUOTA("enforce") LOCAL);
    struct facts facts = {0};

    struct verdict verdict = in_two_steps(policy, &facts, 3);
    cr_expect_eq(verdict.failure_count, 2);
    cr_expect_eq(verdict.failures[0], 0);
    cr_expect_eq(verdict.failures[1], 1);
    policy_free(policy);
}

/* The list keeps the first of the file, though later ones were found before them. */
Test(policy_state, a_list_that_is_full_gives_way_to_rules_that_stand_before)
{
    static char rest[TEXT] = "rules:\n" QUOTA("enforce");
    struct facts facts = {0};

    for (int i = 0; i < VERDICT_FAILURES + 2; i++) {
        size_t len = strlen(rest);
        (void)snprintf(rest + len, sizeof(rest) - len,
                       "  - {id: L%d, cp: \"1\", level: hard, require: {key.local: "
                       "true}, deny: NO}\n",
                       i);
    }
    struct policy *policy = lawful(rest);
    struct verdict verdict = in_two_steps(policy, &facts, 3);
    cr_expect_eq(verdict.failure_count, VERDICT_FAILURES + 3);
    for (unsigned i = 0; i < VERDICT_FAILURES; i++) {
        cr_expect_eq(verdict.failures[i], i);
    }
    policy_free(policy);
}

static const char *write_many(int count, const char *mode)
{
    static char rest[TEXT];

    (void)snprintf(rest, sizeof(rest), "rules:\n");
    for (int i = 0; i < count; i++) {
        size_t len = strlen(rest);
        (void)snprintf(rest + len, sizeof(rest) - len,
                       "  - {id: S%d, cp: \"1\", level: soft, mode: %s, require: "
                       "{log.writable: true}, deny: NO}\n",
                       i, mode);
    }
    return rest;
}

Test(policy_state, a_policy_with_more_open_rules_than_a_verdict_holds_does_not_load)
{
    policy_free(lawful(write_many(VERDICT_OPEN, "enforce")));
    policy_free(lawful(write_many(VERDICT_OPEN + 1, "\"off\"")));
    refused(write_many(VERDICT_OPEN + 1, "shadow"),
            "p.yaml:38:5: ", "S32 is one too many: at most 32");
}

Test(policy_state, exceptions_do_not_match_on_the_state)
{
    refused("rules:\n" QUOTA("enforce") "exceptions:\n  - {rule: Q, match: "
                                        "{counter.key_day: {le: 1}}, until: 2027-01-01, "
                                        "approved_by: [G-1], reason: r}\n",
            "p.yaml:8:22: ", "cannot match 'counter.key_day'");
}

/* Beyond the room for what was found the words are cut, never the verdict. */
Test(policy_state, long_findings_are_cut)
{
    static char rest[TEXT] = "rules:\n";
    static char reference[200];
    struct facts facts = {0};
    struct facts state = {0};
    struct policy_key *bound = NULL;
    struct verdict verdict;
    struct rule_why why;

    memset(reference, 'x', sizeof(reference) - 1);
    for (int i = 0; i < 4; i++) {
        size_t len = strlen(rest);
        (void)snprintf(rest + len, sizeof(rest) - len,
                       "  - {id: F%d, cp: \"1\", level: soft, require: {log.writable: "
                       "true, job.approval_ref: a}, deny: NO}\n",
                       i);
    }
    struct policy *policy = lawful(rest);
    facts_text(&facts, FACT_ID_job_approval_ref, slice_str(reference));
    facts_bool(&state, FACT_ID_log_writable, true);
    cr_assert_eq(policy_bind(policy, &facts, &bound), SG_OK);
    policy_judge_early(policy, bound, &facts, &verdict);
    policy_judge_state(policy, &state, &verdict);
    cr_expect_eq(verdict.failure_count, 4);
    cr_assert(policy_explain_state(policy, 0, &verdict, &state, &why));
    cr_expect_eq(strlen(why.found), sizeof(why.found) - 1);
    cr_assert(policy_explain_state(policy, 3, &verdict, &state, &why));
    cr_expect_str_eq(why.found, "");
    cr_expect_str_eq(why.fact, "job.approval_ref");
    policy_key_free(bound);
    policy_free(policy);
}
