#ifndef SEGEL_GATEWAY_CORE_LANE_ACQUAINTED_H
#define SEGEL_GATEWAY_CORE_LANE_ACQUAINTED_H

#include "proto/base.h"

/* Which tokens a lane has opened in earlier runs, as it is configured now: one that is
 * not there is away then, and its lane comes when it can; without that it is a mistake of
 * the configuration. Kept in the ledger's memos. Core thread only. */
struct core;

bool acquainted(struct core *core, size_t berth);
/* Inside a transaction: of the lanes that are up. */
SG_MUST_USE enum sg_status acquainted_write(struct core *core);

#endif
