#ifndef SEGEL_HSM_PROCESS_SYNC_H
#define SEGEL_HSM_PROCESS_SYNC_H

#include "hsm/token/rv.h"

/* Makes a directory and all below it durable: tokens of software do not do that
 * themselves, so that a new key would be lost with the power. */
SG_MUST_USE enum sg_status sync_tree(const char *path, struct trouble *trouble);

#endif
