#include <stdlib.h>
#include <string.h>

#include "gateway/policy/review.h"
#include "gateway/service/pb.h"
#include "gateway/service/policy/answer.h"

/* What PolicyService says of a policy and of its rules. Texts of a policy are borrowed:
 * the ask holds a share of it until the answer is sent. */
enum { RULES_MAX = 1000 };

char *answer_copy(struct arena *arena, const char *text)
{
    size_t size = strlen(text) + 1;
    char *out = (char *)arena_alloc(arena, size);

    if (out != NULL) {
        memcpy(out, text, size);
    }
    return out == NULL ? pb_text("") : out;
}

/* --- The policy -------------------------------------------------------------------- */

Segel__V1__PolicyInfo *answer_info(struct arena *arena, const struct policy *policy)
{
    const struct policy_info *info = policy_info(policy);
    Segel__V1__PolicyInfo *out =
        (Segel__V1__PolicyInfo *)arena_alloc(arena, sizeof(*out));

    if (out == NULL) {
        return NULL;
    }
    segel__v1__policy_info__init(out);
    out->id = pb_text(info->id);
    out->version = (uint64_t)info->version;
    out->sha256 = pb_bytes(slice_of(info->sha256, sizeof(info->sha256)));
    out->production = info->production;
    out->effective_us = info->effective_us;
    out->review_by_us = info->review_by_us;
    out->agreement_from_us = info->agreement_from_us;
    out->agreement_until_us = info->agreement_until_us;
    out->agreement_no = pb_text(info->agreement_no);
    out->rules = (uint32_t)policy_rule_count(policy);
    return out;
}

static Segel__V1__RuleMode mode_of(enum rule_mode mode)
{
    switch (mode) {
    case RULE_ENFORCE:
        return SEGEL__V1__RULE_MODE__RULE_MODE_ENFORCE;
    case RULE_SHADOW:
        return SEGEL__V1__RULE_MODE__RULE_MODE_SHADOW;
    case RULE_PENDING:
        return SEGEL__V1__RULE_MODE__RULE_MODE_PENDING;
    case RULE_OFF:
    default:
        return SEGEL__V1__RULE_MODE__RULE_MODE_OFF;
    }
}

/* "; when a; require b": cut where "require" begins. */
static void split_demands(char *text, char **when, char **require)
{
    static const char first[] = "; when ";
    static const char second[] = "; require ";
    char *at = strstr(text, second);

    *when = pb_text("");
    *require = pb_text("");
    if (at != NULL) {
        *at = '\0';
        *require = at + strlen(second);
    }
    if (strncmp(text, first, strlen(first)) == 0) {
        *when = text + strlen(first);
    }
}

static void add_demands(struct arena *arena, const struct policy *policy, size_t rule,
                        Segel__V1__PolicyRule *out)
{
    char *text = policy_demands_text(policy, rule);

    if (text != NULL) {
        split_demands(answer_copy(arena, text), &out->when, &out->require);
        free(text);
    }
}

static const char *message_of(const struct rule_info *rule, bool english)
{
    return english ? rule->message_en : rule->message_id;
}

static Segel__V1__PolicyRule *rule_of(struct policy_ask *ask, size_t index)
{
    const struct rule_info *rule = policy_rule(ask->base, index);
    Segel__V1__PolicyRule *out =
        (Segel__V1__PolicyRule *)arena_alloc(&ask->arena, sizeof(*out));

    if (out == NULL) {
        return NULL;
    }
    segel__v1__policy_rule__init(out);
    out->id = pb_text(rule->id);
    out->cp_section = pb_text(rule->cp_section);
    out->code = pb_text(rule->code);
    out->level = (Segel__V1__RuleLevel)(rule->level + 1);
    out->mode = mode_of(rule->mode);
    out->message = pb_text(message_of(rule, ask->english));
    add_demands(&ask->arena, ask->base, index, out);
    return out;
}

bool answer_get(struct policy_ask *ask, const char *ledger)
{
    size_t count = policy_rule_count(ask->base);
    Segel__V1__GetPolicyResponse *out =
        (Segel__V1__GetPolicyResponse *)arena_alloc(&ask->arena, sizeof(*out));
    Segel__V1__PolicyRule **rules =
        (Segel__V1__PolicyRule **)arena_alloc(&ask->arena, (count + 1) * sizeof(void *));

    if (out == NULL || rules == NULL) {
        return false;
    }
    segel__v1__get_policy_response__init(out);
    for (size_t i = 0; i < count && i < RULES_MAX; i++) {
        rules[i] = rule_of(ask, i);
        if (rules[i] == NULL) {
            return false;
        }
        out->n_rules++;
    }
    out->rules = rules;
    out->info = answer_info(&ask->arena, ask->base);
    if (ask->with_text) {
        out->text = pb_bytes(policy_text(ask->base));
    }
    ask->response = &out->base;
    if (out->info == NULL || !answer_exceptions(ask, out)) {
        return false;
    }
    answer_since(ask, ledger, out);
    return true;
}

bool answer_kept(struct policy_ask *ask, const char *ledger, const char *why)
{
    Segel__V1__GetPolicyResponse *out =
        (Segel__V1__GetPolicyResponse *)arena_alloc(&ask->arena, sizeof(*out));
    Segel__V1__PolicyInfo *info =
        (Segel__V1__PolicyInfo *)arena_alloc(&ask->arena, sizeof(*info));

    if (out == NULL || info == NULL) {
        return false;
    }
    segel__v1__get_policy_response__init(out);
    segel__v1__policy_info__init(info);
    info->sha256 = pb_bytes(slice_of(ask->sha256, sizeof(ask->sha256)));
    out->info = info;
    out->not_loaded = answer_copy(&ask->arena, why);
    if (ask->with_text) {
        out->text = pb_bytes(slice_of(ask->text, ask->text_len));
    }
    ask->response = &out->base;
    answer_since(ask, ledger, out);
    return out->not_loaded[0] != '\0';
}

/* --- One rule ---------------------------------------------------------------------- */

static Segel__V1__FactHelp *fact_help_of(struct arena *arena, enum fact fact)
{
    Segel__V1__FactHelp *out = (Segel__V1__FactHelp *)arena_alloc(arena, sizeof(*out));

    if (out != NULL) {
        segel__v1__fact_help__init(out);
        out->name = pb_text(fact_name(fact));
        out->type = pb_text(fact_type_word(fact_type(fact)));
        out->help = pb_text(fact_help(fact));
    }
    return out;
}

static bool add_facts(struct policy_ask *ask, size_t rule,
                      Segel__V1__ExplainRuleResponse *out)
{
    bool looked_at[FACT_COUNT];

    policy_rule_facts(ask->base, rule, looked_at);
    out->facts =
        (Segel__V1__FactHelp **)arena_alloc(&ask->arena, FACT_COUNT * sizeof(void *));
    for (size_t i = 0; out->facts != NULL && i < FACT_COUNT; i++) {
        if (!looked_at[i]) {
            continue;
        }
        out->facts[out->n_facts] = fact_help_of(&ask->arena, (enum fact)i);
        if (out->facts[out->n_facts++] == NULL) {
            return false;
        }
    }
    return out->facts != NULL;
}

bool answer_explain(struct policy_ask *ask, size_t rule)
{
    struct rule_coverage coverage = policy_coverage(ask->base, rule);
    Segel__V1__ExplainRuleResponse *out =
        (Segel__V1__ExplainRuleResponse *)arena_alloc(&ask->arena, sizeof(*out));

    if (out == NULL) {
        return false;
    }
    segel__v1__explain_rule_response__init(out);
    out->tests_passed = coverage.passed;
    out->tests_failed = coverage.failed;
    out->rule = rule_of(ask, rule);
    out->policy = answer_info(&ask->arena, ask->base);
    ask->response = &out->base;
    return out->rule != NULL && out->policy != NULL && add_facts(ask, rule, out);
}
