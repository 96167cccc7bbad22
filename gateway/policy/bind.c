#include <stdlib.h>
#include <string.h>

#include "gateway/policy/compiled.h"

static bool copy_set(struct pool *pool, struct fact_value *value)
{
    struct slice *items = pool_take(pool, value->set_count + 1, sizeof(*items));

    if (items == NULL) {
        return false;
    }
    for (size_t i = 0; i < value->set_count; i++) {
        items[i] = pool_copy(pool, value->set[i]);
        if (items[i].data == NULL) {
            return false;
        }
    }
    value->set = items;
    return true;
}

static bool copy_value(struct pool *pool, enum fact fact, struct fact_value *value)
{
    if (!value->present || fact_type_is_number(fact_type(fact))) {
        return true;
    }
    if (fact_type(fact) == FACT_SET) {
        return copy_set(pool, value);
    }
    value->text = pool_copy(pool, value->text);
    return value->text.data != NULL;
}

static bool copy_facts(struct policy_key *bound, const struct facts *from)
{
    for (size_t i = 0; i < FACT_COUNT; i++) {
        if (fact_phase((enum fact)i) != FACT_PHASE_KEY) {
            continue;
        }
        bound->facts.value[i] = from->value[i];
        if (!copy_value(&bound->pool, (enum fact)i, &bound->facts.value[i])) {
            return false;
        }
    }
    return true;
}

static void set_time(struct facts *facts, enum fact fact, int64_t unix_us)
{
    if (!facts->value[fact].present && unix_us != 0) {
        facts_number(facts, fact, unix_us);
    }
}

void policy_add_own_facts(const struct policy *policy, struct facts *facts)
{
    const struct policy_info *info = &policy->info;

    set_time(facts, FACT_ID_agreement_from, info->agreement_from_us);
    set_time(facts, FACT_ID_agreement_until, info->agreement_until_us);
    set_time(facts, FACT_ID_policy_effective, info->effective_us);
    set_time(facts, FACT_ID_policy_review_by, info->review_by_us);
    if (!facts->value[FACT_ID_policy_profile].present) {
        facts_text(facts, FACT_ID_policy_profile,
                   slice_str(info->production ? "production" : "test"));
    }
}

enum sg_status policy_bind(const struct policy *policy, const struct facts *key_facts,
                           struct policy_key **out)
{
    struct policy_key *bound = calloc(1, sizeof(*bound) + policy->rule_count);

    if (bound == NULL) {
        return SG_NO_MEMORY;
    }
    bound->policy = policy;
    if (!copy_facts(bound, key_facts)) {
        policy_key_free(bound);
        return SG_NO_MEMORY;
    }
    policy_add_own_facts(policy, &bound->facts);
    for (size_t i = 0; i < policy->rule_count; i++) {
        if (policy->rules[i].key_only) {
            bound->raw[i] = (uint8_t)rule_raw(policy, &policy->rules[i], &bound->facts);
        }
    }
    *out = bound;
    return SG_OK;
}

void policy_key_free(struct policy_key *bound)
{
    if (bound != NULL) {
        pool_fini(&bound->pool);
        free(bound);
    }
}

const struct facts *policy_key_facts(const struct policy_key *bound)
{
    return &bound->facts;
}

const struct policy *policy_key_policy(const struct policy_key *bound)
{
    return bound->policy;
}

/* Exceptions give relief to single jobs: they do not make a key better. */
size_t policy_key_denials(const struct policy_key *bound)
{
    size_t count = 0;

    for (size_t i = 0; i < bound->policy->rule_count; i++) {
        const struct rule *rule = &bound->policy->rules[i];
        enum rule_result raw = (enum rule_result)bound->raw[i];
        if (rule->key_only && rule->info.mode == RULE_ENFORCE && rule_denies(rule, raw)) {
            count++;
        }
    }
    return count;
}

size_t policy_key_broken(const struct policy_key *bound, size_t from)
{
    size_t i = from;

    for (; i < bound->policy->rule_count; i++) {
        const struct rule *rule = &bound->policy->rules[i];
        if (rule->key_only && rule->info.mode == RULE_ENFORCE &&
            bound->raw[i] == RULE_FAIL && rule_denies(rule, RULE_FAIL)) {
            break;
        }
    }
    return i;
}

bool policy_key_alike(const struct policy_key *one, const struct policy_key *other)
{
    return one->policy == other->policy &&
           memcmp(one->raw, other->raw, one->policy->rule_count) == 0;
}

static bool same_set(const struct fact_value *one, const struct fact_value *other)
{
    bool same = one->set_count == other->set_count;

    for (size_t i = 0; same && i < one->set_count; i++) {
        same = slice_equal(one->set[i], other->set[i]);
    }
    return same;
}

static bool same_value(enum fact fact, const struct fact_value *one,
                       const struct fact_value *other)
{
    if (!one->present || !other->present) {
        return one->present == other->present;
    }
    if (fact_type_is_number(fact_type(fact))) {
        return one->number == other->number;
    }
    return fact_type(fact) == FACT_SET ? same_set(one, other)
                                       : slice_equal(one->text, other->text);
}

bool policy_key_equal(const struct policy_key *one, const struct policy_key *other)
{
    bool same = policy_key_alike(one, other);

    for (size_t i = 0; same && i < FACT_COUNT; i++) {
        same = same_value((enum fact)i, &one->facts.value[i], &other->facts.value[i]);
    }
    return same;
}
