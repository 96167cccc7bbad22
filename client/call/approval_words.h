#ifndef SEGEL_CLIENT_CALL_APPROVAL_WORDS_H
#define SEGEL_CLIENT_CALL_APPROVAL_WORDS_H

#include <stdbool.h>
#include <stdio.h>

#include "proto/base.h"
#include "segel/v1/approvals.pb-c.h"

/* How a request stands. */

/* "waits", "done", …; any value. */
const char *approval_state_text(Segel__V1__ApprovalState state, bool indonesian);
/* "waiting", "executed", …: for machines. */
const char *approval_state_name(Segel__V1__ApprovalState state);
/* One line of it, with its outcome, and its place on the log. */
void approval_print(const Segel__V1__Approval *approval, FILE *out, bool indonesian);
/* Behind an answer that has it: SG_OK: it waits or is done, or there is none (NULL).
 * SG_DENIED: it is over, and nothing came of it. */
SG_MUST_USE enum sg_status approval_stands(const Segel__V1__Approval *approval,
                                           bool indonesian, struct sg_error *why);

#endif
