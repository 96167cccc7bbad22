#ifndef SEGEL_GATEWAY_LEDGER_MEMO_H
#define SEGEL_GATEWAY_LEDGER_MEMO_H

#include "proto/base.h"

struct ledger;

/* Small facts that must outlive a restart and are no records: a text by name, at most
 * LEDGER_MEMO_MAX bytes with its NUL. Inside a transaction it is written with it, outside
 * at once. recall: SG_NOT_FOUND; out is empty then. */
enum { LEDGER_MEMO_MAX = 512 };
/* Written by ledger_acquit: what a check had found, when all is sound again; "" =
 * nothing, or somebody was told. */
#define LEDGER_ACQUITTED "acquitted"
SG_MUST_USE enum sg_status ledger_remember(struct ledger *ledger, const char *name,
                                           const char *text);
SG_MUST_USE enum sg_status ledger_recall(struct ledger *ledger, const char *name,
                                         char out[LEDGER_MEMO_MAX]);

#endif
