#ifndef SEGEL_GATEWAY_LEDGER_OVERRIDES_H
#define SEGEL_GATEWAY_LEDGER_OVERRIDES_H

#include "gateway/ledger/ledger.h"

/* Soft rules that officers have lifted for a narrow case. The writer's thread, inside of
 * its transaction. */
struct ledger_override {
    uint64_t number; /* in the order of opening */
    char id[LEDGER_ID_MAX + 1];
    char rule[LEDGER_ID_MAX + 1];
    char key[LEDGER_ID_MAX + 1];
    char caller[LEDGER_ID_MAX + 1];
    char document_class[LEDGER_ID_MAX + 1]; /* "" = any */
    uint8_t policy[32];                     /* SHA-256: of which it is a rule */
    int64_t until_us;                       /* exclusive */
    uint64_t max;                           /* jobs */
    uint64_t used;
    int64_t since_us;
    uint64_t index; /* of its record */
};
/* As open and unused; number is not read. */
SG_MUST_USE enum sg_status ledger_add_override(struct ledger *ledger,
                                               const struct ledger_override *override);
/* The oldest that is open and above a number. SG_NOT_FOUND: there is none. */
SG_MUST_USE enum sg_status ledger_next_override(struct ledger *ledger, uint64_t above,
                                                struct ledger_override *out);
/* How many jobs it was used for; open: false: it is over for good. SG_NOT_FOUND: it is
 * not open. */
SG_MUST_USE enum sg_status ledger_set_override(struct ledger *ledger, const char *id,
                                               uint64_t used, bool open);

#endif
