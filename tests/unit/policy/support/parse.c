#include "tests/unit/policy/support/parse.h"

#include <criterion/criterion.h>
#include <stdio.h>

static struct sg_error why;

static struct policy *parse(const char *text)
{
    struct policy *policy = NULL;

    cr_assert_eq(policy_parse(slice_str(text), "p.yaml", &policy, &why), SG_OK, "%s",
                 why.text);
    return policy;
}

struct policy *lawful(const char *rest)
{
    char text[8192];

    (void)snprintf(text, sizeof(text), "%s%s", HEAD, rest);
    return parse(text);
}

struct policy *one_rule(const char *require)
{
    char rest[1024];

    (void)snprintf(
        rest, sizeof(rest),
        "rules:\n  - {id: R1, cp: \"1\", level: hard, require: %s, deny: NO}\n", require);
    return lawful(rest);
}

void refused_whole(const char *text, const char *begins, const char *holds)
{
    struct policy *policy = NULL;

    why.text[0] = '\0';
    cr_assert_eq(policy_parse(slice_str(text), "p.yaml", &policy, &why), SG_INVALID,
                 "accepted:\n%s", text);
    cr_assert_null(policy);
    cr_expect(strncmp(why.text, begins, strlen(begins)) == 0, "%s\nwanted %s", why.text,
              begins);
    cr_expect_not_null(strstr(why.text, holds), "%s\nwanted %s", why.text, holds);
}

void refused(const char *rest, const char *begins, const char *holds)
{
    char text[8192];

    (void)snprintf(text, sizeof(text), "%s%s", HEAD, rest);
    refused_whole(text, begins, holds);
}

/* As the gateway does it: the key's facts first, the job's on top. */
static struct facts begin(const struct policy *policy, const struct facts *facts,
                          struct policy_key **bound)
{
    cr_assert_eq(policy_bind(policy, facts, bound), SG_OK);
    struct facts all = *policy_key_facts(*bound);
    for (size_t i = 0; i < FACT_COUNT; i++) {
        if (fact_phase((enum fact)i) != FACT_PHASE_KEY) {
            all.value[i] = facts->value[i];
        }
    }
    return all;
}

struct verdict judge(const struct policy *policy, const struct facts *facts)
{
    struct policy_key *bound = NULL;
    struct verdict verdict;
    struct facts all = begin(policy, facts, &bound);

    policy_judge(policy, bound, &all, &verdict);
    policy_key_free(bound);
    return verdict;
}

enum rule_result result(const struct policy *policy, size_t rule,
                        const struct facts *facts)
{
    struct policy_key *bound = NULL;
    struct rule_why reason;
    struct facts all = begin(policy, facts, &bound);

    policy_explain(policy, rule, &all, &reason);
    policy_key_free(bound);
    return reason.result;
}
