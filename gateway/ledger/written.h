#ifndef SEGEL_GATEWAY_LEDGER_WRITTEN_H
#define SEGEL_GATEWAY_LEDGER_WRITTEN_H

#include "gateway/ledger/ledger.h"

/* When a record was written, by its member ts: Unix, microseconds. INT64_MAX: its text
 * says no time, so Segel did not write it; it counts as the youngest of all, which never
 * goes. */
int64_t written_us(struct slice record);
/* Likewise of a record that is in the ledger. Outside a transaction, or in one. SG_LEDGER
 * latches. */
SG_MUST_USE enum sg_status ledger_written(struct ledger *ledger, uint64_t index,
                                          int64_t *us);

#endif
