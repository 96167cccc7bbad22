#ifndef SEGEL_CLIENT_COMMANDS_RECEIPT_FETCH_H
#define SEGEL_CLIENT_COMMANDS_RECEIPT_FETCH_H

#include "client/channel/channel.h"
#include "proto/base.h"
#include "proto/slice.h"

/* Fetches receipts, many at a time but never more than RECEIPTS_IN_FLIGHT: all letters of
 * one run are covered by the same checkpoint, for which the gateway makes the first ones
 * wait. */
enum { RECEIPTS_IN_FLIGHT = 32, RECEIPT_PATIENCE_MS = 60000 };

struct receipt_order {
    const char *request_id; /* borrowed; likewise all that follows */
    const char *caller;     /* "" = one's own */
    void *subject;          /* the asker's; may be NULL */
};
struct receipt_sink {
    /* proof is empty and why says the reason when there is no receipt. Each order gets
     * one call, in any order. */
    void (*take)(void *context, const struct receipt_order *order, struct slice proof,
                 enum sg_status status, const struct sg_error *why);
    void *context;
};

/* Asks for next() until it gives no more. After one that timed out the rest is not asked
 * for: no checkpoint is being made, and each would wait as long. SG_IO: the connection
 * was lost; the orders that were not answered got that status. */
struct receipt_orders {
    bool (*next)(void *context, struct receipt_order *out);
    void *context;
    uint32_t patience_ms; /* for each; 0 = RECEIPT_PATIENCE_MS */
    /* Once it is set, no more are asked for, and the others are given up: SG_CANCELLED.
     * NULL = never. */
    const atomic_bool *given_up;
};
SG_MUST_USE enum sg_status receipts_fetch(struct channel *channel,
                                          const struct receipt_orders *orders,
                                          const struct receipt_sink *sink);

#endif
