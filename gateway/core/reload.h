#ifndef SEGEL_GATEWAY_CORE_RELOAD_H
#define SEGEL_GATEWAY_CORE_RELOAD_H

#include "gateway/core/core.h"

/* On the core's thread: takes the list of lanes, which keys are on them and what those
 * may sign from a new configuration; lanes come and go while jobs run. Takes the config
 * over. SG_PRECONDITION: the lane of the log key would change, and nothing was done;
 * other failures, of memory: lanes that are gone were dismissed and what keys may sign
 * was taken; lanes behind the first one that cannot be made were not added. */
SG_MUST_USE enum sg_status core_reload(struct core *core, struct config *config,
                                       struct sg_error *why);
/* On the core's thread: the configuration that was taken last, until the next one is. */
const struct config *core_config(const struct core *core);

#endif
