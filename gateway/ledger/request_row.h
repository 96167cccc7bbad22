#ifndef SEGEL_GATEWAY_LEDGER_REQUEST_ROW_H
#define SEGEL_GATEWAY_LEDGER_REQUEST_ROW_H

#include "gateway/ledger/requests.h"
#include "gateway/ledger/row.h"

/* Rows of the tables request and vote, for the writer and for readers, into the row's
 * arena: the columns as FIND_REQUEST and VOTES have them. Whoever calls looks at
 * row->full and row->sound behind it, as row_end does. */
void request_row(struct row *row, struct ledger_request *out);
/* All votes on the request that *out is, by its number; row->statement is VOTES, fresh.
 * False: the database failed. */
SG_MUST_USE bool vote_rows(struct row *row, struct ledger_request *out);

#endif
