#ifndef SEGEL_GATEWAY_LEDGER_EXPIRY_H
#define SEGEL_GATEWAY_LEDGER_EXPIRY_H

#include "gateway/ledger/ledger.h"

/* How long answers are kept for whoever asks again. The claim on a request id stays for
 * ever, so that it is never signed twice; the signature and the leaf hash go. A claim
 * whose answer is gone is SIGNED and has signature_len 0. */

/* Outside a transaction. Takes away the answers whose OUTCOME was written before
 * before_us (Unix, microseconds), the oldest first, at most EXPIRY_PIECE of them; *gone =
 * how many. Stops at the first that is younger, or whose record cannot be read. Blocks
 * for one commit if there are any. SG_LEDGER latches. */
enum { EXPIRY_PIECE = 1024 };
SG_MUST_USE enum sg_status ledger_expire(struct ledger *ledger, int64_t before_us,
                                         uint32_t *gone);

#endif
