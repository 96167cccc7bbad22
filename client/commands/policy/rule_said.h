#ifndef SEGEL_CLIENT_COMMANDS_POLICY_RULE_SAID_H
#define SEGEL_CLIENT_COMMANDS_POLICY_RULE_SAID_H

#include "client/commands/policy/common.h"

/* What a policy file says of one rule, without a job: for who met its id in a log, a
 * report or a refusal. Prints it in the language of the options, or one JSON object.
 * EXIT_USAGE: the file has no such rule, which has been told. */
SG_MUST_USE enum exit_code rule_said(const struct policy_options *options,
                                     const struct policy *policy, const char *id);

#endif
