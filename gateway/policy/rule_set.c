#include "gateway/policy/rule_set.h"

#include "proto/base.h"

enum { WORD_BITS = 64 };

void rule_set_add(struct rule_set *set, size_t rule)
{
    MUST(rule < POLICY_RULES_MAX);
    set->words[rule / WORD_BITS] |= (uint64_t)1 << rule % WORD_BITS;
}

void rule_set_drop(struct rule_set *set, size_t rule)
{
    MUST(rule < POLICY_RULES_MAX);
    set->words[rule / WORD_BITS] &= ~((uint64_t)1 << rule % WORD_BITS);
}

size_t rule_set_count(const struct rule_set *set)
{
    size_t count = 0;

    for (size_t i = 0; i < RULE_SET_WORDS; i++) {
        count += (size_t)__builtin_popcountll(set->words[i]);
    }
    return count;
}

size_t rule_set_next(const struct rule_set *set, size_t from)
{
    size_t first = from / WORD_BITS;

    for (size_t i = first; i < RULE_SET_WORDS; i++) {
        uint64_t word = set->words[i];
        if (i == first) {
            word &= UINT64_MAX << from % WORD_BITS;
        }
        if (word != 0) {
            return i * WORD_BITS + (size_t)__builtin_ctzll(word);
        }
    }
    return POLICY_RULES_MAX;
}
