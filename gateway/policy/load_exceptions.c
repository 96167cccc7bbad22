#include "gateway/policy/load.h"

/* Standing reliefs. Who approved and why is checked to be there, and is no part of a
 * judgement: the record names the policy by its digest. */

static enum sg_status read_rule(struct loader *loader, const struct yaml_node *node,
                                void *target)
{
    struct exception *exception = target;

    TRY(load_rule_ref(loader, node, &exception->rule));
    struct rule *rule = &loader->policy->rules[exception->rule];
    if (rule->info.level != RULE_SOFT) {
        return yaml_fail(loader->doc, node, loader->why,
                         "%s is %s; there are exceptions from soft rules only",
                         rule->info.id, rule_level_name(rule->info.level));
    }
    rule->excepted = true;
    return SG_OK;
}

/* A standing relief is for jobs of a kind. What the gateway counts is not yet known when
 * it is looked for, and acts of officers have no exceptions. */
static enum sg_status read_match(struct loader *loader, const struct yaml_node *node,
                                 void *target)
{
    struct demands *match = &((struct exception *)target)->match;

    TRY(load_demands(loader, node, match));
    for (uint32_t i = 0; i < match->count; i++) {
        enum fact fact = loader->policy->conditions[match->first + i].fact;
        if (fact_phase(fact) != FACT_PHASE_KEY && fact_phase(fact) != FACT_PHASE_JOB) {
            return yaml_fail(loader->doc, node, loader->why,
                             "an exception cannot match '%s': it may name facts of the "
                             "key and of the request alone",
                             fact_name(fact));
        }
        if (!fact_made(fact)) {
            return yaml_fail(
                loader->doc, node, loader->why,
                "an exception cannot match '%s', which this gateway does not "
                "know yet",
                fact_name(fact));
        }
    }
    return SG_OK;
}

static enum sg_status read_until(struct loader *loader, const struct yaml_node *node,
                                 void *target)
{
    return load_time(loader, node, &((struct exception *)target)->until_us);
}

static enum sg_status read_approved_by(struct loader *loader,
                                       const struct yaml_node *node, void *target)
{
    const char *name = "";

    TRY(load_is_list(loader, node, 32, "a list of grants"));
    for (size_t i = 0; i < node->count; i++) {
        TRY(load_name(loader, &node->items[i], &name));
    }
    ((struct exception *)target)->approvers = node;
    return SG_OK;
}

static enum sg_status read_reason(struct loader *loader, const struct yaml_node *node,
                                  void *target)
{
    return load_text(loader, node, &((struct exception *)target)->reason);
}

enum sg_status load_exceptions(struct loader *loader, const struct yaml_node *node,
                               void *policy)
{
    static const struct field fields[] = {
        {"rule", true, read_rule},     {"match", true, read_match},
        {"until", true, read_until},   {"approved_by", true, read_approved_by},
        {"reason", true, read_reason}, {NULL, false, NULL}};
    struct policy *made = policy;

    TRY(load_is_list(loader, node, POLICY_RULES_MAX, "a list of exceptions"));
    made->exceptions = pool_take(&made->pool, node->count, sizeof(*made->exceptions));
    if (made->exceptions == NULL) {
        return SG_NO_MEMORY;
    }
    for (size_t i = 0; i < node->count; i++) {
        TRY(load_fields(loader, &node->items[i], fields, &made->exceptions[i]));
        made->exception_count++;
    }
    return SG_OK;
}
