#ifndef SEGEL_GATEWAY_LEDGER_REQUEST_VIEW_H
#define SEGEL_GATEWAY_LEDGER_REQUEST_VIEW_H

#include "gateway/ledger/reader.h"
#include "gateway/ledger/requests.h"

/* A request of officers with its votes, as far as is committed, into the arena; for the
 * thread that owns the reader. SG_NOT_FOUND; SG_NO_MEMORY: the arena is full; SG_IO,
 * SG_CORRUPT. */
SG_MUST_USE enum sg_status ledger_read_request(struct ledger_reader *reader,
                                               const char *id, struct arena *arena,
                                               struct ledger_request *out);

#endif
