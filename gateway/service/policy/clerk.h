#ifndef SEGEL_GATEWAY_SERVICE_POLICY_CLERK_H
#define SEGEL_GATEWAY_SERVICE_POLICY_CLERK_H

#include "gateway/service/policy/ask.h"

/* The thread for what takes long with policies: parsing a file, running its tests,
 * comparing it with the one in force. It keeps the petitions. Neither an I/O loop nor the
 * core waits for it. */
struct clerk;

/* ledger: path of its file; borrowed. */
SG_MUST_USE enum sg_status clerk_start(struct core *core, const char *ledger,
                                       struct clerk **out, struct sg_error *why);
/* Frees what was not worked on. NULL is allowed. */
void clerk_join(struct clerk *clerk);
/* Any thread: on SG_OK the ask comes back to its reply box, marked LETTER_POLICY or, when
 * the core saw it, LETTER_ORDER. */
SG_MUST_USE enum sg_status clerk_ask(struct clerk *clerk, struct policy_ask *ask);
/* Any thread: takes an order of the core's own that a policy comes in force; it goes to
 * the core when its effect is known. */
void clerk_succeed(struct clerk *clerk, struct order *order);
/* Any thread: persons or roles have changed; what waits for a second person ends. */
void clerk_void(struct clerk *clerk);

#endif
