#include <string.h>

#include "gateway/policy/compiled.h"
#include "gateway/policy/review.h"
#include "gateway/policy/unknown.h"

/* Which facts decisions by a policy may depend on. */

static void note_demands(const struct policy *policy, struct demands demands,
                         bool reads[FACT_COUNT])
{
    for (uint32_t i = 0; i < demands.count; i++) {
        const struct condition *condition = &policy->conditions[demands.first + i];
        enum fact facts[] = {condition->fact, condition->low.fact, condition->high.fact};
        for (size_t f = 0; f < SG_COUNT(facts); f++) {
            if (facts[f] != FACT_COUNT) {
                reads[facts[f]] = true;
            }
        }
    }
}

void policy_reads(const struct policy *policy, bool reads[FACT_COUNT])
{
    for (size_t i = 0; i < policy->rule_count; i++) {
        const struct rule *rule = &policy->rules[i];
        if (rule->info.mode == RULE_ENFORCE || rule->info.mode == RULE_SHADOW) {
            note_demands(policy, rule->when, reads);
            note_demands(policy, rule->require, reads);
        }
    }
    for (size_t i = 0; i < policy->exception_count; i++) {
        note_demands(policy, policy->exceptions[i].match, reads);
        reads[FACT_ID_clock_now] = true; /* they end */
    }
}

bool policy_rule_asks(const struct policy *policy, size_t rule, enum fact fact)
{
    bool reads[FACT_COUNT] = {false};

    note_demands(policy, policy->rules[rule].require, reads);
    return reads[fact];
}

void policy_rule_facts(const struct policy *policy, size_t rule, bool facts[FACT_COUNT])
{
    memset(facts, 0, FACT_COUNT * sizeof(*facts));
    note_demands(policy, policy->rules[rule].when, facts);
    note_demands(policy, policy->rules[rule].require, facts);
}

bool policy_is_field(enum fact fact)
{
    static const bool fields[FACT_COUNT] = {
#define FIELD(fact, member)   [FACT_ID_##fact] = true,
#define FIELD_OF_DIGEST(fact) [FACT_ID_##fact] = true,
#include "gateway/policy/fields.def"
#undef FIELD
#undef FIELD_OF_DIGEST
    };

    return fields[fact];
}

static void list_phase(const bool reads[FACT_COUNT], enum fact_phase phase,
                       struct fact_list *out)
{
    bool wanted[FACT_COUNT] = {false};

    for (size_t i = 0; i < FACT_COUNT; i++) {
        wanted[i] = reads[i] && fact_phase((enum fact)i) == phase &&
                    !policy_is_field((enum fact)i);
    }
    fact_list_make(wanted, out);
}

void policy_note_reads(struct policy *policy)
{
    bool reads[FACT_COUNT] = {false};

    policy_reads(policy, reads);
    reads[FACT_ID_clock_now] = true;
    reads[FACT_ID_job_notice] = true; /* the yearly report counts it, asked for or not */
    list_phase(reads, FACT_PHASE_JOB, &policy->recorded[0]);
    list_phase(reads, FACT_PHASE_STATE, &policy->recorded[1]);
}

const struct fact_list *policy_recorded(const struct policy *policy,
                                        enum fact_phase phase)
{
    MUST(phase == FACT_PHASE_JOB || phase == FACT_PHASE_STATE);
    return &policy->recorded[phase == FACT_PHASE_JOB ? 0 : 1];
}

bool policy_reads_fact(const struct policy *policy, enum fact fact)
{
    const struct fact_list *list = policy_recorded(policy, fact_phase(fact));

    for (size_t i = 0; i < list->count; i++) {
        if (list->facts[i] == fact) {
            return true;
        }
    }
    return false;
}
