#include <stdio.h>
#include <string.h>

#include "gateway/core/key/binding.h"
#include "gateway/policy/review.h"
#include "gateway/service/status/overview.h"

/* What the token told of a key, and what the policy makes of it. */

enum { RULES_SIZE = 256 };

/* What keeps a key inside of its token. */
static const struct {
    enum fact fact;
    bool wanted;
} kept[] = {{FACT_ID_key_sensitive, true},
            {FACT_ID_key_always_sensitive, true},
            {FACT_ID_key_extractable, false},
            {FACT_ID_key_never_extractable, true}};

static bool told(const struct facts *facts, enum fact fact, bool value)
{
    const struct fact_value *found = &facts->value[fact];

    return found->present && (found->number != 0) == value;
}

static bool asks(const struct policy *policy, size_t rule, const struct facts *facts)
{
    bool found = false;

    for (size_t i = 0; i < SG_COUNT(kept) && !found; i++) {
        found = !told(facts, kept[i].fact, kept[i].wanted) &&
                policy_rule_asks(policy, rule, kept[i].fact);
    }
    return found;
}

/* "CP-6.2-02 (hard, shadow), …": those that ask for what the key lacks. What finds no
 * place whole is left out. */
static void list_rules(const struct policy_key *bound, char out[RULES_SIZE])
{
    const struct policy *policy = policy_key_policy(bound);
    size_t len = 0;

    for (size_t i = 0; i < policy_rule_count(policy); i++) {
        const struct rule_info *rule = policy_rule(policy, i);
        if (!asks(policy, i, policy_key_facts(bound))) {
            continue;
        }
        int more =
            snprintf(out + len, RULES_SIZE - len, "%s%s (%s, %s)", len == 0 ? "" : ", ",
                     rule->id, rule_level_name(rule->level), rule_mode_name(rule->mode));
        if (more < 0 || (size_t)more >= RULES_SIZE - len) {
            out[len] = '\0';
            return;
        }
        len += (size_t)more;
    }
}

static bool say(struct overview *overview, const struct policy_key *bound,
                Segel__V1__KeyStatus *out)
{
    const struct facts *facts = policy_key_facts(bound);
    char *rules = (char *)approvals_room(overview->asked, RULES_SIZE);

    if (rules == NULL) {
        return false;
    }
    rules[0] = '\0';
    list_rules(bound, rules);
    out->keeping_rules = rules;
    out->chain_untrusted = told(facts, FACT_ID_cert_chain_ok, false);
    out->made_on_token = told(facts, FACT_ID_key_local, true);
    out->sensitive = told(facts, FACT_ID_key_sensitive, true);
    out->always_sensitive = told(facts, FACT_ID_key_always_sensitive, true);
    out->not_extractable = told(facts, FACT_ID_key_extractable, false);
    out->never_extractable = told(facts, FACT_ID_key_never_extractable, true);
    return true;
}

bool overview_key(struct overview *overview, const struct key *key,
                  Segel__V1__KeyStatus *out)
{
    struct binding *binding = key_take_binding(key);
    bool said = binding == NULL || say(overview, binding->facts, out);

    binding_give(binding);
    return said;
}
