#ifndef SEGEL_TESTS_UNIT_POLICY_SUPPORT_PARSE_H
#define SEGEL_TESTS_UNIT_POLICY_SUPPORT_PARSE_H

#include "gateway/policy/policy.h"

/* Four lawful lines; what a test adds begins in line 5. */
#define HEAD                                                                             \
    "apiVersion: segel/v1\n"                                                             \
    "kind: CertificatePolicy\n"                                                          \
    "metadata: {id: p, version: 1, effective: 2026-01-01, review_by: 2027-01-01}\n"      \
    "profile: test\n"

/* Loads head and rest, which must be lawful. */
struct policy *lawful(const char *rest);
/* One hard rule R1 with this requirement: "{key.class: seal}". */
struct policy *one_rule(const char *require);
/* The text must be refused: the sentence begins with place and holds the words. */
void refused_whole(const char *text, const char *begins, const char *holds);
void refused(const char *rest, const char *begins, const char *holds);

/* Binds, adds the JOB facts, judges. */
struct verdict judge(const struct policy *policy, const struct facts *facts);
/* Effective result of a rule. */
enum rule_result result(const struct policy *policy, size_t rule,
                        const struct facts *facts);

#endif
