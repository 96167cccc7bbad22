#ifndef SEGEL_GATEWAY_CORE_TURN_REFUSE_H
#define SEGEL_GATEWAY_CORE_TURN_REFUSE_H

#include "gateway/core/turn/job.h"

struct core;

/* Inside a transaction: a job that is allowed and cannot be signed now. An HSM that is
 * down, or a disk that is nearly full, makes one record, not one a job: these are only
 * answered. What was signed before can be given again all the same. */
SG_MUST_USE enum sg_status refuse_or_replay(struct core *core, size_t route,
                                            struct job *job);
/* Whatever the job is: the reserve is spent, and a record of it would be the next one
 * that finds no room. It is counted, and summed up when there is some. */
void refuse_unrecorded(struct core *core, struct job *job);

#endif
