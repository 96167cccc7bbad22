#ifndef SEGEL_GATEWAY_CORE_LOG_CONDEMN_H
#define SEGEL_GATEWAY_CORE_LOG_CONDEMN_H

#include <stdatomic.h>

#include "proto/base.h"

/* Whoever reads the ledger writes nothing and stops nobody: what it found travels to the
 * core (core_condemn), whose thread alone may do both. */
struct core;
struct condemnation {
    atomic_bool given; /* finding is written, and for the core's thread to heed */
    struct sg_error finding;
};

/* On the core's thread, outside a turn. */
void condemn_heed(struct core *core);

#endif
