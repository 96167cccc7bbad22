#ifndef SEGEL_GATEWAY_POLICY_VERDICT_H
#define SEGEL_GATEWAY_POLICY_VERDICT_H

#include "gateway/policy/facts.h"
#include "gateway/policy/rule_set.h"
#include "proto/remarks.h"

/* A rule as others see it, and what becomes of a job by all of them. */

enum rule_level { RULE_HARD, RULE_SOFT, RULE_ADVISORY };
/* RULE_PENDING: the rule reads a fact that this gateway does not make yet. It judges no
 * job and no key; only the tests in the policy file see it at work. */
enum rule_mode { RULE_ENFORCE, RULE_SHADOW, RULE_OFF, RULE_PENDING };
/* Values equal RuleResult in segel/v1/common.proto. */
enum rule_result {
    RULE_NONE,
    RULE_PASS,
    RULE_FAIL,
    RULE_WARN,
    RULE_ERROR,
    RULE_SKIP,
    RULE_SHADOW_PASS,
    RULE_SHADOW_FAIL,
    RULE_SHADOW_ERROR
};

struct rule_info {
    const char *id;         /* "CP-6.1-02" */
    const char *cp_section; /* "6.1.5" */
    const char *code;       /* "KEY_TOO_WEAK" */
    enum rule_level level;
    enum rule_mode mode;
    const char *message_id; /* Indonesian; NULL when the file has none */
    const char *message_en; /* English; likewise */
};

/* How a condition, or all conditions of a map together, come out. */
enum outcome { OUTCOME_MET, OUTCOME_UNMET, OUTCOME_ERROR };

/* A rule that reads STATE facts, as far as it can be judged without them. */
struct verdict_open {
    uint16_t rule;        /* index in the policy */
    enum outcome when;    /* of its conditions on other facts */
    enum outcome require; /* likewise */
    uint16_t decider; /* the one of them that decides, if they do: its place in its map */
    bool relief;      /* an exception matches */
    bool lifted;      /* by officers; then no exception does */
    uint16_t found_at; /* of the value that it found, in the verdict's found */
    uint16_t found_len;
};

/* One decision. Deny if any enforced hard or soft rule fails or errs; deny when no
 * enforced rule passed (then failure_count may be 0). failures: indices of the rules that
 * deny, in file order, the first being the deciding one. */
enum { VERDICT_FAILURES = 16, VERDICT_OPEN = 32, VERDICT_FOUND = 256 };
struct verdict {
    bool allow;
    uint16_t passed;
    uint16_t skipped;
    uint16_t failure_count; /* all; only the first VERDICT_FAILURES are listed */
    uint16_t failures[VERDICT_FAILURES];
    /* Rules that failed and deny nothing, or, in shadow or advisory, erred: all. */
    struct rule_set remarks[REMARKS];
    /* Counts and failures as the first of two steps left them: the second may be made
     * more than once, at different times. (Of an open rule it remarks anew.) */
    struct verdict_early {
        uint16_t passed;
        uint16_t skipped;
        uint16_t failure_count;
        uint16_t failures[VERDICT_FAILURES];
    } early;
    uint16_t open_count; /* in file order; a policy has no more */
    uint16_t found_len;
    struct verdict_open open[VERDICT_OPEN]; /* those from open_count on are not set */
    char found[VERDICT_FOUND]; /* texts of open rules; what finds no room is cut */
};

/* How many of its failures are listed. */
static inline size_t verdict_listed(const struct verdict *verdict)
{
    return verdict->failure_count < VERDICT_FAILURES ? verdict->failure_count
                                                     : VERDICT_FAILURES;
}

/* Why one rule came out as it did: for denial details and explain. Texts are cut to fit.
 */
struct rule_why {
    enum rule_result result; /* effective */
    enum rule_result raw;    /* PASS, FAIL, ERROR, SKIP: before level, mode, exception */
    const char *fact;        /* name of the fact that decided; "" when none did */
    char found[128];         /* its value; empty when absent */
    char required[192];      /* ">= 2048", "one of [a, b]" */
};

#endif
