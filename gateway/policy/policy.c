#include "gateway/policy/policy.h"

#include "gateway/policy/compiled.h"

/* What others may ask of a loaded policy. */

const struct policy_info *policy_info(const struct policy *policy)
{
    return &policy->info;
}

size_t policy_rule_count(const struct policy *policy)
{
    return policy->rule_count;
}

const struct rule_info *policy_rule(const struct policy *policy, size_t rule)
{
    MUST(rule < policy->rule_count);
    return &policy->rules[rule].info;
}

enum sg_status policy_status(const struct policy *policy, size_t rule)
{
    MUST(rule < policy->rule_count);
    return policy->rules[rule].status;
}

struct rule_coverage policy_coverage(const struct policy *policy, size_t rule)
{
    MUST(rule < policy->rule_count);
    return policy->coverage[rule];
}

size_t policy_test_count(const struct policy *policy)
{
    return policy->test_count;
}

const struct slice *policy_list(const struct policy *policy, const char *name,
                                size_t *count)
{
    for (size_t i = 0; i < policy->list_count; i++) {
        if (strcmp(policy->lists[i].name, name) == 0) {
            *count = policy->lists[i].count;
            return policy->lists[i].items;
        }
    }
    *count = 0;
    return NULL;
}

const char *policy_lacks(const struct policy *policy, size_t rule)
{
    MUST(rule < policy->rule_count);
    const struct rule *asked = &policy->rules[rule];

    return asked->info.mode == RULE_PENDING ? fact_name(asked->lacks) : NULL;
}

size_t policy_pending(const struct policy *policy)
{
    size_t count = 0;

    for (size_t i = 0; i < policy->rule_count; i++) {
        count += policy->rules[i].info.mode == RULE_PENDING ? 1 : 0;
    }
    return count;
}

struct slice policy_text(const struct policy *policy)
{
    return policy->text;
}

const char *policy_dump(const struct policy *policy)
{
    return policy->dump;
}
