#ifndef SEGEL_GATEWAY_POLICY_GENERAL_H
#define SEGEL_GATEWAY_POLICY_GENERAL_H

#include "gateway/policy/policy.h"

/* The first rule that denies every job now, by facts alone that are the same for all of
 * them: clock, ledger, anchors, lock-down, and what the policy says of itself; the
 * policy's number of rules: none does. now: those of the first four, and clock.now. out:
 * fact, found and required, when one does. What officers override they let through all
 * the same. Any thread. */
size_t policy_denies_all(const struct policy *policy, const struct facts *now,
                         struct rule_why *out);

#endif
