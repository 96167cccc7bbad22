#ifndef SEGEL_GATEWAY_CORE_MANDATE_ORDER_H
#define SEGEL_GATEWAY_CORE_MANDATE_ORDER_H

#include "gateway/ledger/mandates.h"

/* What is asked about mandates that were opened: part of a request_order of the kind
 * ORDER_MANDATES. */
struct core;
struct request_order;

enum mandate_question { MANDATES_LIST, MANDATE_GET, MANDATE_REVOKE };

struct mandate_order {
    enum mandate_question question;
    bool own_only;              /* those of the caller who asks, and no others */
    bool with_request;          /* GET: the request that opened it, too */
    struct mandate_query query; /* LIST: its names are in the arena or static */

    /* The answer, in the arena. */
    struct mandate_page page; /* GET, REVOKE: the one, or none while it is pending */
    /* Likewise, one for each: the key that signs in the place of an open one's, which
     * nothing can be drawn on then. "" = its own does. */
    char (*heirs)[LEDGER_ID_MAX + 1];
    bool ended; /* by this order */
};

/* Inside a transaction; and after its commit. */
SG_MUST_USE enum sg_status mandate_order_write(struct core *core,
                                               struct request_order *order);
void mandate_order_tell(struct core *core, const struct request_order *order);

#endif
