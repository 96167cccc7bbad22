#ifndef SEGEL_CLIENT_COMMANDS_POLICY_COMMON_H
#define SEGEL_CLIENT_COMMANDS_POLICY_COMMON_H

#include <jansson.h>

#include "client/console/command.h"
#include "gateway/policy/review.h"

/* What the policy commands share. */
struct policy_options {
    const char *lang;   /* "id" or "en" */
    const char *policy; /* explain only */
    const char *job;    /* explain only */
    bool gateway;       /* explain only */
    bool json;
    bool coverage; /* test only */
};

/* Checks language and number of operands. EXIT_USAGE has been explained. */
SG_MUST_USE enum exit_code policy_usage(const struct command *command,
                                        struct words *words, size_t least, size_t most,
                                        struct policy_options *options);
/* Loads a file, which runs its tests. Complains itself; a file that does not load is
 * EXIT_REFUSED, one that cannot be read EXIT_BROKEN. The caller frees *out. */
SG_MUST_USE enum exit_code policy_open(const char *path, struct policy **out);
/* The text in the language of the options. */
const char *policy_say(const struct policy_options *options, const char *indonesian,
                       const char *english);
/* The rule's own message, in the language if it has it; "" when it has none. */
const char *policy_message(const struct policy_options *options,
                           const struct rule_info *rule);
/* Why a rule judges no job, for rules that policy_lacks names: a sentence without a line
 * end. */
void policy_say_lacking(const struct policy_options *options, FILE *out, const char *rule,
                        const char *fact);
/* What two policies say differently, as 'segel policy diff' shows it; how many. */
size_t policy_print_differences(struct policy_options *options, const struct policy *old,
                                const struct policy *new);
/* Writes it as one line and releases it. EXIT_BROKEN when there is no memory. */
enum exit_code policy_print_json(json_t *value);

#endif
