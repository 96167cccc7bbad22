#ifndef SEGEL_GATEWAY_LEDGER_WITNESSED_H
#define SEGEL_GATEWAY_LEDGER_WITNESSED_H

#include "gateway/ledger/ledger.h"

/* What others say of a checkpoint, inside a transaction. Whoever adds it has verified it.
 * A witness's line of the note, with its LF ("— name base64\n"), by the name and id of
 * its key; the newest one of a witness counts. A time stamp authority's answer (RFC
 * 3161), by its configured name. */
struct ledger_witnessed {
    uint64_t size; /* of the checkpoint */
    const char *by;
    uint64_t time_s;
    struct slice bytes;
};
SG_MUST_USE enum sg_status
ledger_add_cosignature(struct ledger *ledger, const struct ledger_witnessed *witnessed);
SG_MUST_USE enum sg_status ledger_add_stamp(struct ledger *ledger,
                                            const struct ledger_witnessed *witnessed);

#endif
