#include "gateway/policy/load.h"

/* Rules and the exceptions from them. */

enum { CODE_MAX = 48, SECTION_MAX = 32 };

static const char *const levels[] = {"hard", "soft", "advisory", NULL};
static const char *const modes[] = {"enforce", "shadow", "off", "pending", NULL};

static enum sg_status read_id(struct loader *loader, const struct yaml_node *node,
                              void *target)
{
    return load_name(loader, node, &((struct rule *)target)->info.id);
}

static enum sg_status read_section(struct loader *loader, const struct yaml_node *node,
                                   void *target)
{
    struct rule *rule = target;

    TRY(load_text(loader, node, &rule->info.cp_section));
    if (strlen(rule->info.cp_section) > SECTION_MAX) {
        return yaml_fail(loader->doc, node, loader->why,
                         "a section of the Certificate Policy has at most %d bytes",
                         SECTION_MAX);
    }
    return SG_OK;
}

static enum sg_status read_level(struct loader *loader, const struct yaml_node *node,
                                 void *target)
{
    struct rule *rule = target;
    enum rule_level mildest = RULE_ADVISORY;
    size_t index = 0;

    TRY(load_choice(loader, node, "level", levels, &index));
    rule->info.level = (enum rule_level)index;
    if (catalogue_level(rule->info.id, &mildest) && rule->info.level > mildest) {
        return yaml_fail(loader->doc, node, loader->why,
                         "%s must be %s: it may be stricter than the catalogue, not "
                         "milder",
                         rule->info.id, rule_level_name(mildest));
    }
    return SG_OK;
}

static enum sg_status read_mode(struct loader *loader, const struct yaml_node *node,
                                void *target)
{
    size_t index = 0;

    TRY(load_choice(loader, node, "mode", modes, &index));
    ((struct rule *)target)->info.mode = (enum rule_mode)index;
    return SG_OK;
}

static enum sg_status read_when(struct loader *loader, const struct yaml_node *node,
                                void *target)
{
    return load_demands(loader, node, &((struct rule *)target)->when);
}

static enum sg_status read_require(struct loader *loader, const struct yaml_node *node,
                                   void *target)
{
    return load_demands(loader, node, &((struct rule *)target)->require);
}

static enum sg_status read_deny(struct loader *loader, const struct yaml_node *node,
                                void *target)
{
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
    struct rule *rule = target;

    TRY(load_name(loader, node, &rule->info.code));
    size_t len = strlen(rule->info.code);
    if (len > CODE_MAX || strspn(rule->info.code, allowed) != len) {
        return yaml_fail(loader->doc, node, loader->why,
                         "'%s' is not a deny code: wanted are at most %d of A-Z 0-9 _",
                         rule->info.code, CODE_MAX);
    }
    rule->status = deny_status(rule->info.code);
    return SG_OK;
}

static enum sg_status read_message(struct loader *loader, const struct yaml_node *node,
                                   void *target)
{
    struct rule *rule = target;
    struct bilingual message = {0};

    TRY(load_bilingual(loader, node, &message));
    rule->info.message_id = message.id;
    rule->info.message_en = message.en;
    return SG_OK;
}

static enum fact first_unmade(const struct policy *policy, struct demands demands)
{
    for (uint32_t i = 0; i < demands.count; i++) {
        const struct condition *condition = &policy->conditions[demands.first + i];
        enum fact facts[] = {condition->fact, condition->low.fact, condition->high.fact};
        for (size_t f = 0; f < SG_COUNT(facts); f++) {
            if (facts[f] != FACT_COUNT && !fact_made(facts[f])) {
                return facts[f];
            }
        }
    }
    return FACT_COUNT;
}

/* No rule may look as if it guarded something while it cannot: pending is written in the
 * file where it is true, and refused where it is not. */
static enum sg_status check_pending(struct loader *loader, const struct yaml_node *node,
                                    struct rule *rule)
{
    rule->lacks = first_unmade(loader->policy, rule->when);
    if (rule->lacks == FACT_COUNT) {
        rule->lacks = first_unmade(loader->policy, rule->require);
    }
    bool lacking = rule->lacks != FACT_COUNT;
    bool judged = rule->info.mode == RULE_ENFORCE || rule->info.mode == RULE_SHADOW;
    if (lacking && judged) {
        return yaml_fail(loader->doc, node, loader->why,
                         "%s reads '%s', which this gateway does not know yet, so the "
                         "rule cannot be in mode %s; write 'mode: pending'",
                         rule->info.id, fact_name(rule->lacks),
                         rule_mode_name(rule->info.mode));
    }
    if (!lacking && rule->info.mode == RULE_PENDING) {
        return yaml_fail(loader->doc, node, loader->why,
                         "%s reads only facts that this gateway knows, so it can be "
                         "judged; write 'mode: enforce', 'shadow' or 'off'",
                         rule->info.id);
    }
    return SG_OK;
}

static bool reads_state(const struct policy *policy, struct demands demands)
{
    for (uint32_t i = 0; i < demands.count; i++) {
        if (policy->conditions[demands.first + i].of_state) {
            return true;
        }
    }
    return false;
}

/* How many rules are left open for the core, with this one. */
static size_t count_open(const struct policy *policy, const struct rule *rule)
{
    size_t count = 1;

    for (const struct rule *at = policy->rules; at != rule; at++) {
        count += at->of_state && rule_judged(policy, at) ? 1 : 0;
    }
    return count;
}

static bool reads_key_alone(const struct policy *policy, struct demands demands)
{
    for (uint32_t i = 0; i < demands.count; i++) {
        const struct condition *condition = &policy->conditions[demands.first + i];
        enum fact facts[] = {condition->fact, condition->low.fact, condition->high.fact};
        for (size_t f = 0; f < SG_COUNT(facts); f++) {
            if (facts[f] != FACT_COUNT && fact_phase(facts[f]) != FACT_PHASE_KEY) {
                return false;
            }
        }
    }
    return true;
}

static enum sg_status check_rule(struct loader *loader, const struct yaml_node *node,
                                 const struct rule *rule)
{
    const struct policy *policy = loader->policy;

    for (size_t i = 0; i < policy->rule_count; i++) {
        if (strcmp(policy->rules[i].info.id, rule->info.id) == 0) {
            return yaml_fail(loader->doc, yaml_get(node, "id"), loader->why,
                             "there is already a rule '%s'; each id is used once",
                             rule->info.id);
        }
    }
    if (policy->info.production && rule->info.level == RULE_HARD &&
        (rule->info.mode == RULE_SHADOW || rule->info.mode == RULE_OFF)) {
        return yaml_fail(loader->doc, node, loader->why,
                         "%s is hard, and under 'profile: production' a hard rule may "
                         "not be in mode %s",
                         rule->info.id, rule_mode_name(rule->info.mode));
    }
    if (rule->of_state && rule_judged(policy, rule) &&
        count_open(policy, rule) > VERDICT_OPEN) {
        return yaml_fail(loader->doc, node, loader->why,
                         "%s is one too many: at most %d rules may read facts of the "
                         "gateway's state (counters, clock, log); join some of them",
                         rule->info.id, VERDICT_OPEN);
    }
    return SG_OK;
}

/* id before level: the catalogue is asked by it. */
static enum sg_status load_rule(struct loader *loader, const struct yaml_node *node,
                                struct rule *rule)
{
    static const struct field fields[] = {
        {"id", true, read_id},       {"cp", true, read_section},
        {"level", true, read_level}, {"mode", false, read_mode},
        {"when", false, read_when},  {"require", true, read_require},
        {"deny", true, read_deny},   {"message", false, read_message},
        {NULL, false, NULL}};

    rule->info.mode = loader->policy->default_mode;
    TRY(load_fields(loader, node, fields, rule));
    rule->of_state = reads_state(loader->policy, rule->when) ||
                     reads_state(loader->policy, rule->require);
    rule->key_only = reads_key_alone(loader->policy, rule->when) &&
                     reads_key_alone(loader->policy, rule->require);
    TRY(check_pending(loader, node, rule));
    return check_rule(loader, node, rule);
}

enum sg_status load_rules(struct loader *loader, const struct yaml_node *node,
                          void *policy)
{
    struct policy *made = policy;

    TRY(load_is_list(loader, node, POLICY_RULES_MAX, "a list of rules"));
    made->rules = pool_take(&made->pool, node->count, sizeof(*made->rules));
    made->coverage = pool_take(&made->pool, node->count, sizeof(*made->coverage));
    if (made->rules == NULL || made->coverage == NULL) {
        return SG_NO_MEMORY;
    }
    for (size_t i = 0; i < node->count; i++) {
        TRY(load_rule(loader, &node->items[i], &made->rules[i]));
        made->rule_count++;
    }
    return SG_OK;
}

enum sg_status load_rule_ref(struct loader *loader, const struct yaml_node *node,
                             size_t *rule)
{
    const struct policy *policy = loader->policy;
    const char *text = "";

    TRY(yaml_str(loader->doc, node, &text, loader->why));
    for (size_t i = 0; i < policy->rule_count; i++) {
        if (strcmp(policy->rules[i].info.id, text) == 0) {
            *rule = i;
            return SG_OK;
        }
    }
    const char **words =
        pool_take(&loader->policy->pool, policy->rule_count + 1, sizeof(char *));
    if (words == NULL) {
        return SG_NO_MEMORY;
    }
    for (size_t i = 0; i < policy->rule_count; i++) {
        words[i] = policy->rules[i].info.id;
    }
    return load_unknown(loader, node, "rule", words);
}
