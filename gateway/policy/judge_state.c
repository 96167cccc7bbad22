#include "gateway/policy/compiled.h"

/* Rules over STATE facts, in two steps that together say what one would. Conditions are
 * weighed each by itself: those of one map may be parted, if the worse outcome of the two
 * parts, and the first condition that has it, are taken in the end. */

/* --- The first step ---------------------------------------------------------------- */

/* What a denial will say if one of these conditions decides: their facts are gone then.
 */
static void keep_found(const struct condition *condition, const struct facts *facts,
                       struct verdict_open *open, struct verdict *verdict)
{
    struct line line;
    char *room = verdict->found + verdict->found_len;
    size_t cap = sizeof(verdict->found) - verdict->found_len;

    if (cap <= 1) {
        return;
    }
    line_init(&line, room, cap);
    fact_print(condition->fact, &facts->value[condition->fact], &line);
    open->found_at = verdict->found_len;
    open->found_len = (uint16_t)line.len;
    verdict->found_len = (uint16_t)(verdict->found_len + line.len);
}

void verdict_leave_open(const struct policy *policy, size_t index,
                        const struct facts *facts, struct verdict *verdict)
{
    const struct rule *rule = &policy->rules[index];

    MUST(verdict->open_count < VERDICT_OPEN); /* no other policy loads */
    struct verdict_open *open = &verdict->open[verdict->open_count++];
    struct found_outcome when = demands_judge(policy, rule->when, facts, PART_EARLY);
    struct found_outcome require =
        demands_judge(policy, rule->require, facts, PART_EARLY);
    *open = (struct verdict_open){
        .rule = (uint16_t)index,
        .when = when.outcome,
        .require = require.outcome,
        .relief = rule->excepted && rule_has_relief(policy, rule, facts),
    };
    if (when.outcome != OUTCOME_MET) {
        open->decider = (uint16_t)when.decider;
        keep_found(&policy->conditions[rule->when.first + when.decider], facts, open,
                   verdict);
    } else if (require.outcome != OUTCOME_MET) {
        open->decider = (uint16_t)require.decider;
        keep_found(&policy->conditions[rule->require.first + require.decider], facts,
                   open, verdict);
    }
}

void verdict_keep_early(struct verdict *verdict)
{
    struct verdict_early *early = &verdict->early;

    early->passed = verdict->passed;
    early->skipped = verdict->skipped;
    early->failure_count = verdict->failure_count;
    memcpy(early->failures, verdict->failures, sizeof(early->failures));
}

static void take_up_early(struct verdict *verdict)
{
    const struct verdict_early *early = &verdict->early;

    verdict->passed = early->passed;
    verdict->skipped = early->skipped;
    verdict->failure_count = early->failure_count;
    memcpy(verdict->failures, early->failures, sizeof(early->failures));
    for (size_t i = 0; i < verdict->open_count; i++) {
        for (size_t remark = 0; remark < REMARKS; remark++) {
            rule_set_drop(&verdict->remarks[remark], verdict->open[i].rule);
        }
    }
}

/* --- The second -------------------------------------------------------------------- */

/* The whole of one map, from its two parts. */
struct joined {
    enum outcome outcome;
    uint32_t decider;
    bool early; /* a condition of the first step decides */
};

static struct joined join(enum outcome early, uint32_t early_decider,
                          struct found_outcome state)
{
    bool first = early != OUTCOME_MET &&
                 (early > state.outcome ||
                  (early == state.outcome && early_decider < state.decider));

    return first ? (struct joined){early, early_decider, true}
                 : (struct joined){state.outcome, state.decider, false};
}

/* One rule, finished. */
struct finished {
    enum rule_result raw;
    const struct condition *decider; /* NULL: none */
    bool early;
};

static struct finished finished_of(const struct policy *policy, struct demands demands,
                                   struct joined joined, enum rule_result unmet)
{
    return (struct finished){
        .raw = joined.outcome == OUTCOME_ERROR ? RULE_ERROR : unmet,
        .decider = &policy->conditions[demands.first + joined.decider],
        .early = joined.early,
    };
}

/* open->decider belongs to "when" unless that was met in the first step. */
static struct finished finish(const struct policy *policy,
                              const struct verdict_open *open, const struct facts *state)
{
    static const struct finished passed = {.raw = RULE_PASS};
    const struct rule *rule = &policy->rules[open->rule];
    struct joined joined = join(open->when, open->decider,
                                demands_judge(policy, rule->when, state, PART_STATE));

    if (joined.outcome != OUTCOME_MET) {
        return finished_of(policy, rule->when, joined, RULE_SKIP);
    }
    joined = join(open->require, open->decider,
                  demands_judge(policy, rule->require, state, PART_STATE));
    return joined.outcome == OUTCOME_MET
               ? passed
               : finished_of(policy, rule->require, joined, RULE_FAIL);
}

void policy_judge_state(const struct policy *policy, const struct facts *state,
                        struct verdict *verdict)
{
    take_up_early(verdict);
    for (size_t i = 0; i < verdict->open_count; i++) {
        const struct verdict_open *open = &verdict->open[i];
        enum rule_result raw = finish(policy, open, state).raw;
        if (raw == RULE_FAIL && open->lifted) { /* no exception of the file */
            verdict->skipped++;
        } else {
            verdict_note(policy, open->rule, raw, open->relief, verdict);
        }
    }
    verdict->allow = verdict->failure_count == 0 && verdict->passed > 0;
}

/* --- In words ---------------------------------------------------------------------- */

static const struct verdict_open *find_open(const struct verdict *verdict, size_t rule)
{
    for (size_t i = 0; i < verdict->open_count; i++) {
        if (verdict->open[i].rule == rule) {
            return &verdict->open[i];
        }
    }
    return NULL;
}

bool policy_explain_state(const struct policy *policy, size_t rule,
                          const struct verdict *verdict, const struct facts *state,
                          struct rule_why *out)
{
    const struct verdict_open *open = find_open(verdict, rule);
    struct line found;
    struct line required;

    if (open == NULL) {
        return false;
    }
    struct finished finished = finish(policy, open, state);
    line_init(&found, out->found, sizeof(out->found));
    line_init(&required, out->required, sizeof(out->required));
    out->fact = "";
    out->raw = finished.raw;
    out->result = rule_effective_with(&policy->rules[rule], finished.raw,
                                      open->relief || open->lifted);
    if (finished.decider == NULL) {
        return true;
    }
    enum fact fact = finished.decider->fact;
    out->fact = fact_name(fact);
    condition_print(finished.decider, &required);
    if (finished.early) {
        line_put(&found, slice_of(verdict->found + open->found_at, open->found_len));
    } else {
        fact_print(fact, &state->value[fact], &found);
    }
    return true;
}
