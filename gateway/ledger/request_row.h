#ifndef SEGEL_GATEWAY_LEDGER_REQUEST_ROW_H
#define SEGEL_GATEWAY_LEDGER_REQUEST_ROW_H

#include "gateway/ledger/requests.h"
#include "gateway/ledger/row.h"

/* Rows of the tables request and vote, for the writer and for readers: the columns as
 * FIND_REQUEST and VOTES have them. */
void request_row(struct row *row, struct ledger_request *out);
void vote_row(struct row *row, struct ledger_vote *out);

#endif
