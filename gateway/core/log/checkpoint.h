#ifndef SEGEL_GATEWAY_CORE_LOG_CHECKPOINT_H
#define SEGEL_GATEWAY_CORE_LOG_CHECKPOINT_H

#include "gateway/core/lane/lane.h"

/* Inside of the core: signed tree heads. Core thread only. */
struct core;

/* Has the log's root signed when that is due, or now. */
void checkpoint_tick(struct core *core, int64_t now_us, bool now);
void checkpoint_done(struct core *core, const struct lane_result *result);
/* At the end, when nothing else is under way: sees to a checkpoint over all records.
 * true: there is one, or none can be had. One that failed before is tried once more; a
 * lane that is just being replaced is waited for, both for CLOSING_US at most. */
enum { CLOSING_US = 2000000 };
SG_MUST_USE bool checkpoint_close(struct core *core);
/* Takes the log key as its lane shows it, or as the ledger remembers it while that is
 * down, and holds the last checkpoint against it. */
SG_MUST_USE enum sg_status checkpoint_start(struct core *core, struct sg_error *why);
/* Whether the ledger remembers it: then the gateway comes up without its lane. */
bool checkpoint_has_key(struct core *core);

#endif
