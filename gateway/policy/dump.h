#ifndef SEGEL_GATEWAY_POLICY_DUMP_H
#define SEGEL_GATEWAY_POLICY_DUMP_H

#include <stdio.h>

#include "gateway/policy/compiled.h"

/* Inside of the policy module: the compiled policy as text. */

/* "; when … ; require …" on one line. */
void policy_print_demands(FILE *out, const struct policy *policy,
                          const struct rule *rule);
/* What an exception matches, on one line. */
void policy_print_match(FILE *out, const struct policy *policy,
                        const struct exception *exception);
/* All but the rules: metadata, lists, exceptions, tests. */
void policy_print_rest(FILE *out, const struct policy *policy);
/* For policy_dump. */
SG_MUST_USE enum sg_status policy_make_dump(struct policy *policy);

#endif
