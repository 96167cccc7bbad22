#ifndef SEGEL_GATEWAY_LEDGER_EXPIRY_H
#define SEGEL_GATEWAY_LEDGER_EXPIRY_H

#include "gateway/ledger/ledger.h"

/* How long answers are kept for whoever asks again. The claim on a request id stays for
 * ever, so that it is never signed twice; the signature and the leaf hash go. A claim
 * whose answer is gone is SIGNED and has signature_len 0. */

enum { EXPIRY_PIECE = 1024 };
struct expiry {
    int64_t before_us; /* Unix, microseconds: what was written before goes */
    int64_t now_us;    /* a time later than this one is nobody's */
    uint32_t gone;     /* how many went */
    bool ahead;        /* none did, because the oldest EXPIRY_PIECE bear later times */
};

/* Outside a transaction. Takes away the answers whose OUTCOME was written before
 * before_us, the oldest by the log first, at most EXPIRY_PIECE of them. Stops at the
 * first that is younger, or whose record cannot be read. One that bears a later time than
 * now, by a clock that was wrong, is as old as the next one in the log that does not.
 * Blocks for one commit if there are any. SG_LEDGER latches. */
SG_MUST_USE enum sg_status ledger_expire(struct ledger *ledger, struct expiry *expiry);

#endif
