#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "tests/unit/policy/support/parse.h"

/* A soft rule that officers lift: what becomes of a verdict. */
enum { PASSES, SOFT, HARD, OF_KEY, OF_STATE, SHADOWED, ADVISED };

static const char rules[] =
    "rules:\n"
    "  - {id: P, cp: \"1\", level: hard, require: {job.class: {exists: true}}, deny: "
    "NO}\n"
    "  - {id: S, cp: \"1\", level: soft, require: {job.notice: true}, deny: NO}\n"
    "  - {id: H, cp: \"1\", level: hard, require: {job.meta_pii: false}, deny: NO}\n"
    "  - {id: K, cp: \"1\", level: soft, require: {key.local: true}, deny: NO}\n"
    "  - {id: T, cp: \"1\", level: soft, require: {counter.key_day: {le: 2}}, deny: NO}\n"
    "  - {id: W, cp: \"1\", level: soft, mode: shadow, require: {job.notice: true}, "
    "deny: NO}\n"
    "  - {id: A, cp: \"1\", level: advisory, require: {job.notice: true}, deny: NO}\n";

/* One job, judged in two steps. */
struct judging {
    struct policy *policy;
    struct policy_key *bound;
    struct facts facts; /* of key and job */
    struct facts state;
    struct verdict verdict;
};
static struct judging it;

static void set_up(void)
{
    struct facts key = {0};

    it = (struct judging){.policy = lawful(rules)};
    facts_bool(&key, FACT_ID_key_local, true);
    cr_assert_eq(policy_bind(it.policy, &key, &it.bound), SG_OK);
    it.facts = *policy_key_facts(it.bound);
    facts_text(&it.facts, FACT_ID_job_class, slice_str("seal"));
    facts_bool(&it.facts, FACT_ID_job_notice, true);
    facts_bool(&it.facts, FACT_ID_job_meta_pii, false);
    facts_number(&it.state, FACT_ID_counter_key_day, 1);
}

static void tear_down(void)
{
    policy_key_free(it.bound);
    policy_free(it.policy);
}

TestSuite(relief, .init = set_up, .fini = tear_down);

static void judge_early(void)
{
    policy_judge_early(it.policy, it.bound, &it.facts, &it.verdict);
}

static enum relief relieve(size_t rule)
{
    return policy_relieve(it.policy, it.bound, rule, &it.facts, &it.verdict);
}

static bool allowed(void)
{
    policy_judge_state(it.policy, &it.state, &it.verdict);
    return it.verdict.allow;
}

Test(relief, a_soft_failure_becomes_a_skip)
{
    facts_bool(&it.facts, FACT_ID_job_notice, false);
    judge_early();
    uint16_t skipped = it.verdict.skipped;
    cr_expect_not(it.verdict.allow);
    cr_expect_eq(relieve(SOFT), RELIEF_GIVEN);
    cr_expect(it.verdict.allow, "not denied so far");
    cr_expect_eq(it.verdict.skipped, skipped + 1);
    cr_expect(allowed());
    cr_expect(allowed(), "the second step may be made again");
    cr_expect_eq(relieve(SOFT), RELIEF_NONE, "once");
}

Test(relief, what_does_not_fail_is_not_lifted)
{
    judge_early();
    cr_expect_eq(relieve(SOFT), RELIEF_NONE);
    cr_expect_eq(relieve(OF_KEY), RELIEF_NONE);
    cr_expect(allowed());
}

Test(relief, a_hard_rule_is_never_lifted)
{
    facts_bool(&it.facts, FACT_ID_job_meta_pii, true);
    judge_early();
    cr_expect_eq(relieve(HARD), RELIEF_NONE);
    cr_expect_not(allowed());
}

Test(relief, nor_what_refuses_nothing)
{
    facts_bool(&it.facts, FACT_ID_job_notice, false);
    judge_early();
    cr_expect_eq(relieve(SHADOWED), RELIEF_NONE);
    cr_expect_eq(relieve(ADVISED), RELIEF_NONE);
    cr_expect_not(allowed());
}

Test(relief, an_error_is_not_lifted)
{
    it.facts.value[FACT_ID_job_notice].present = false;
    judge_early();
    cr_expect_eq(relieve(SOFT), RELIEF_NONE);
    cr_expect_not(allowed());
    it.state.value[FACT_ID_counter_key_day].present = false;
    facts_bool(&it.facts, FACT_ID_job_notice, true);
    judge_early();
    cr_expect_eq(relieve(OF_STATE), RELIEF_OPEN);
    cr_expect_not(allowed());
}

Test(relief, a_rule_over_the_key_alone_is_lifted_from_one_job)
{
    struct facts key = {0};

    policy_key_free(it.bound);
    facts_bool(&key, FACT_ID_key_local, false);
    cr_assert_eq(policy_bind(it.policy, &key, &it.bound), SG_OK);
    facts_bool(&it.facts, FACT_ID_key_local, false);
    judge_early();
    cr_expect_eq(relieve(OF_KEY), RELIEF_GIVEN);
    cr_expect(allowed());
    judge_early();
    cr_expect_not(allowed(), "the next one is denied");
}

Test(relief, a_rule_over_state_is_lifted_if_it_fails)
{
    judge_early();
    cr_expect_eq(relieve(OF_STATE), RELIEF_OPEN);
    cr_expect(allowed());
    cr_expect_not(policy_relieved(it.policy, OF_STATE, &it.verdict, &it.state));
    facts_number(&it.state, FACT_ID_counter_key_day, 3);
    cr_expect(allowed());
    cr_expect(policy_relieved(it.policy, OF_STATE, &it.verdict, &it.state));
    judge_early();
    cr_expect_not(allowed(), "without it");
}

Test(relief, one_of_two_failures_is_not_enough)
{
    facts_bool(&it.facts, FACT_ID_job_notice, false);
    facts_bool(&it.facts, FACT_ID_job_meta_pii, true);
    judge_early();
    cr_expect_eq(relieve(SOFT), RELIEF_GIVEN);
    cr_expect_not(it.verdict.allow);
    cr_expect_eq(it.verdict.failure_count, 1);
    cr_expect_eq(it.verdict.failures[0], HARD);
    cr_expect_not(allowed());
    cr_expect_eq(it.verdict.failures[0], HARD);
}

Test(relief, one_judgement_by_all_facts_says_the_same)
{
    struct facts all = it.facts;

    facts_bool(&all, FACT_ID_job_notice, false);
    facts_number(&all, FACT_ID_counter_key_day, 3);
    policy_judge(it.policy, it.bound, &all, &it.verdict);
    cr_expect_eq(it.verdict.failure_count, 2);
    cr_expect_eq(policy_relieve(it.policy, it.bound, SOFT, &all, &it.verdict),
                 RELIEF_GIVEN);
    cr_expect_not(it.verdict.allow);
    cr_expect_eq(policy_relieve(it.policy, it.bound, OF_STATE, &all, &it.verdict),
                 RELIEF_GIVEN);
    cr_expect(it.verdict.allow);
}

Test(relief, where_not_all_failures_are_listed_nothing_is_lifted)
{
    char text[4096] = "rules:\n  - {id: P, cp: \"1\", level: hard, require: {job.class: "
                      "{exists: true}}, deny: NO}\n";
    size_t len = strlen(text);

    tear_down();
    for (int i = 0; i <= VERDICT_FAILURES; i++) {
        len += (size_t)snprintf(text + len, sizeof(text) - len,
                                "  - {id: S%d, cp: \"1\", level: soft, require: "
                                "{job.notice: true}, deny: NO}\n",
                                i);
    }
    it.policy = lawful(text);
    cr_assert_eq(policy_bind(it.policy, &(struct facts){0}, &it.bound), SG_OK);
    facts_bool(&it.facts, FACT_ID_job_notice, false);
    judge_early();
    cr_expect_eq(it.verdict.failure_count, VERDICT_FAILURES + 1);
    for (size_t rule = 1; rule <= VERDICT_FAILURES; rule++) {
        cr_expect_eq(relieve(rule), RELIEF_NONE);
    }
    cr_expect_not(allowed());
}
