#ifndef SEGEL_GATEWAY_CORE_CEREMONY_RECORD_H
#define SEGEL_GATEWAY_CORE_CEREMONY_RECORD_H

#include "gateway/core/ceremony/ceremony.h"
#include "gateway/core/log/members.h"

/* Inside of the ceremonies: records ceremony.step of what the token has told and done,
 * inside a transaction. place: of the last one. */

/* Token, key with every attribute, negative checks: what there is of them. */
SG_MUST_USE enum sg_status ceremony_record_steps(struct core *core,
                                                 struct log_place *place);
/* How it ended: result is "done", "failed", or what is known of it. */
SG_MUST_USE enum sg_status ceremony_record_end(struct core *core, const char *result,
                                               struct log_place *place);

#endif
