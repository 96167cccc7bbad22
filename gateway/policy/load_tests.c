#include <stdlib.h>

#include "gateway/policy/load.h"

/* The tests that a policy file carries. They run at every load: a policy that fails its
 * own tests does not go live. Their clock is their own "now". */

struct expectation {
    size_t rule;
    enum rule_result result;
    const struct yaml_node *node;
};

struct test {
    const char *name;
    struct facts facts;
    const struct yaml_node *decision_node;
    const struct yaml_node *code_node;
    bool allow;
    const char *code; /* of the deciding rule; NULL = any */
    struct expectation *expected;
    size_t expected_count;
};

enum sg_status load_facts(struct loader *loader, const struct yaml_node *map,
                          bool with_now, struct facts *facts)
{
    enum fact fact = FACT_COUNT;

    TRY(load_is(loader, map, YAML_MAP, "a map: 'fact: value'"));
    for (size_t i = 0; i < map->count; i++) {
        TRY(load_fact(loader, &map->keys[i], &fact));
        if (fact == FACT_ID_clock_now && !with_now) {
            return yaml_fail(loader->doc, &map->keys[i], loader->why,
                             "the time of a test is given by its 'now'");
        }
        TRY(load_value(loader, &map->items[i], fact, &facts->value[fact]));
    }
    return SG_OK;
}

static enum sg_status read_name(struct loader *loader, const struct yaml_node *node,
                                void *target)
{
    return load_text(loader, node, &((struct test *)target)->name);
}

/* Once, however many tests begin with it. */
static enum sg_status read_base(struct loader *loader, const struct yaml_node *node,
                                void *target)
{
    const char *name = "";

    TRY(yaml_str(loader->doc, node, &name, loader->why));
    const struct yaml_node *base = yaml_get(loader->bases, name);
    if (base == NULL) {
        return yaml_fail(loader->doc, node, loader->why, "there is no '%s' under 'bases'",
                         name);
    }
    struct facts **read = &loader->base_facts[base - loader->bases->items];
    if (*read == NULL) {
        struct facts *facts = pool_take(&loader->policy->pool, 1, sizeof(*facts));
        if (facts == NULL) {
            return SG_NO_MEMORY;
        }
        TRY(load_facts(loader, base, false, facts));
        *read = facts;
    }
    ((struct test *)target)->facts = **read;
    return SG_OK;
}

static enum sg_status read_now(struct loader *loader, const struct yaml_node *node,
                               void *target)
{
    int64_t now = 0;

    TRY(load_time(loader, node, &now));
    facts_number(&((struct test *)target)->facts, FACT_ID_clock_now, now);
    return SG_OK;
}

static enum sg_status read_without(struct loader *loader, const struct yaml_node *node,
                                   void *target)
{
    enum fact fact = FACT_COUNT;

    TRY(load_is_list(loader, node, FACT_COUNT, "a list of facts"));
    for (size_t i = 0; i < node->count; i++) {
        TRY(load_is(loader, &node->items[i], YAML_SCALAR, "the name of a fact"));
        TRY(load_fact(loader, &node->items[i], &fact));
        ((struct test *)target)->facts.value[fact] = (struct fact_value){0};
    }
    return SG_OK;
}

static enum sg_status read_input(struct loader *loader, const struct yaml_node *node,
                                 void *target)
{
    return load_facts(loader, node, false, &((struct test *)target)->facts);
}

static enum sg_status read_decision(struct loader *loader, const struct yaml_node *node,
                                    void *target)
{
    static const char *const words[] = {"deny", "allow", NULL};
    struct test *test = target;
    size_t index = 0;

    TRY(load_choice(loader, node, "decision", words, &index));
    test->allow = index == 1;
    test->decision_node = node;
    return SG_OK;
}

static enum sg_status read_code(struct loader *loader, const struct yaml_node *node,
                                void *target)
{
    struct test *test = target;

    test->code_node = node;
    return load_name(loader, node, &test->code);
}

static enum sg_status read_result(struct loader *loader, const struct yaml_node *node,
                                  enum rule_result *out)
{
    const char *words[RULE_SHADOW_ERROR + 1] = {NULL};
    size_t index = 0;

    for (size_t i = RULE_PASS; i <= RULE_SHADOW_ERROR; i++) {
        words[i - RULE_PASS] = rule_result_name((enum rule_result)i);
    }
    TRY(load_choice(loader, node, "result", words, &index));
    *out = (enum rule_result)(index + RULE_PASS);
    return SG_OK;
}

static enum sg_status read_rules(struct loader *loader, const struct yaml_node *node,
                                 void *target)
{
    struct test *test = target;

    TRY(load_is(loader, node, YAML_MAP, "a map: 'rule: result'"));
    test->expected =
        pool_take(&loader->policy->pool, node->count + 1, sizeof(*test->expected));
    if (test->expected == NULL) {
        return SG_NO_MEMORY;
    }
    for (size_t i = 0; i < node->count; i++) {
        struct expectation *expected = &test->expected[i];
        TRY(load_rule_ref(loader, &node->keys[i], &expected->rule));
        TRY(read_result(loader, &node->items[i], &expected->result));
        expected->node = &node->items[i];
    }
    test->expected_count = node->count;
    return SG_OK;
}

static enum sg_status read_expect(struct loader *loader, const struct yaml_node *node,
                                  void *target)
{
    static const struct field fields[] = {{"decision", true, read_decision},
                                          {"code", false, read_code},
                                          {"rules", false, read_rules},
                                          {NULL, false, NULL}};

    return load_fields(loader, node, fields, target);
}

/* --- Running ----------------------------------------------------------------------- */

static void count_coverage(struct policy *policy, const struct facts *facts)
{
    for (size_t i = 0; i < policy->rule_count; i++) {
        enum rule_result raw = rule_raw(policy, &policy->rules[i], facts);
        policy->coverage[i].passed += raw == RULE_PASS ? 1 : 0;
        policy->coverage[i].failed += raw == RULE_FAIL ? 1 : 0;
    }
}

static enum sg_status wrong_decision(struct loader *loader, const struct test *test,
                                     const struct verdict *verdict,
                                     const struct facts *facts)
{
    const struct rule_info *rule = &loader->policy->rules[verdict->failures[0]].info;
    struct rule_why why;

    if (verdict->failure_count == 0) {
        return yaml_fail(loader->doc, test->decision_node, loader->why,
                         "test '%s' fails: the decision is %s", test->name,
                         verdict->allow ? "allow" : "deny, because no rule applies");
    }
    policy_explain(loader->policy, verdict->failures[0], facts, &why);
    return yaml_fail(loader->doc, test->decision_node, loader->why,
                     "test '%s' fails: %s denies (%s); %s is '%s', required %s",
                     test->name, rule->id, rule->code, why.fact, why.found, why.required);
}

static enum sg_status check_code(struct loader *loader, const struct test *test,
                                 const struct verdict *verdict)
{
    if (test->code == NULL) {
        return SG_OK;
    }
    const char *code = verdict->failure_count == 0
                           ? "none"
                           : loader->policy->rules[verdict->failures[0]].info.code;
    if (strcmp(code, test->code) != 0) {
        return yaml_fail(loader->doc, test->code_node, loader->why,
                         "test '%s' fails: the code is %s, expected is %s", test->name,
                         code, test->code);
    }
    return SG_OK;
}

static enum sg_status check_results(struct loader *loader, const struct test *test,
                                    const struct facts *facts)
{
    struct rule_why why;

    for (size_t i = 0; i < test->expected_count; i++) {
        const struct expectation *expected = &test->expected[i];
        policy_explain(loader->policy, expected->rule, facts, &why);
        if (why.result != expected->result) {
            return yaml_fail(loader->doc, expected->node, loader->why,
                             "test '%s' fails: the result of %s is %s, expected is %s",
                             test->name, loader->policy->rules[expected->rule].info.id,
                             rule_result_name(why.result),
                             rule_result_name(expected->result));
        }
    }
    return SG_OK;
}

/* The same way as a real job: bind the key, begin with its facts, add the job's. */
static enum sg_status run(struct loader *loader, const struct test *test)
{
    struct policy_key *bound = NULL;
    struct verdict verdict;

    TRY(policy_bind(loader->policy, &test->facts, &bound));
    struct facts facts = *policy_key_facts(bound);
    for (size_t i = 0; i < FACT_COUNT; i++) {
        if (fact_phase((enum fact)i) != FACT_PHASE_KEY) {
            facts.value[i] = test->facts.value[i];
        }
    }
    facts_derive(&facts);
    policy_clock_facts(loader->policy, &facts);
    policy_judge(loader->policy, bound, &facts, &verdict);
    count_coverage(loader->policy, &facts);
    enum sg_status status = verdict.allow == test->allow
                                ? check_code(loader, test, &verdict)
                                : wrong_decision(loader, test, &verdict, &facts);
    status = status == SG_OK ? check_results(loader, test, &facts) : status;
    policy_key_free(bound);
    return status;
}

/* A small file may hold much work: thousands of tests of thousands of rules. */
static enum sg_status check_work(struct loader *loader, const struct yaml_node *node,
                                 const struct test *test)
{
    const struct policy *policy = loader->policy;

    loader->work += load_facts_work(policy, &test->facts);
    for (size_t i = 0; i < test->expected_count; i++) {
        loader->work +=
            load_rule_work(policy, &policy->rules[test->expected[i].rule], &test->facts);
    }
    if (loader->work > LOAD_WORK_MAX) {
        return yaml_fail(loader->doc, node, loader->why,
                         "with this test the tests ask for more than %d comparisons; use "
                         "fewer tests, shorter lists or smaller patterns",
                         LOAD_WORK_MAX);
    }
    return SG_OK;
}

/* base before without before input: each changes what the one before has set. */
static enum sg_status load_test(struct loader *loader, const struct yaml_node *node)
{
    static const struct field fields[] = {
        {"name", true, read_name},    {"base", false, read_base},
        {"now", true, read_now},      {"without", false, read_without},
        {"input", false, read_input}, {"expect", true, read_expect},
        {NULL, false, NULL}};
    struct test test = {0};

    TRY(load_fields(loader, node, fields, &test));
    TRY(check_work(loader, node, &test));
    return run(loader, &test);
}

enum sg_status load_tests(struct loader *loader, const struct yaml_node *node,
                          void *policy)
{
    struct policy *made = policy;
    enum sg_status status = load_is_list(loader, node, LOAD_TESTS_MAX, "a list of tests");

    made->rehearsing = true;
    for (size_t i = 0; status == SG_OK && i < node->count; i++) {
        status = load_test(loader, &node->items[i]);
        made->test_count += status == SG_OK ? 1 : 0;
    }
    made->rehearsing = false;
    const struct yaml_node *all[] = {loader->bases, node};
    return status == SG_OK ? load_digest(all, SG_COUNT(all), made->tests_sha256) : status;
}
