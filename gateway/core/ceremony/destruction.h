#ifndef SEGEL_GATEWAY_CORE_CEREMONY_DESTRUCTION_H
#define SEGEL_GATEWAY_CORE_CEREMONY_DESTRUCTION_H

#include "gateway/core/ceremony/ceremony.h"

/* What is to be destroyed, and whether it was. Core thread only. */

/* Fills the order; its id is set. What it borrows lives as long as the ceremony's arena
 * and the ring. */
SG_MUST_USE enum sg_status destruction_fill(struct core *core,
                                            struct ceremony_work *work);
/* Before the process starts. SG_LEDGER: it must not. */
SG_MUST_USE enum sg_status destruction_begin(struct core *core);
/* Inside of the transaction that settles it, before anything is made of the outcome: one
 * that found no private key where none was destroyed before becomes a failure. */
SG_MUST_USE enum sg_status destruction_end(struct core *core);

#endif
