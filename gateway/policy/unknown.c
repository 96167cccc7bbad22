#include "gateway/policy/unknown.h"

#include "gateway/policy/compiled.h"

/* A set of outcomes or results: bit i stands for the value i. */
#define BIT(value) (1U << (unsigned)(value))

enum {
    ANY_OUTCOME = BIT(OUTCOME_MET) | BIT(OUTCOME_UNMET) | BIT(OUTCOME_ERROR),
    EITHER_WAY = BIT(OUTCOME_MET) | BIT(OUTCOME_UNMET)
};

/* The facts of one condition; FACT_COUNT for none. */
enum { CONDITION_FACTS = 3 };
static void facts_of(const struct condition *condition, enum fact out[CONDITION_FACTS])
{
    out[0] = condition->fact;
    out[1] = condition->low.fact;
    out[2] = condition->high.fact;
}

/* --- Sets of outcomes ---------------------------------------------------------- */

/* The unknown fact that leaves the condition open; FACT_COUNT when it is settled. */
static enum fact open_fact(const struct condition *condition, const struct facts *facts,
                           const struct unknown *unknown)
{
    enum fact read[CONDITION_FACTS];

    facts_of(condition, read);
    if (!unknown->fact[condition->fact] && !facts->value[condition->fact].present) {
        return FACT_COUNT; /* absent for certain, whatever it is compared with */
    }
    for (size_t i = 0; i < CONDITION_FACTS; i++) {
        if (read[i] != FACT_COUNT && unknown->fact[read[i]]) {
            return read[i];
        }
    }
    return FACT_COUNT;
}

static unsigned condition_may(const struct condition *condition,
                              const struct facts *facts, const struct unknown *unknown)
{
    if (open_fact(condition, facts, unknown) == FACT_COUNT) {
        return BIT(condition_judge(condition, facts));
    }
    return condition->op == OPERATOR_EXISTS ? EITHER_WAY : ANY_OUTCOME;
}

/* Demands weigh as in judge.c: an error before what is unmet, that before what is met. */
static unsigned demands_may(const struct policy *policy, struct demands demands,
                            const struct facts *facts, const struct unknown *unknown)
{
    unsigned some = 0;
    bool all_met = true;
    bool none_errs = true;

    for (uint32_t i = 0; i < demands.count; i++) {
        unsigned may =
            condition_may(&policy->conditions[demands.first + i], facts, unknown);
        some |= may;
        all_met = all_met && (may & BIT(OUTCOME_MET)) != 0;
        none_errs = none_errs && may != BIT(OUTCOME_ERROR);
    }
    return (some & BIT(OUTCOME_ERROR)) | (none_errs ? some & BIT(OUTCOME_UNMET) : 0) |
           (all_met ? BIT(OUTCOME_MET) : 0);
}

/* --- Sets of results ----------------------------------------------------------- */

static unsigned raw_may(const struct policy *policy, const struct rule *rule,
                        const struct facts *facts, const struct unknown *unknown)
{
    if (rule->info.mode == RULE_OFF || rule->info.mode == RULE_PENDING) {
        return BIT(RULE_SKIP);
    }
    unsigned when = demands_may(policy, rule->when, facts, unknown);
    unsigned may = (when & BIT(OUTCOME_ERROR)) != 0 ? BIT(RULE_ERROR) : 0;
    if ((when & BIT(OUTCOME_UNMET)) != 0) {
        may |= BIT(RULE_SKIP);
    }
    if ((when & BIT(OUTCOME_MET)) != 0) {
        unsigned require = demands_may(policy, rule->require, facts, unknown);
        may |= (require & BIT(OUTCOME_MET)) != 0 ? BIT(RULE_PASS) : 0;
        may |= (require & BIT(OUTCOME_UNMET)) != 0 ? BIT(RULE_FAIL) : 0;
        may |= (require & BIT(OUTCOME_ERROR)) != 0 ? BIT(RULE_ERROR) : 0;
    }
    return may;
}

static bool is_one(unsigned may)
{
    return (may & (may - 1)) == 0;
}

static bool is_over(const struct exception *exception, const struct fact_value *now)
{
    return now->present && now->number >= exception->until_us;
}

/* Whether an exception from the rule is open, so that it may or may not give relief. */
static bool relief_open(const struct policy *policy, const struct rule *rule,
                        const struct facts *facts, const struct unknown *unknown)
{
    for (size_t i = 0; i < policy->exception_count; i++) {
        const struct exception *exception = &policy->exceptions[i];
        unsigned may = demands_may(policy, exception->match, facts, unknown);
        if (&policy->rules[exception->rule] == rule &&
            !is_over(exception, &facts->value[FACT_ID_clock_now]) &&
            (unknown->fact[FACT_ID_clock_now] || !is_one(may))) {
            return true;
        }
    }
    return false;
}

/* As policy_relieve has it. */
static bool is_lifted(const struct policy *policy, const struct rule *rule,
                      const struct unknown *unknown)
{
    bool can_be = rule->info.level == RULE_SOFT && rule->info.mode == RULE_ENFORCE;

    for (size_t i = 0; can_be && i < unknown->lifted_count; i++) {
        if (&policy->rules[unknown->lifted[i]] == rule) {
            return true;
        }
    }
    return false;
}

/* As far as the file says. */
static unsigned ruled_may(const struct policy *policy, const struct rule *rule,
                          const struct facts *facts, const struct unknown *unknown)
{
    unsigned raw = raw_may(policy, rule, facts, unknown);
    unsigned may = 0;

    for (int result = RULE_PASS; result <= RULE_SKIP; result++) {
        if ((raw & BIT(result)) != 0) {
            may |= BIT(rule_effective(policy, rule, (enum rule_result)result, facts));
        }
    }
    /* Judged by what is known alone, the exception may seem to give relief or not. */
    bool counts = (raw & BIT(RULE_FAIL)) != 0 && rule->info.mode == RULE_ENFORCE;
    bool relief = counts && rule->excepted && relief_open(policy, rule, facts, unknown);
    return relief ? may | BIT(RULE_FAIL) | BIT(RULE_SKIP) : may;
}

static unsigned effective_may(const struct policy *policy, const struct rule *rule,
                              const struct facts *facts, const struct unknown *unknown)
{
    unsigned may = ruled_may(policy, rule, facts, unknown);

    if ((may & BIT(RULE_FAIL)) != 0 && is_lifted(policy, rule, unknown)) {
        may = (may & ~BIT(RULE_FAIL)) | BIT(RULE_SKIP);
    }
    return may;
}

bool policy_rule_open(const struct policy *policy, size_t rule, const struct facts *facts,
                      const struct unknown *unknown)
{
    MUST(rule < policy->rule_count);
    return !is_one(effective_may(policy, &policy->rules[rule], facts, unknown));
}

/* --- The verdict --------------------------------------------------------------- */

static enum fact wanted_in(const struct policy *policy, struct demands demands,
                           const struct facts *facts, const struct unknown *unknown)
{
    enum fact wanted = FACT_COUNT;

    for (uint32_t i = 0; wanted == FACT_COUNT && i < demands.count; i++) {
        wanted = open_fact(&policy->conditions[demands.first + i], facts, unknown);
    }
    return wanted;
}

/* Demands before exceptions; FACT_COUNT is left for an exception alone. */
static enum fact wanted_by(const struct policy *policy, const struct rule *rule,
                           const struct facts *facts, const struct unknown *unknown)
{
    enum fact wanted = wanted_in(policy, rule->when, facts, unknown);

    if (wanted == FACT_COUNT) {
        wanted = wanted_in(policy, rule->require, facts, unknown);
    }
    for (size_t i = 0; wanted == FACT_COUNT && i < policy->exception_count; i++) {
        if (&policy->rules[policy->exceptions[i].rule] == rule) {
            wanted = wanted_in(policy, policy->exceptions[i].match, facts, unknown);
        }
    }
    return wanted;
}

struct weighing {
    struct unknown_verdict verdict;
    bool certain_denial;
    bool possible_denial;
    bool possible_pass;
};

static unsigned denying(const struct rule *rule)
{
    return rule_denies(rule, RULE_FAIL) ? BIT(RULE_FAIL) | BIT(RULE_ERROR) : 0;
}

/* Whether an exception lifts it for certain: the file's way comes before an override. */
static bool is_excepted(const struct policy *policy, const struct rule *rule,
                        const struct facts *facts, const struct unknown *unknown)
{
    return rule->excepted && raw_may(policy, rule, facts, unknown) == BIT(RULE_FAIL) &&
           ruled_may(policy, rule, facts, unknown) == BIT(RULE_SKIP);
}

static void weigh(struct weighing *all, const struct policy *policy, size_t index,
                  unsigned may)
{
    const struct rule *rule = &policy->rules[index];
    struct verdict *certain = &all->verdict.certain;
    unsigned denies = may & denying(rule);

    all->possible_denial = all->possible_denial || denies != 0;
    all->possible_pass = all->possible_pass || (may & BIT(RULE_PASS)) != 0;
    if (may == BIT(RULE_PASS)) {
        certain->passed++;
    } else if (denies == may) { /* in one way or another */
        all->certain_denial = true;
        if (certain->failure_count < VERDICT_FAILURES) {
            certain->failures[certain->failure_count] = (uint16_t)index;
        }
        certain->failure_count++;
    } else if (may == BIT(RULE_SHADOW_FAIL) || may == BIT(RULE_SHADOW_ERROR)) {
        rule_set_add(&certain->remarks[REMARK_SHADOW], index);
    } else if (may == BIT(RULE_WARN) || may == BIT(RULE_ERROR)) { /* of an advisory one */
        rule_set_add(&certain->remarks[REMARK_WARN], index);
    }
}

void policy_judge_unknown(const struct policy *policy, const struct policy_key *bound,
                          const struct facts *facts, const struct unknown *unknown,
                          struct unknown_verdict *out)
{
    struct weighing all = {.verdict = {.wanted = FACT_COUNT}};

    MUST(bound->policy == policy);
    for (size_t i = 0; i < policy->rule_count; i++) {
        const struct rule *rule = &policy->rules[i];
        unsigned may = effective_may(policy, rule, facts, unknown);
        weigh(&all, policy, i, may);
        if (is_excepted(policy, rule, facts, unknown)) {
            rule_set_add(&all.verdict.certain.remarks[REMARK_EXCEPTED], i);
        }
        if (!is_one(may)) {
            all.verdict.open++;
            if (all.verdict.wanted == FACT_COUNT && rule->info.mode == RULE_ENFORCE) {
                all.verdict.wanted = wanted_by(policy, rule, facts, unknown);
            }
        }
    }
    *out = all.verdict;
    out->may_deny = all.possible_denial || out->certain.passed == 0;
    out->may_allow = !all.certain_denial && all.possible_pass;
    out->certain.allow = out->may_allow && !out->may_deny;
}
