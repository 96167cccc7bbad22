/* A policy file: refused with place and sentence, or loaded with all that readers ask
 * for; nothing known allows nothing; the same facts give the same verdict, and the
 * reasons that are given agree with it. Input: a choice, then the file. */
#include "gateway/policy/policy.h"

#include <stdlib.h>

#include "gateway/policy/review.h"
#include "tests/fuzz/support/fuzz.h"

/* Values of all kinds in turn, by the choice; what stays absent is part of it. */
static void fill(struct facts *facts, uint8_t choice)
{
    static const struct slice texts[] = {{(const uint8_t *)"seal", 4},
                                         {(const uint8_t *)"rsa", 3},
                                         {(const uint8_t *)"a", 1},
                                         {(const uint8_t *)"", 0}};
    static const int64_t numbers[] = {0, 1, 2048, INT64_MAX, INT64_MIN, SG_COUNT(texts)};

    for (size_t i = 0; i < FACT_COUNT; i++) {
        enum fact fact = (enum fact)i;
        size_t turn = i * 7 + choice;
        if (turn % 5 == 0) {
            continue;
        }
        if (fact_type(fact) == FACT_BOOL) {
            facts_bool(facts, fact, turn % 2 == 0);
        } else if (fact_type_is_number(fact_type(fact))) {
            facts_number(facts, fact, numbers[turn % SG_COUNT(numbers)]);
        } else if (fact_type_is_text(fact_type(fact))) {
            facts_text(facts, fact, texts[turn % SG_COUNT(texts)]);
        } else {
            facts_set(facts, fact, texts, turn % SG_COUNT(texts));
        }
    }
}

static bool listed(const struct verdict *verdict, size_t rule)
{
    for (size_t i = 0; i < verdict->failure_count && i < VERDICT_FAILURES; i++) {
        if (verdict->failures[i] == rule) {
            return true;
        }
    }
    return false;
}

static void hold_reasons(const struct policy *policy, const struct facts *facts,
                         const struct verdict *verdict)
{
    struct rule_why why;

    for (size_t i = 0; i < policy_rule_count(policy); i++) {
        policy_explain(policy, i, facts, &why);
        bool denies = policy_rule(policy, i)->level != RULE_ADVISORY &&
                      (why.result == RULE_FAIL || why.result == RULE_ERROR);
        MUST(denies == listed(verdict, i) || verdict->failure_count > VERDICT_FAILURES);
        MUST(!denies || !verdict->allow);
    }
}

static void judge(const struct policy *policy, const struct facts *given)
{
    struct policy_key *bound = NULL;
    struct policy_key *other = NULL;
    struct verdict verdict = {0};
    struct verdict again = {0};

    MUST(policy_bind(policy, given, &bound) == SG_OK &&
         policy_bind(policy, given, &other) == SG_OK);
    MUST(policy_key_equal(bound, other) && policy_key_alike(bound, other));
    struct facts facts = *policy_key_facts(bound);
    for (size_t i = 0; i < FACT_COUNT; i++) {
        if (fact_phase((enum fact)i) != FACT_PHASE_KEY) {
            facts.value[i] = given->value[i];
        }
    }
    facts_derive(&facts);
    policy_clock_facts(policy, &facts);
    policy_judge(policy, bound, &facts, &verdict);
    policy_judge(policy, other, &facts, &again);
    MUST(verdict.allow == again.allow && verdict.passed == again.passed &&
         verdict.failure_count == again.failure_count &&
         memcmp(verdict.remarks, again.remarks, sizeof(verdict.remarks)) == 0);
    MUST(!verdict.allow || (verdict.passed > 0 && verdict.failure_count == 0));
    hold_reasons(policy, &facts, &verdict);
    policy_key_free(bound);
    policy_key_free(other);
}

static void hold_texts(const struct policy *policy)
{
    const struct policy_info *info = policy_info(policy);

    MUST(info->id != NULL && info->agreement_no != NULL && info->cp_title != NULL &&
         info->statement_id != NULL && info->statement_en != NULL);
    MUST(policy_dump(policy) != NULL);
    for (size_t i = 0; i < policy_rule_count(policy); i++) {
        const struct rule_info *rule = policy_rule(policy, i);
        MUST(policy_find_rule(policy, rule->id) == i);
        MUST(rule->code != NULL && policy_status(policy, i) != SG_OK);
        MUST(policy_same_demands(policy, i, policy, i));
    }
}

static void read(struct slice text, uint8_t choice)
{
    struct policy *policy = NULL;
    struct sg_error why = {0};
    struct facts facts = {0};

    enum sg_status status = policy_parse(text, "p.yaml", &policy, &why);
    MUST(status == SG_OK || status == SG_INVALID);
    if (status == SG_INVALID) {
        MUST(strncmp(why.text, "p.yaml:", 7) == 0);
        return;
    }
    hold_texts(policy);
    judge(policy, &facts);
    fill(&facts, choice);
    judge(policy, &facts);
    policy_free(policy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct slice input = slice_of(data, len);
    uint8_t choice = fuzz_choice(&input);

    uint8_t *copy = fuzz_copy(input);
    read(slice_of(copy, input.len), choice);
    free(copy);
    return 0;
}
