#include "gateway/policy/general.h"

#include "gateway/policy/compiled.h"

/* Whether a rule denies every job, whatever a job says. */

/* Facts that are the same for all jobs of a moment. The calendar is left out, though it
 * is such a fact: a policy that rests at night is no fault of the gateway. */
static const bool general[FACT_COUNT] = {
    [FACT_ID_clock_now] = true,        [FACT_ID_clock_offset_ms] = true,
    [FACT_ID_clock_sync_age_s] = true, [FACT_ID_clock_stepped] = true,
    [FACT_ID_log_durable] = true,      [FACT_ID_log_writable] = true,
    [FACT_ID_log_free_bytes] = true,   [FACT_ID_log_anchor_age_s] = true,
    [FACT_ID_global_lockdown] = true,  [FACT_ID_policy_review_by] = true,
    [FACT_ID_policy_effective] = true, [FACT_ID_policy_profile] = true,
    [FACT_ID_agreement_from] = true,   [FACT_ID_agreement_until] = true,
};

/* The demands as far as they read such facts only: the worst outcome, and of what. */
struct part {
    enum outcome outcome;
    const struct condition *decider; /* NULL: OUTCOME_MET */
    bool whole;                      /* there are no others */
};

static bool is_general(enum fact fact)
{
    return fact == FACT_COUNT || general[fact];
}

static struct part judge_part(const struct policy *policy, struct demands demands,
                              const struct facts *facts)
{
    struct part part = {.outcome = OUTCOME_MET, .whole = true};

    for (uint32_t i = 0; i < demands.count; i++) {
        const struct condition *condition = &policy->conditions[demands.first + i];
        if (!is_general(condition->fact) || !is_general(condition->low.fact) ||
            !is_general(condition->high.fact)) {
            part.whole = false;
            continue;
        }
        enum outcome outcome = condition_judge(condition, facts);
        if (outcome > part.outcome) {
            part.outcome = outcome;
            part.decider = condition;
        }
    }
    return part;
}

/* Some job may be let through by an exception of the file. */
static bool may_be_excepted(const struct policy *policy, const struct rule *rule,
                            int64_t now_us)
{
    for (size_t i = 0; rule->excepted && i < policy->exception_count; i++) {
        const struct exception *exception = &policy->exceptions[i];
        if (&policy->rules[exception->rule] == rule && now_us < exception->until_us) {
            return true;
        }
    }
    return false;
}

/* The condition by which it denies every job; NULL: it does not. An error denies whatever
 * else a rule asks; a demand that is unmet only where the rule applies to all jobs. */
static const struct condition *decider_for_all(const struct policy *policy,
                                               const struct rule *rule,
                                               const struct facts *facts)
{
    if (rule->info.mode != RULE_ENFORCE || rule->info.level == RULE_ADVISORY) {
        return NULL;
    }
    struct part when = judge_part(policy, rule->when, facts);
    if (when.outcome != OUTCOME_MET || !when.whole) {
        return when.outcome == OUTCOME_ERROR ? when.decider : NULL;
    }
    struct part require = judge_part(policy, rule->require, facts);
    bool relief = require.outcome == OUTCOME_UNMET &&
                  may_be_excepted(policy, rule, facts->value[FACT_ID_clock_now].number);
    return relief ? NULL : require.decider;
}

size_t policy_denies_all(const struct policy *policy, const struct facts *now,
                         struct rule_why *out)
{
    struct facts facts = *now;
    struct line found;
    struct line required;

    policy_add_own_facts(policy, &facts);
    for (size_t i = 0; i < policy->rule_count; i++) {
        const struct condition *decider =
            decider_for_all(policy, &policy->rules[i], &facts);
        if (decider != NULL) {
            line_init(&found, out->found, sizeof(out->found));
            line_init(&required, out->required, sizeof(out->required));
            out->fact = fact_name(decider->fact);
            out->raw = RULE_FAIL;
            out->result = RULE_FAIL;
            fact_print(decider->fact, &facts.value[decider->fact], &found);
            condition_print(decider, &required);
            return i;
        }
    }
    return policy->rule_count;
}
