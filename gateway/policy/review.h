#ifndef SEGEL_GATEWAY_POLICY_REVIEW_H
#define SEGEL_GATEWAY_POLICY_REVIEW_H

#include <stdio.h>

#include "gateway/policy/policy.h"

/* What reviewers ask of a policy file, with no gateway at hand. */

struct catalogue_row {
    const char *rule;
    enum rule_level level;
    const char *title;
    const char *title_id; /* Indonesian */
    const char *law;      /* "" when none is named */
    const char *beside;   /* what gateway or people do without the rule; "" = nothing */
};
/* NULL when the catalogue has no such rule. */
const struct catalogue_row *catalogue_find(const char *rule);
const struct catalogue_row *catalogue_at(size_t index); /* NULL behind the last */

const char *rule_level_name(enum rule_level level);
const char *rule_mode_name(enum rule_mode mode);
const char *rule_result_name(enum rule_result result);

/* What a rule asks, as the dump writes it: "; when … ; require …". The caller frees it;
 * NULL when there is no memory. */
char *policy_demands_text(const struct policy *policy, size_t rule);
/* The dump without its rules: metadata, lists, exceptions, tests. Likewise. */
char *policy_rest_text(const struct policy *policy);
/* A standing relief of the file, in its order; texts are borrowed from the policy. */
struct exception_info {
    const char *rule; /* id */
    int64_t until_us; /* exclusive */
    const char *reason;
};
size_t policy_exception_count(const struct policy *policy);
struct exception_info policy_exception(const struct policy *policy, size_t exception);
/* Who approved it, one by one; NULL behind the last. */
const char *policy_exception_approver(const struct policy *policy, size_t exception,
                                      size_t approver);
/* What it matches, as the dump writes it: "caller.name = e-office, …". As
 * policy_demands_text. */
char *policy_exception_match(const struct policy *policy, size_t exception);
/* Whether two rules ask the same. false, too, when there is no memory to compare. */
bool policy_same_demands(const struct policy *one, size_t rule,
                         const struct policy *other, size_t other_rule);
/* Whether a rule requires something of the fact, in whatever mode. */
bool policy_rule_asks(const struct policy *policy, size_t rule, enum fact fact);
/* The facts in a rule's conditions, in whatever mode. */
void policy_rule_facts(const struct policy *policy, size_t rule, bool facts[FACT_COUNT]);
/* The index of a rule; policy_rule_count when there is none. */
size_t policy_find_rule(const struct policy *policy, const char *id);

/* One job as a file: {"fact": value, …}, JSON or YAML, typed and closed as in a test.
 * Owns what its facts borrow. Begins with the facts of the policy and of the calendar;
 * clock.now must be among the facts, because no clock is read. */
struct policy_case;
SG_MUST_USE enum sg_status policy_case_load(const struct policy *policy, const char *path,
                                            struct policy_case **out,
                                            struct sg_error *why);
void policy_case_free(struct policy_case *job);
const struct facts *policy_case_facts(const struct policy_case *job);
void policy_case_judge(const struct policy_case *job, struct verdict *out);

#endif
