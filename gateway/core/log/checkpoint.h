#ifndef SEGEL_GATEWAY_CORE_LOG_CHECKPOINT_H
#define SEGEL_GATEWAY_CORE_LOG_CHECKPOINT_H

#include "gateway/core/lane/lane.h"

/* Inside of the core: signed tree heads. Core thread only. */
struct core;

/* Has the log's root signed when that is due, or now. */
void checkpoint_tick(struct core *core, int64_t now_us, bool now);
void checkpoint_done(struct core *core, const struct lane_result *result);
/* Takes the log key as its lane shows it, or as the ledger remembers it while that is
 * down, and holds the last checkpoint against it. */
SG_MUST_USE enum sg_status checkpoint_start(struct core *core, struct sg_error *why);
/* Whether the ledger remembers it: then the gateway comes up without its lane. */
bool checkpoint_has_key(struct core *core);

#endif
