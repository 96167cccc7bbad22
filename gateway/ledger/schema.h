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

/* Version of an open database, 0 for an empty one. Fails as schema_bring does before it
 * changes a table. */
SG_MUST_USE enum sg_status schema_look(sqlite3 *db, const char *origin, uint64_t *version,
                                       struct sg_error *why);
uint64_t schema_ours(void);

#endif
