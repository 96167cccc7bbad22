#ifndef SEGEL_GATEWAY_LEDGER_POLICY_H
#define SEGEL_GATEWAY_LEDGER_POLICY_H

#include "gateway/ledger/ledger.h"

/* A policy that came in force: kept in the transaction of the record that says so. */
struct ledger_policy {
    uint8_t sha256[32]; /* of the text */
    uint64_t version;
    uint64_t index; /* of its policy.load record */
    struct slice text;
};
SG_MUST_USE enum sg_status ledger_keep_policy(struct ledger *ledger,
                                              const struct ledger_policy *policy);
/* The last one; SG_NOT_FOUND, SG_NO_MEMORY. out->text is owned: _fini. */
SG_MUST_USE enum sg_status ledger_last_policy(struct ledger *ledger,
                                              struct ledger_policy *out);
void ledger_policy_fini(struct ledger_policy *policy);

#endif
