#include "gateway/policy/load.h"

/* How much the tests of a file ask for, in comparisons: what a file may take of the
 * thread that loads it is bounded by what it says, not by a clock. */

enum { COPY_WORK = 8, PATTERN_SHARE = 4096 };

/* glibc makes the states that a text leads to as it goes: each of them may be as large as
 * the pattern is heavy, and takes as long to make. */
static uint64_t pattern_work(const struct condition *condition,
                             const struct fact_value *value)
{
    uint64_t len =
        value->text.len < CONDITION_INPUT_MAX ? value->text.len : CONDITION_INPUT_MAX;
    uint64_t weight = condition->weight;

    return condition->runs != NULL ? len : len * (1 + weight * weight / PATTERN_SHARE);
}

static uint64_t demands_work(const struct policy *policy, struct demands demands,
                             const struct facts *facts)
{
    uint64_t work = demands.count;

    for (uint32_t i = 0; i < demands.count; i++) {
        const struct condition *condition = &policy->conditions[demands.first + i];
        const struct fact_value *value = &facts->value[condition->fact];
        if (condition->op == OPERATOR_MATCHES) {
            work += pattern_work(condition, value);
        } else {
            work += condition->count *
                    (condition->op == OPERATOR_SUBSET ? value->set_count : 1);
        }
    }
    return work;
}

/* Exceptions are looked through for each rule that has one. */
static uint64_t relief_work(const struct policy *policy, const struct rule *rule,
                            const struct facts *facts)
{
    uint64_t work = policy->exception_count;

    for (size_t i = 0; i < policy->exception_count; i++) {
        if (&policy->rules[policy->exceptions[i].rule] == rule) {
            work += demands_work(policy, policy->exceptions[i].match, facts);
        }
    }
    return work;
}

uint64_t load_rule_work(const struct policy *policy, const struct rule *rule,
                        const struct facts *facts)
{
    return 1 + demands_work(policy, rule->when, facts) +
           demands_work(policy, rule->require, facts) +
           (rule->excepted ? relief_work(policy, rule, facts) : 0);
}

uint64_t load_facts_work(const struct policy *policy, const struct facts *facts)
{
    uint64_t work = 0;

    for (size_t i = 0; i < FACT_COUNT; i++) {
        work += COPY_WORK * facts->value[i].set_count;
    }
    for (size_t i = 0; i < policy->rule_count; i++) {
        work += load_rule_work(policy, &policy->rules[i], facts);
    }
    return work;
}
