#ifndef SEGEL_GATEWAY_CORE_OPENING_H
#define SEGEL_GATEWAY_CORE_OPENING_H

#include "gateway/core/core.h"
#include "gateway/ledger/ledger.h"

/* Opens the configured ledger as core->ledger, which the caller closes. The tables of an
 * older Segel are led on, and the log says so, unless a start would be refused behind
 * that: then they stay, and the error is the one that such a start would give. Else the
 * errors of ledger_open. on_hashing: NULL, or as in ledger_options, with the core as its
 * context. */
SG_MUST_USE enum sg_status opening_ledger(struct core *core, bool (*on_hashing)(void *),
                                          struct ledger_state *state,
                                          struct sg_error *why);

/* For whoever runs beside no gateway, perhaps as root: makes none, which would
 * be root's and shut the gateway out. SG_PRECONDITION: there is none; else the same. */
SG_MUST_USE enum sg_status opening_found(struct core *core, struct ledger_state *state,
                                         struct sg_error *why);

#endif
