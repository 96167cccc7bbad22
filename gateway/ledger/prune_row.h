#ifndef SEGEL_GATEWAY_LEDGER_PRUNE_ROW_H
#define SEGEL_GATEWAY_LEDGER_PRUNE_ROW_H

#include <sqlite3.h>

#include "gateway/ledger/prune.h"

/* What start and check of the whole log ask of a prune: its row alone proves nothing. */

/* The row of LAST_PRUNE. False: Segel did not write it. */
bool prune_read(sqlite3_stmt *row, struct ledger_prune *out);
/* Whether a record says that everything below this was pruned. */
bool prune_is_said(struct slice record, const struct ledger_prune *prune);

#endif
