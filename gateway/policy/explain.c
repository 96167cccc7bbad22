#include "gateway/policy/compiled.h"

/* In the order in which they weigh: see rule_raw. */
static const struct condition *
deciding(const struct policy *policy, const struct rule *rule, const struct facts *facts)
{
    struct demands demands = rule->when;
    struct found_outcome found = demands_judge(policy, demands, facts, PART_ALL);

    if (found.outcome == OUTCOME_MET) {
        demands = rule->require;
        found = demands_judge(policy, demands, facts, PART_ALL);
    }
    return found.outcome == OUTCOME_MET
               ? NULL
               : &policy->conditions[demands.first + found.decider];
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
    if (!rule_judged(policy, judged)) {
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
