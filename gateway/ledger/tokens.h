#ifndef SEGEL_GATEWAY_LEDGER_TOKENS_H
#define SEGEL_GATEWAY_LEDGER_TOKENS_H

#include "proto/base.h"
#include "proto/slice.h"

struct ledger;

/* Time stamp tokens of signatures, kept as long as these (ledger.answers_days), so that
 * whoever asks again with the same id is given the same bytes. By the leaf index of the
 * OUTCOME record. Keeping a second one changes nothing: the first was given out. Inside a
 * transaction. */
SG_MUST_USE enum sg_status ledger_keep_token(struct ledger *ledger, uint64_t outcome,
                                             struct slice token);
/* Copies into out. SG_NOT_FOUND: none is kept. */
SG_MUST_USE enum sg_status ledger_find_token(struct ledger *ledger, uint64_t outcome,
                                             uint8_t *out, size_t cap, size_t *len);

#endif
