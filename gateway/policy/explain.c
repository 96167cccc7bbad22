#include "gateway/policy/compiled.h"

/* The first demand with this outcome, NULL when none has. */
static const struct condition *first_with(const struct policy *policy,
                                          struct demands demands,
                                          const struct facts *facts, enum outcome wanted)
{
    for (uint32_t i = 0; i < demands.count; i++) {
        const struct condition *condition = &policy->conditions[demands.first + i];
        if (condition_judge(condition, facts) == wanted) {
            return condition;
        }
    }
    return NULL;
}

/* In the order in which they weigh: see rule_raw. */
static const struct condition *
deciding(const struct policy *policy, const struct rule *rule, const struct facts *facts)
{
    const struct condition *found = first_with(policy, rule->when, facts, OUTCOME_ERROR);

    if (found == NULL) {
        found = first_with(policy, rule->when, facts, OUTCOME_UNMET);
    }
    if (found == NULL) {
        found = first_with(policy, rule->require, facts, OUTCOME_ERROR);
    }
    if (found == NULL) {
        found = first_with(policy, rule->require, facts, OUTCOME_UNMET);
    }
    return found;
}

void policy_explain(const struct policy *policy, size_t rule, const struct facts *facts,
                    struct rule_why *out)
{
    struct line found;
    struct line required;

    MUST(rule < policy->rule_count);
    const struct rule *judged = &policy->rules[rule];
    line_init(&found, out->found, sizeof(out->found));
    line_init(&required, out->required, sizeof(out->required));
    out->fact = "";
    out->raw = rule_raw(policy, judged, facts);
    out->result = rule_effective(policy, judged, out->raw, facts);
    if (judged->info.mode == RULE_OFF ||
        (judged->info.mode == RULE_PENDING && !policy->rehearsing)) {
        return;
    }
    const struct condition *condition = deciding(policy, judged, facts);
    if (condition == NULL) {
        return;
    }
    out->fact = fact_name(condition->fact);
    fact_print(condition->fact, &facts->value[condition->fact], &found);
    condition_print(condition, &required);
}
