#ifndef SEGEL_GATEWAY_LEDGER_INTENT_H
#define SEGEL_GATEWAY_LEDGER_INTENT_H

#include "gateway/ledger/ledger.h"
#include "proto/digest.h"

/* What an INTENT of the ledger says that the key was to sign, and with which key. Its
 * OUTCOME has to say the same, or nothing: key is empty, and the digest of no hash, where
 * the record does not name both as Segel writes them. */
struct intent_work {
    char key[LEDGER_ID_MAX + 1];
    struct digest digest;
};
/* Outside a transaction, or in one. SG_LEDGER latches. */
SG_MUST_USE enum sg_status ledger_intent_work(struct ledger *ledger, uint64_t index,
                                              struct intent_work *out);

#endif
