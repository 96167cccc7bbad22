#ifndef SEGEL_GATEWAY_CORE_TURN_INQUIRY_H
#define SEGEL_GATEWAY_CORE_TURN_INQUIRY_H

#include "gateway/core/core.h"

/* How would this job be judged? An I/O loop has judged it, as for Sign; the core puts the
 * question on the log and hands it back once that is durable. The job takes no place, no
 * lane and no id, and nothing of it is counted. */
enum { LETTER_INQUIRY = 17 }; /* the mark of its letter in both boxes; no other has it */

struct inquiry {
    struct job job; /* first: its letter is the inquiry's */
    /* Borrowed: what the job was judged by; whoever asked explains every rule from it. */
    struct facts *facts;
};

/* Any thread. The answer: job.status SG_OK, it would be signed; SG_LEDGER, the ledger
 * cannot be written and on_log is false; else Sign's refusal. As core_submit: on anything
 * but SG_OK the caller keeps the inquiry. */
SG_MUST_USE enum sg_status core_inquire(struct core *core, struct inquiry *inquiry);

#endif
