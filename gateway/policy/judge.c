#include "gateway/policy/compiled.h"

#include <string.h>

static bool belongs(const struct condition *condition, enum demands_part part)
{
    return part == PART_ALL || condition->of_state == (part == PART_STATE);
}

/* Errors first: what cannot be judged must not hide behind a demand that is merely unmet,
 * or a rule would be skipped for want of a fact. */
struct found_outcome demands_judge(const struct policy *policy, struct demands demands,
                                   const struct facts *facts, enum demands_part part)
{
    struct found_outcome worst = {OUTCOME_MET, UINT32_MAX};

    for (uint32_t i = 0; i < demands.count; i++) {
        const struct condition *condition = &policy->conditions[demands.first + i];
        enum outcome outcome =
            belongs(condition, part) ? condition_judge(condition, facts) : OUTCOME_MET;
        if (outcome > worst.outcome) {
            worst = (struct found_outcome){outcome, i};
        }
        if (outcome == OUTCOME_ERROR) {
            break;
        }
    }
    return worst;
}

bool rule_judged(const struct policy *policy, const struct rule *rule)
{
    return rule->info.mode != RULE_OFF &&
           (rule->info.mode != RULE_PENDING || policy->rehearsing);
}

enum rule_result rule_raw(const struct policy *policy, const struct rule *rule,
                          const struct facts *facts)
{
    static const enum rule_result results[] = {[OUTCOME_MET] = RULE_PASS,
                                               [OUTCOME_UNMET] = RULE_FAIL,
                                               [OUTCOME_ERROR] = RULE_ERROR};

    if (!rule_judged(policy, rule)) {
        return RULE_SKIP;
    }
    enum outcome applies = demands_judge(policy, rule->when, facts, PART_ALL).outcome;
    if (applies != OUTCOME_MET) {
        return applies == OUTCOME_ERROR ? RULE_ERROR : RULE_SKIP;
    }
    return results[demands_judge(policy, rule->require, facts, PART_ALL).outcome];
}

/* An exception that cannot be judged gives no relief. */
bool rule_has_relief(const struct policy *policy, const struct rule *rule,
                     const struct facts *facts)
{
    const struct fact_value *now = &facts->value[FACT_ID_clock_now];

    for (size_t i = 0; i < policy->exception_count; i++) {
        const struct exception *exception = &policy->exceptions[i];
        if (&policy->rules[exception->rule] == rule && now->present &&
            now->number < exception->until_us &&
            demands_judge(policy, exception->match, facts, PART_ALL).outcome ==
                OUTCOME_MET) {
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

enum rule_result rule_effective_with(const struct rule *rule, enum rule_result raw,
                                     bool relief)
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
    return relief ? RULE_SKIP : RULE_FAIL;
}

static bool relieved(const struct policy *policy, const struct rule *rule,
                     enum rule_result raw, const struct facts *facts)
{
    return raw == RULE_FAIL && rule->excepted && rule_has_relief(policy, rule, facts);
}

enum rule_result rule_effective(const struct policy *policy, const struct rule *rule,
                                enum rule_result raw, const struct facts *facts)
{
    return rule_effective_with(rule, raw, relieved(policy, rule, raw, facts));
}

bool rule_denies(const struct rule *rule, enum rule_result result)
{
    return rule->info.level != RULE_ADVISORY &&
           (result == RULE_FAIL || result == RULE_ERROR);
}

/* Into a list in file order that keeps its first entries. */
static void list_rule(uint16_t *list, size_t cap, uint16_t *count, size_t rule)
{
    size_t listed = *count < cap ? *count : cap;
    size_t at = listed;

    while (at > 0 && list[at - 1] > rule) {
        at--;
    }
    if (at < cap) {
        size_t behind = (listed < cap ? listed : cap - 1) - at;
        memmove(&list[at + 1], &list[at], behind * sizeof(*list));
        list[at] = (uint16_t)rule;
    }
    (*count)++;
}

/* An advisory rule that errs is a warning: only its author erred. */
void verdict_note(const struct policy *policy, size_t index, enum rule_result raw,
                  bool relief, struct verdict *verdict)
{
    enum rule_result result = rule_effective_with(&policy->rules[index], raw, relief);

    if (rule_denies(&policy->rules[index], result)) {
        list_rule(verdict->failures, VERDICT_FAILURES, &verdict->failure_count, index);
    } else if (result == RULE_SHADOW_FAIL || result == RULE_SHADOW_ERROR) {
        rule_set_add(&verdict->remarks[REMARK_SHADOW], index);
    } else if (result == RULE_WARN || result == RULE_ERROR) {
        rule_set_add(&verdict->remarks[REMARK_WARN], index);
    } else if (result == RULE_SKIP) {
        verdict->skipped++;
        if (raw == RULE_FAIL) {
            rule_set_add(&verdict->remarks[REMARK_EXCEPTED], index);
        }
    } else if (result == RULE_PASS) {
        verdict->passed++;
    }
}

/* Of an enforced rule that is judged with the job. */
static void judge_rule(const struct policy_key *bound, size_t index,
                       const struct facts *facts, struct verdict *verdict)
{
    const struct policy *policy = bound->policy;
    const struct rule *rule = &policy->rules[index];
    enum rule_result raw = rule->key_only ? (enum rule_result)bound->raw[index]
                                          : rule_raw(policy, rule, facts);

    verdict_note(policy, index, raw, relieved(policy, rule, raw, facts), verdict);
}

void policy_judge(const struct policy *policy, const struct policy_key *bound,
                  const struct facts *facts, struct verdict *out)
{
    /* Results of another policy's rules would be read as this one's. */
    MUST(bound->policy == policy);
    memset(out, 0, offsetof(struct verdict, open));
    for (size_t i = 0; i < policy->rule_count; i++) {
        judge_rule(bound, i, facts, out);
    }
    /* Default deny: nothing enforced that passed means that nothing was asked. */
    out->allow = out->failure_count == 0 && out->passed > 0;
}

void policy_judge_early(const struct policy *policy, const struct policy_key *bound,
                        const struct facts *facts, struct verdict *out)
{
    MUST(bound->policy == policy);
    memset(out, 0, offsetof(struct verdict, open));
    for (size_t i = 0; i < policy->rule_count; i++) {
        const struct rule *rule = &policy->rules[i];
        if (rule->of_state && rule_judged(policy, rule)) {
            verdict_leave_open(policy, i, facts, out);
        } else {
            judge_rule(bound, i, facts, out);
        }
    }
    verdict_keep_early(out);
    out->allow = out->failure_count == 0 && out->passed + out->open_count > 0;
}

/* --- Relief that is not of the file ------------------------------------------------ */

static bool take_out(struct verdict *verdict, size_t rule)
{
    size_t count = verdict->failure_count;

    if (count > VERDICT_FAILURES) { /* not all are listed: something denies in any case */
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (verdict->failures[i] == rule) {
            memmove(&verdict->failures[i], &verdict->failures[i + 1],
                    (count - 1 - i) * sizeof(*verdict->failures));
            verdict->failure_count--;
            return true;
        }
    }
    return false;
}

static enum relief relieve_open(size_t rule, struct verdict *verdict)
{
    for (size_t i = 0; i < verdict->open_count; i++) {
        struct verdict_open *open = &verdict->open[i];
        if (open->rule == rule && !open->relief && !open->lifted) {
            open->lifted = true;
            return RELIEF_OPEN;
        }
    }
    return RELIEF_NONE;
}

enum relief policy_relieve(const struct policy *policy, const struct policy_key *bound,
                           size_t index, const struct facts *facts,
                           struct verdict *verdict)
{
    const struct rule *rule = &policy->rules[index];

    MUST(bound->policy == policy);
    if (rule->info.level != RULE_SOFT || rule->info.mode != RULE_ENFORCE) {
        return RELIEF_NONE;
    }
    if (rule->of_state && verdict->open_count > 0) {
        return relieve_open(index, verdict);
    }
    enum rule_result raw = rule->key_only ? (enum rule_result)bound->raw[index]
                                          : rule_raw(policy, rule, facts);
    if (raw != RULE_FAIL || !take_out(verdict, index)) {
        return RELIEF_NONE;
    }
    verdict->skipped++;
    verdict->allow =
        verdict->failure_count == 0 && verdict->passed + verdict->open_count > 0;
    verdict_keep_early(verdict);
    return RELIEF_GIVEN;
}

bool policy_relieved(const struct policy *policy, size_t rule,
                     const struct verdict *verdict, const struct facts *state)
{
    struct rule_why why;

    return policy_explain_state(policy, rule, verdict, state, &why) &&
           why.raw == RULE_FAIL && why.result == RULE_SKIP;
}
