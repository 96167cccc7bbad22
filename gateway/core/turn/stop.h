#ifndef SEGEL_GATEWAY_CORE_TURN_STOP_H
#define SEGEL_GATEWAY_CORE_TURN_STOP_H

#include "gateway/core/turn/job.h"
#include "gateway/ledger/record.h"

/* What stops a job before any rule is asked: a lock-down, or the state of its key. Core
 * thread. */
struct core;

/* For its record; texts are borrowed from the core until its turn ends. NULL: nothing. */
const struct record_failure *stop_of(const struct core *core, const struct key *key);
/* Refuses the job for its caller; stop_of was not NULL. */
void stop_refuse(const struct core *core, struct job *job);

#endif
