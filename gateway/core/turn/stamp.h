#ifndef SEGEL_GATEWAY_CORE_TURN_STAMP_H
#define SEGEL_GATEWAY_CORE_TURN_STAMP_H

#include "gateway/core/core.h"
#include "gateway/tsa/tsa.h"

/* The time stamp of a signature, or of a document's digest: the authority gave it, or
 * none did and the policy lets the signature go without. The core puts that on the log,
 * keeps the token of a signature, and hands the stamp back once both are durable; only
 * then may the token leave. */
enum { LETTER_STAMP = 19 }; /* the mark of its letter in all boxes; no other has it */

struct stamp {
    struct tsa_ask ask; /* first: its letter is the stamp's */
    struct job *job;    /* borrowed: whose signature it is; NULL: a document's */
    const char *caller; /* borrowed: of the configuration */
    char request_id[LEDGER_ID_MAX + 1];
    bool recorded; /* it came back from the core, not from the authority */

    /* The core's answer. SG_LEDGER: nothing was written. Of a signature whose token was
     * there already, by an earlier asking, ask.token is that one. */
    enum sg_status status;
    uint64_t log_index;
    uint8_t log_hash[32];
};

/* Any thread. As core_submit: on anything but SG_OK the caller keeps the stamp. */
SG_MUST_USE enum sg_status core_stamp(struct core *core, struct stamp *stamp);

/* Core thread. Inside a transaction, and after it. */
SG_MUST_USE enum sg_status stamps_write(struct core *core, struct stamp *stamp);
void stamps_answer(struct stamp *stamp, bool broken);
/* A signature that is given out again has the token that it was given out with. */
SG_MUST_USE enum sg_status stamps_recall(struct core *core, struct job *job);

#endif
