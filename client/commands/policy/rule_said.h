#ifndef SEGEL_CLIENT_COMMANDS_POLICY_RULE_SAID_H
#define SEGEL_CLIENT_COMMANDS_POLICY_RULE_SAID_H

#include "client/commands/policy/common.h"

/* What a policy says of one rule, without a job: for who met its id in a log, a report or
 * a refusal. Texts are borrowed; "" = there is none. */
struct rule_text {
    const char *id;
    const char *cp_section;
    const char *code;
    const char *level;
    const char *mode;
    const char *message;
    const char *asks; /* "when a; require b" */
    struct {
        const char *name;
        const char *type;
        const char *help;
    } facts[FACT_COUNT]; /* that it looks at */
    size_t fact_count;
    unsigned passed; /* tests of the file in which it passes, */
    unsigned failed; /* and in which it fails or warns */
};

/* Prints it in the language of the options, or one JSON object. */
SG_MUST_USE enum exit_code rule_text_print(const struct policy_options *options,
                                           const struct rule_text *rule);

/* Of a file. EXIT_USAGE: it has no such rule, which has been told. */
SG_MUST_USE enum exit_code rule_said(const struct policy_options *options,
                                     const struct policy *policy, const char *id);
/* Of the policy that a gateway has in force. */
SG_MUST_USE enum exit_code
rule_asked(const struct home *home, const struct policy_options *options, const char *id);

#endif
