#ifndef SEGEL_GATEWAY_CORE_OFFICERS_REQUEST_GRANT_H
#define SEGEL_GATEWAY_CORE_OFFICERS_REQUEST_GRANT_H

#include "gateway/ledger/requests.h"
#include "proto/quorum/grant.h"

/* What persons sign to approve a request, made from what the ledger keeps of it. Any
 * thread. SG_CORRUPT: the ledger holds what no gateway writes. */
SG_MUST_USE enum sg_status request_grant(const struct ledger_request *request,
                                         struct grant *out);
/* The text with all signatures so far, and with one more line, which may be empty: a
 * C2SP signed note. */
SG_MUST_USE enum sg_status request_note(const struct ledger_request *request,
                                        struct slice more, char out[GRANT_NOTE_MAX],
                                        size_t *len);

#endif
