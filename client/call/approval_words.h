#ifndef SEGEL_CLIENT_CALL_APPROVAL_WORDS_H
#define SEGEL_CLIENT_CALL_APPROVAL_WORDS_H

#include <stdbool.h>
#include <stdio.h>

#include "segel/v1/approvals.pb-c.h"

/* How a request stands. */

/* "waits", "done", …; any value. */
const char *approval_state_text(Segel__V1__ApprovalState state, bool indonesian);
/* "waiting", "executed", …: for machines. */
const char *approval_state_name(Segel__V1__ApprovalState state);
/* One line of it, with its outcome, and its place on the log. */
void approval_print(const Segel__V1__Approval *approval, FILE *out, bool indonesian);

#endif
