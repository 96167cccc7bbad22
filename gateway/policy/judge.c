#include "gateway/policy/compiled.h"

/* All demands of a run, errors first: what cannot be judged must not hide behind a
 * demand that is merely unmet, or a rule would be skipped for want of a fact. */
static enum outcome judge_all(const struct policy *policy, struct demands demands,
                              const struct facts *facts)
{
    enum outcome worst = OUTCOME_MET;

    for (uint32_t i = 0; i < demands.count; i++) {
        enum outcome outcome =
            condition_judge(&policy->conditions[demands.first + i], facts);
        if (outcome == OUTCOME_ERROR) {
            return OUTCOME_ERROR;
        }
        if (outcome == OUTCOME_UNMET) {
            worst = OUTCOME_UNMET;
        }
    }
    return worst;
}

enum rule_result rule_raw(const struct policy *policy, const struct rule *rule,
                          const struct facts *facts)
{
    static const enum rule_result results[] = {[OUTCOME_MET] = RULE_PASS,
                                               [OUTCOME_UNMET] = RULE_FAIL,
                                               [OUTCOME_ERROR] = RULE_ERROR};

    if (rule->info.mode == RULE_OFF ||
        (rule->info.mode == RULE_PENDING && !policy->rehearsing)) {
        return RULE_SKIP;
    }
    enum outcome applies = judge_all(policy, rule->when, facts);
    if (applies != OUTCOME_MET) {
        return applies == OUTCOME_ERROR ? RULE_ERROR : RULE_SKIP;
    }
    return results[judge_all(policy, rule->require, facts)];
}

/* An exception that cannot be judged gives no relief. */
static bool has_relief(const struct policy *policy, const struct rule *rule,
                       const struct facts *facts)
{
    const struct fact_value *now = &facts->value[FACT_ID_clock_now];

    for (size_t i = 0; i < policy->exception_count; i++) {
        const struct exception *exception = &policy->exceptions[i];
        if (&policy->rules[exception->rule] == rule && now->present &&
            now->number < exception->until_us &&
            judge_all(policy, exception->match, facts) == OUTCOME_MET) {
            return true;
        }
    }
    return false;
}

static enum rule_result shadow_of(enum rule_result raw)
{
    if (raw == RULE_PASS) {
        return RULE_SHADOW_PASS;
    }
    return raw == RULE_FAIL ? RULE_SHADOW_FAIL : RULE_SHADOW_ERROR;
}

enum rule_result rule_effective(const struct policy *policy, const struct rule *rule,
                                enum rule_result raw, const struct facts *facts)
{
    if (raw == RULE_SKIP) {
        return RULE_SKIP;
    }
    if (rule->info.mode == RULE_SHADOW) {
        return shadow_of(raw);
    }
    if (raw != RULE_FAIL) {
        return raw;
    }
    if (rule->info.level == RULE_ADVISORY) {
        return RULE_WARN;
    }
    return rule->excepted && has_relief(policy, rule, facts) ? RULE_SKIP : RULE_FAIL;
}

bool rule_denies(const struct rule *rule, enum rule_result result)
{
    return rule->info.level != RULE_ADVISORY &&
           (result == RULE_FAIL || result == RULE_ERROR);
}

static void note_failure(struct verdict *verdict, size_t rule)
{
    if (verdict->failure_count < VERDICT_FAILURES) {
        verdict->failures[verdict->failure_count] = (uint16_t)rule;
    }
    verdict->failure_count++;
}

static void note_shadow(struct verdict *verdict, size_t rule)
{
    if (verdict->shadow_count < VERDICT_SHADOWS) {
        verdict->shadows[verdict->shadow_count] = (uint16_t)rule;
    }
    verdict->shadow_count++;
}

/* Counts one result. An advisory rule that errs is a warning: only its author erred. */
static void note(const struct policy *policy, size_t index, enum rule_result result,
                 struct verdict *verdict)
{
    if (rule_denies(&policy->rules[index], result)) {
        note_failure(verdict, index);
    } else if (result == RULE_SHADOW_FAIL || result == RULE_SHADOW_ERROR) {
        note_shadow(verdict, index);
    } else if (result == RULE_WARN || result == RULE_ERROR) {
        verdict->warned++;
    } else if (result == RULE_SKIP) {
        verdict->skipped++;
    } else if (result == RULE_PASS) {
        verdict->passed++;
    }
}

void policy_judge(const struct policy *policy, const struct policy_key *bound,
                  const struct facts *facts, struct verdict *out)
{
    struct verdict verdict = {0};

    /* Results of another policy's rules would be read as this one's. */
    MUST(bound->policy == policy);
    for (size_t i = 0; i < policy->rule_count; i++) {
        const struct rule *rule = &policy->rules[i];
        enum rule_result raw = rule->key_only ? (enum rule_result)bound->raw[i]
                                              : rule_raw(policy, rule, facts);
        note(policy, i, rule_effective(policy, rule, raw, facts), &verdict);
    }
    /* Default deny: nothing enforced that passed means that nothing was asked. */
    verdict.allow = verdict.failure_count == 0 && verdict.passed > 0;
    *out = verdict;
}
