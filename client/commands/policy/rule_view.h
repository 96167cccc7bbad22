#ifndef SEGEL_CLIENT_COMMANDS_POLICY_RULE_VIEW_H
#define SEGEL_CLIENT_COMMANDS_POLICY_RULE_VIEW_H

#include "client/commands/policy/common.h"
#include "segel/v1/signing.pb-c.h"

/* One rule's view of one job, whoever judged it. Texts are borrowed; "" = there is none.
 */
struct rule_view {
    const char *id;
    const char *cp_section;
    const char *code;
    const char *level;
    const char *mode;
    const char *lacks; /* the fact that mode pending waits for */
    const char *fact;
    const char *found;
    const char *required;
    const char *message;
    enum rule_result result; /* effective */
    enum rule_result raw;
    bool excepted; /* it fails, and an exception lifts it */
};

/* Judged here, by a policy file. why: the caller's; the view borrows from it. */
struct rule_view rule_view_of_file(const struct policy_options *options,
                                   const struct policy *policy, size_t rule,
                                   const struct facts *facts, struct rule_why *why);
/* Judged by a gateway. What only a newer one knows becomes "unknown" or no result. */
struct rule_view rule_view_of_answer(const Segel__V1__RuleVerdict *verdict);
/* What the contract's RuleLevel and RuleMode are called; "unknown" of a newer gateway. */
const char *rule_view_level(int value);
const char *rule_view_mode(int value);

/* One line; on a terminal it is folded below its last column. */
void rule_view_print(const struct policy_options *options, const struct rule_view *view);
/* The last line. */
void rule_view_print_decision(const struct policy_options *options, bool allowed);
json_t *rule_view_json(const struct rule_view *view);

#endif
