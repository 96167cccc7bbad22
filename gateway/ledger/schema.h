#ifndef SEGEL_GATEWAY_LEDGER_SCHEMA_H
#define SEGEL_GATEWAY_LEDGER_SCHEMA_H

#include "gateway/ledger/store.h"

/* The tables of a ledger, and their version: migrations.def. */

/* Leads the open database from its version to ours, one transaction a step with the
 * version in it: whenever it ends, the ledger is of one version or of the next, and the
 * next start goes on. An empty database becomes a ledger of ledger->origin.
 * SG_INVALID: another program's database, a newer Segel's, or of another origin; no
 * table was changed. SG_LEDGER, SG_CORRUPT: the disk. */
SG_MUST_USE enum sg_status schema_bring(struct ledger *ledger, struct sg_error *why);

#endif
