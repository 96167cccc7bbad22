#include <stdlib.h>

#include "gateway/policy/load.h"

/* Maps of "fact: {operator: operand}" to runs of conditions. */

enum {
    TYPE_SCALAR = 1 << FACT_BOOL | 1 << FACT_INT | 1 << FACT_STR | 1 << FACT_TIME |
                  1 << FACT_DUR | 1 << FACT_HASH,
    TYPE_LISTED =
        1 << FACT_INT | 1 << FACT_STR | 1 << FACT_TIME | 1 << FACT_DUR | 1 << FACT_HASH,
    TYPE_ORDERED = 1 << FACT_INT | 1 << FACT_TIME | 1 << FACT_DUR,
    TYPE_TEXT = 1 << FACT_STR,
    TYPE_SET = 1 << FACT_SET,
    TYPE_ANY = TYPE_SCALAR | TYPE_SET
};

typedef enum sg_status (*operand_fn)(struct loader *loader, const struct yaml_node *node,
                                     struct condition *condition);

/* A time may be bounded by another time of the same job. */
static enum sg_status read_bound(struct loader *loader, const struct yaml_node *node,
                                 const struct condition *condition, struct operand *out)
{
    enum fact_type type = fact_type(condition->fact);
    bool bounded = condition->op == OPERATOR_GE || condition->op == OPERATOR_LE ||
                   condition->op == OPERATOR_BETWEEN;

    if (type == FACT_TIME && bounded && node->kind == YAML_SCALAR && !node->quoted) {
        enum fact fact = fact_find(node->text);
        if (fact != FACT_COUNT && fact_type(fact) == FACT_TIME) {
            out->fact = fact;
            return SG_OK;
        }
    }
    return load_number(loader, node, type, &out->number);
}

static enum sg_status read_ONE(struct loader *loader, const struct yaml_node *node,
                               struct condition *condition)
{
    enum fact_type type = fact_type(condition->fact);

    if (fact_type_is_text(type)) {
        TRY(load_string(loader, node, type, &condition->text));
        return load_asked(loader, node, condition->fact);
    }
    return read_bound(loader, node, condition,
                      condition->op == OPERATOR_LE ? &condition->high : &condition->low);
}

static enum sg_status read_TWO(struct loader *loader, const struct yaml_node *node,
                               struct condition *condition)
{
    TRY(load_is(loader, node, YAML_LIST, "a list of two bounds: [low, high]"));
    if (node->count != 2) {
        return yaml_fail(loader->doc, node, loader->why,
                         "wanted are two bounds: [low, high]");
    }
    TRY(read_bound(loader, &node->items[0], condition, &condition->low));
    TRY(read_bound(loader, &node->items[1], condition, &condition->high));
    if (condition->low.fact == FACT_COUNT && condition->high.fact == FACT_COUNT &&
        condition->low.number > condition->high.number) {
        return yaml_fail(loader->doc, node, loader->why,
                         "the low bound is above the high one: nothing could ever pass");
    }
    return SG_OK;
}

static enum sg_status read_FLAG(struct loader *loader, const struct yaml_node *node,
                                struct condition *condition)
{
    return load_number(loader, node, FACT_BOOL, &condition->low.number);
}

static enum sg_status read_PATTERN(struct loader *loader, const struct yaml_node *node,
                                   struct condition *condition)
{
    return load_pattern(loader, node, condition);
}

/* The named list of the file. */
static enum sg_status find_list(struct loader *loader, const struct yaml_node *node,
                                size_t *out)
{
    const struct policy *policy = loader->policy;

    TRY(load_is(loader, node, YAML_SCALAR, "a list, or the name of one under 'lists'"));
    for (size_t i = 0; i < policy->list_count; i++) {
        if (strcmp(policy->lists[i].name, node->text) == 0) {
            *out = i;
            return SG_OK;
        }
    }
    const char **words =
        pool_take(&loader->policy->pool, policy->list_count + 1, sizeof(char *));
    if (words == NULL) {
        return SG_NO_MEMORY;
    }
    for (size_t i = 0; i < policy->list_count; i++) {
        words[i] = policy->lists[i].name;
    }
    return load_unknown(loader, node, "list", words);
}

static enum sg_status read_numbers(struct loader *loader, const struct yaml_node *list,
                                   enum fact_type type, const int64_t **out)
{
    int64_t *numbers = pool_take(&loader->policy->pool, list->count, sizeof(*numbers));

    if (numbers == NULL) {
        return SG_NO_MEMORY;
    }
    for (size_t i = 0; i < list->count; i++) {
        TRY(load_number(loader, &list->items[i], type, &numbers[i]));
    }
    *out = numbers;
    return SG_OK;
}

/* Read once for each type, however many rules use it. */
static enum sg_status read_items(struct loader *loader, struct named_list *list,
                                 enum fact fact)
{
    enum fact_type type = fact_type(fact);

    if (fact_type_is_number(type)) {
        return list->numbers[type] != NULL
                   ? SG_OK
                   : read_numbers(loader, list->node, type, &list->numbers[type]);
    }
    if (type == FACT_HASH && list->hashes) {
        return SG_OK;
    }
    TRY(load_asked(loader, list->node, fact));
    list->hashes = list->hashes || type == FACT_HASH;
    return SG_OK;
}

static enum sg_status read_named(struct loader *loader, const struct yaml_node *node,
                                 struct condition *condition)
{
    size_t index = 0;

    TRY(find_list(loader, node, &index));
    struct named_list *list = &loader->policy->lists[index];
    TRY(read_items(loader, list, condition->fact));
    condition->list = list->name;
    condition->count = list->count;
    condition->texts = list->items;
    condition->numbers = list->numbers[condition->type];
    return SG_OK;
}

static enum sg_status read_LIST(struct loader *loader, const struct yaml_node *node,
                                struct condition *condition)
{
    enum fact_type type = fact_type(condition->fact);

    if (node->kind != YAML_LIST) {
        return read_named(loader, node, condition);
    }
    TRY(load_is_list(loader, node, LOAD_LIST_MAX, "a list"));
    condition->count = node->count;
    if (fact_type_is_number(type)) {
        return read_numbers(loader, node, type, &condition->numbers);
    }
    TRY(load_strings(loader, node, type == FACT_HASH ? FACT_HASH : FACT_STR,
                     &condition->texts));
    return load_asked(loader, node, condition->fact);
}

static const struct {
    unsigned types;
    operand_fn read;
} rows[OPERATOR_COUNT] = {
#define OPERATOR(name, text, types, operand)                                             \
    [OPERATOR_##name] = {TYPE_##types, read_##operand},
#include "gateway/policy/operators.def"
#undef OPERATOR
};

static const char *const operator_names[] = {
#define OPERATOR(name, text, types, operand) text,
#include "gateway/policy/operators.def"
#undef OPERATOR
    NULL};

static enum sg_status append(struct policy *policy, const struct condition *condition)
{
    if (policy->condition_count == policy->condition_cap) {
        size_t cap = policy->condition_cap == 0 ? 64 : 2 * policy->condition_cap;
        struct condition *more = reallocarray(policy->conditions, cap, sizeof(*more));
        if (more == NULL) {
            return SG_NO_MEMORY;
        }
        policy->conditions = more;
        policy->condition_cap = cap;
    }
    policy->conditions[policy->condition_count++] = *condition;
    return SG_OK;
}

static bool is_state(enum fact fact)
{
    return fact != FACT_COUNT && fact_phase(fact) == FACT_PHASE_STATE;
}

/* A comparison of a STATE fact with one of the job would belong to neither of the two
 * steps in which rules are judged. Times alone are compared with facts, and no STATE fact
 * is a time. */
static void note_state(struct condition *condition)
{
    condition->of_state = is_state(condition->fact);
    MUST(!is_state(condition->low.fact) && !is_state(condition->high.fact));
    MUST(!condition->of_state || condition->type != FACT_TIME);
}

static enum sg_status load_condition(struct loader *loader, enum fact fact,
                                     enum operator_id op, const struct yaml_node *operand)
{
    struct condition condition = {.fact = fact,
                                  .type = fact_type(fact),
                                  .op = op,
                                  .low.fact = FACT_COUNT,
                                  .high.fact = FACT_COUNT};

    TRY(rows[op].read(loader, operand, &condition));
    note_state(&condition);
    return append(loader->policy, &condition);
}

/* Names the operators that would fit. */
static enum sg_status misfit(struct loader *loader, const struct yaml_node *at,
                             enum fact fact)
{
    char fitting[128];
    struct line line;

    line_init(&line, fitting, sizeof(fitting));
    for (size_t i = 0; i < OPERATOR_COUNT; i++) {
        if ((rows[i].types & 1U << fact_type(fact)) != 0) {
            line_str(&line, line.len > 0 ? ", " : "");
            line_str(&line, operator_names[i]);
        }
    }
    return yaml_fail(loader->doc, at, loader->why,
                     "this does not fit %s, which is a %s; use one of %s",
                     fact_name(fact), fact_type_name(fact_type(fact)), fitting);
}

static enum sg_status load_operator(struct loader *loader, const struct yaml_node *key,
                                    const struct yaml_node *operand, enum fact fact)
{
    size_t op = 0;

    TRY(load_choice(loader, key, "operator", operator_names, &op));
    if ((rows[op].types & 1U << fact_type(fact)) == 0) {
        return misfit(loader, key, fact);
    }
    return load_condition(loader, fact, (enum operator_id)op, operand);
}

/* "key.type: rsa" is short for "key.type: {eq: rsa}". */
static enum sg_status load_demand(struct loader *loader, enum fact fact,
                                  const struct yaml_node *node)
{
    if (node->kind == YAML_LIST ||
        (node->kind == YAML_SCALAR && fact_type(fact) == FACT_SET)) {
        return misfit(loader, node, fact);
    }
    if (node->kind == YAML_SCALAR) {
        return load_condition(loader, fact, OPERATOR_EQ, node);
    }
    if (node->count == 0) {
        return yaml_fail(loader->doc, node, loader->why, "the operator is missing");
    }
    for (size_t i = 0; i < node->count; i++) {
        TRY(load_operator(loader, &node->keys[i], &node->items[i], fact));
    }
    return SG_OK;
}

enum sg_status load_demands(struct loader *loader, const struct yaml_node *map,
                            struct demands *out)
{
    size_t first = loader->policy->condition_count;
    enum fact fact = FACT_COUNT;

    TRY(load_is(loader, map, YAML_MAP, "a map: 'fact: {operator: value}'"));
    if (map->count == 0) {
        return yaml_fail(loader->doc, map, loader->why,
                         "at least one 'fact: {operator: value}' is wanted here");
    }
    for (size_t i = 0; i < map->count; i++) {
        TRY(load_fact(loader, &map->keys[i], &fact));
        TRY(load_demand(loader, fact, &map->items[i]));
    }
    out->first = (uint32_t)first;
    out->count = (uint32_t)(loader->policy->condition_count - first);
    return SG_OK;
}
