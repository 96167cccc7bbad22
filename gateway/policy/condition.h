#ifndef SEGEL_GATEWAY_POLICY_CONDITION_H
#define SEGEL_GATEWAY_POLICY_CONDITION_H

#include <regex.h>

#include "gateway/policy/facts.h"
#include "gateway/policy/line.h"
#include "gateway/policy/policy.h"
#include "gateway/policy/runs.h"

/* One compiled demand on one fact: "key.rsa_bits: {ge: 2048}". */
enum operator_id {
#define OPERATOR(name, text, types, operand) OPERATOR_##name,
#include "gateway/policy/operators.def"
#undef OPERATOR
    OPERATOR_COUNT
};

/* A bound or value: a constant, or another fact of the type when fact is not FACT_COUNT
 * (times only: "clock.now: {le: cert.not_after}"). */
struct operand {
    int64_t number;
    enum fact fact;
};

struct condition {
    enum fact fact;
    enum fact_type type; /* of that fact */
    enum operator_id op;
    bool of_state;       /* reads a STATE fact */
    struct operand low;  /* numbers: eq, ne, ge, between, exists (0 or 1) */
    struct operand high; /* numbers: le, between */
    struct slice text;   /* texts: eq, ne; the pattern as written */
    /* in, not_in, subset; borrowed from the policy */
    const struct slice *texts;
    const int64_t *numbers;
    size_t count;
    const char *list; /* name of the list, NULL when written out */
    const regex_t *pattern;
    const struct runs *runs; /* the same pattern; NULL: regexec must judge it */
    uint32_t weight;         /* of the pattern: what it grows to */
};

enum { CONDITION_INPUT_MAX = 512 }; /* bytes that a pattern is tried on */

/* An absent fact is OUTCOME_ERROR, except for exists. */
enum outcome condition_judge(const struct condition *condition,
                             const struct facts *facts);
/* What it demands: ">= 2048", "one of algs [a, b]". */
void condition_print(const struct condition *condition, struct line *line);
/* The same with the name of its list alone. */
void condition_print_named(const struct condition *condition, struct line *line);
/* The value of a fact; nothing when it is absent. */
void fact_print(enum fact fact, const struct fact_value *value, struct line *line);

#endif
