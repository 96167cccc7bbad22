#ifndef SEGEL_GATEWAY_CORE_KEY_FACTS_H
#define SEGEL_GATEWAY_CORE_KEY_FACTS_H

#include "gateway/core/turn/job.h"
#include "gateway/ledger/record.h"

/* KEY facts on the log: once, and decisions name where. Core thread. */
struct core;

/* Inside a transaction, before any decision of the turn: what is known of
 * keys whose binding is not on the log yet. */
SG_MUST_USE enum sg_status key_facts_write(struct core *core);
/* The facts by which a job was judged, for its record. */
void key_facts_name(struct core *core, const struct job *job, struct record_facts *out);

#endif
