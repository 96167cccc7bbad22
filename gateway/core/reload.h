#ifndef SEGEL_GATEWAY_CORE_RELOAD_H
#define SEGEL_GATEWAY_CORE_RELOAD_H

#include "gateway/core/core.h"

/* On the core's thread: takes the list of lanes, which keys are on them and what those
 * may sign from a new configuration; lanes come and go while jobs run. Takes the config
 * over in any case. All or nothing. fresh: its keys as they were just loaded; slots are
 * filled as a start would. SG_INVALID: a start with these keys would be refused, as its
 * ledger knows them otherwise; SG_PRECONDITION: the lane of the log key would change;
 * SG_TOO_LARGE: there is no room for the new lanes beside those that leave;
 * SG_NO_MEMORY. */
SG_MUST_USE enum sg_status core_reload(struct core *core, struct config *config,
                                       struct keyring *fresh, struct sg_error *why);
/* On the core's thread, when nobody is known any more whom the last one left out: whose
 * certificate ends is nobody's business then. */
void core_forget_callers(struct core *core);
/* On the core's thread: the configuration that was taken last, until the next one is. */
const struct config *core_config(const struct core *core);
/* What it has taken over; a part of core_free. */
void reload_fini(struct core *core);

#endif
