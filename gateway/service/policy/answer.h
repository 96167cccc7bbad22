#ifndef SEGEL_GATEWAY_SERVICE_POLICY_ANSWER_H
#define SEGEL_GATEWAY_SERVICE_POLICY_ANSWER_H

#include "gateway/ledger/policy_view.h"
#include "gateway/service/policy/ask.h"

/* Answers of PolicyService are made in the ask's arena, on the clerk's thread. false, or
 * NULL: it is full. Texts of the ask's policy are borrowed. */

/* answer_policy.c: of the policy in force, or of the earlier one that was asked for. */
SG_MUST_USE bool answer_get(struct policy_ask *ask, const char *ledger);
/* Of an earlier one that does not load: its file, which is the ask's text, and why. */
SG_MUST_USE bool answer_kept(struct policy_ask *ask, const char *ledger, const char *why);
/* Of a rule of it, by its index. */
SG_MUST_USE bool answer_explain(struct policy_ask *ask, size_t rule);
/* exceptions.c: for answer_get. */
SG_MUST_USE bool answer_exceptions(struct policy_ask *ask,
                                   Segel__V1__GetPolicyResponse *out);

/* since.c: since when a policy is in force, by whom, and where the log says so. ledger:
 * path of its file. What cannot be read stays empty, and a line of the gateway's log says
 * why. */
void answer_since(struct policy_ask *ask, const char *ledger,
                  Segel__V1__GetPolicyResponse *out);
/* The same of one row of the ledger, without its place and what persons signed. */
SG_MUST_USE enum sg_status answer_way(struct policy_ask *ask,
                                      struct ledger_reader *reader,
                                      const struct ledger_policy_place *place,
                                      Segel__V1__PolicyInfo *out);
/* list.c: a page of all that were in force. Refuses the ask itself when it cannot. */
void answer_list(struct policy_ask *ask, const char *ledger);

/* answer_change.c: of a policy beside the one in force. policy: NULL, and why, when the
 * file does not load. */
SG_MUST_USE bool answer_check(struct policy_ask *ask, const struct policy *policy,
                              const char *why);
/* petition: NULL: the policy is in force already. */
SG_MUST_USE bool answer_load(struct policy_ask *ask, const struct policy *policy,
                             const struct petition *petition, bool executed);

/* A text of its own; "" when the arena is full. */
char *answer_copy(struct arena *arena, const char *text);
/* What a policy says of itself. */
Segel__V1__PolicyInfo *answer_info(struct arena *arena, const struct policy *policy);

#endif
