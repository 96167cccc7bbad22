#ifndef SEGEL_GATEWAY_CORE_ORDER_H
#define SEGEL_GATEWAY_CORE_ORDER_H

#include "gateway/core/core.h"

/* What an officer asks of the core itself. An order is carried out when its record is
 * durable, and comes back by its reply box. */
enum { LETTER_ORDER = 16 }; /* the mark of its letter in both boxes; no other has it */

enum order_kind {
    ORDER_UNLATCH /* a lane that the token refused may log in once more */
};

struct order {
    struct letter letter; /* first */
    struct mbox *reply;   /* borrowed: where the core puts the answered order */
    enum order_kind kind;
    char lane[65];
    char officer[65];    /* configured name of the caller */
    char request_id[65]; /* of the officer: the same order twice is carried out once */
    char reason[257];    /* in the officer's words; "" = none was given */
    uint8_t caller_cert[32];

    /* The answer. SG_NOT_FOUND: there is no such lane. SG_PRECONDITION: it is not
     * latched. SG_LEDGER, SG_SHUTDOWN: nothing was done. */
    enum sg_status status;
    char why[192];
    uint64_t log_index;
    uint8_t log_hash[32];
    bool on_log;
    bool fresh;  /* the core's own: to be carried out after the commit */
    void *asker; /* borrowed, the core only carries it */
};

/* Any thread. As core_submit: on anything but SG_OK the caller keeps the order. */
SG_MUST_USE enum sg_status core_order(struct core *core, struct order *order);

#endif
