#ifndef SEGEL_GATEWAY_POLICY_RULE_SET_H
#define SEGEL_GATEWAY_POLICY_RULE_SET_H

#include <stddef.h>
#include <stdint.h>

/* Some of a policy's rules, by their index. It has room for all of them, so that nothing
 * is lost of a policy that tries many rules. The zero state is the empty set. */
enum { POLICY_RULES_MAX = 1000, RULE_SET_WORDS = (POLICY_RULES_MAX + 63) / 64 };
struct rule_set {
    uint64_t words[RULE_SET_WORDS];
};

/* rule < POLICY_RULES_MAX */
void rule_set_add(struct rule_set *set, size_t rule);
void rule_set_drop(struct rule_set *set, size_t rule);
size_t rule_set_count(const struct rule_set *set);
/* The first one at or behind from, in file order; POLICY_RULES_MAX: there is none. */
size_t rule_set_next(const struct rule_set *set, size_t from);

#endif
