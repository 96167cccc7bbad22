#ifndef SEGEL_GATEWAY_CORE_LOG_PRUNE_H
#define SEGEL_GATEWAY_CORE_LOG_PRUNE_H

#include "proto/base.h"

/* Records that officers had pruned (gateway/ledger/prune.h). Core thread. */
struct core;

enum {
    /* TS 119 431-1, OVR-6.4.6-01: records about a certificate are kept for seven years
     * after it has ceased to be valid. */
    PRUNE_CERTIFICATE_DAYS = 2557
};

/* Outside of a transaction, once a second: the texts of some hundred records more go, for
 * as long as a prune is not done. SG_LEDGER. */
SG_MUST_USE enum sg_status prune_go_on(struct core *core);

#endif
