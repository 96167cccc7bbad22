#ifndef SEGEL_GATEWAY_POLICY_UNKNOWN_H
#define SEGEL_GATEWAY_POLICY_UNKNOWN_H

#include "gateway/policy/policy.h"

/* Judging when it is not known of some facts whether they were there, or what they were.
 * Such a fact may have been absent or have had any value: a rule that reads it may then
 * have passed, failed or erred. Conditions are weighed each by itself, so that now and
 * then an outcome counts as open that a cleverer look would settle; never the other way
 * round. Pure; no allocation. */
struct unknown {
    bool fact[FACT_COUNT];
    /* Rules that officers had lifted from the job: policy_relieve. */
    const uint16_t *lifted; /* borrowed */
    size_t lifted_count;
};

struct unknown_verdict {
    bool may_allow;
    bool may_deny;          /* both: the outcome depends on what is not known */
    struct verdict certain; /* what does not: rules passed, failures, shadows */
    size_t open;            /* rules, shadows among them, that may come out differently */
    enum fact wanted;       /* first unknown fact that an open rule reads; FACT_COUNT */
};

/* reads.c: sets those facts that a job's outcome may depend on: rules in mode enforce or
 * shadow read them, or exceptions do. Records hold the same ones. */
void policy_reads(const struct policy *policy, bool reads[FACT_COUNT]);
/* Records have it as a member of its own (fields.def). */
bool policy_is_field(enum fact fact);
/* Unknown facts must be absent in facts. */
void policy_judge_unknown(const struct policy *policy, const struct policy_key *bound,
                          const struct facts *facts, const struct unknown *unknown,
                          struct unknown_verdict *out);
/* Whether this rule may come out in more than one way. */
bool policy_rule_open(const struct policy *policy, size_t rule, const struct facts *facts,
                      const struct unknown *unknown);

#endif
