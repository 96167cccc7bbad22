#ifndef SEGEL_CLIENT_COMMANDS_POLICY_COUNTS_H
#define SEGEL_CLIENT_COMMANDS_POLICY_COUNTS_H

#include "client/commands/policy/common.h"

/* How often each rule has denied in a period, by the records of a gateway's log. */
struct policy_period {
    int64_t from_us;  /* inclusive; 0 = from the beginning */
    int64_t until_us; /* exclusive; 0 = to the end */
};

/* Asks the gateway that home names and prints a table by rule and section of the policy,
 * with --json an object a rule, then the sums. Complains itself. EXIT_REFUSED: a record
 * could not be read, so that the numbers are too low. */
enum exit_code policy_counts(const struct home *home,
                             const struct policy_options *options,
                             const struct policy *policy,
                             const struct policy_period *period);

#endif
