#ifndef SEGEL_GATEWAY_CORE_EFFECTS_H
#define SEGEL_GATEWAY_CORE_EFFECTS_H

#include "gateway/core/members.h"
#include "gateway/core/requests.h"

/* What tasks do. The task and its object stand in the text that persons have signed, and
 * nothing else is read. */

/* Whether it could be done now. SG_UNSUPPORTED: this version does not do it;
 * SG_NOT_FOUND, SG_PRECONDITION: why. */
SG_MUST_USE enum sg_status effect_check(struct core *core, enum task task,
                                        const char *object, struct sg_error *why);
/* Inside a transaction, after effect_check: does it, with its record, which begins with
 * these members. */
SG_MUST_USE enum sg_status effect_do(struct core *core, enum task task,
                                     const char *object, struct members *members,
                                     struct log_place *place);
/* After the commit: what is not in the ledger. */
void effect_after(struct core *core, enum task task, const char *object);

#endif
