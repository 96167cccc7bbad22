#ifndef SEGEL_GATEWAY_SERVICE_KEYS_KEYS_H
#define SEGEL_GATEWAY_SERVICE_KEYS_KEYS_H

#include "gateway/service/approvals/approvals.h"
#include "segel/v1/keys.pb-c.h"

/* Inside of KeyService: keys.c looks, order.c orders, watch.c follows,
 * message.c says what a key is. */

/* What is said of one key. lanes: of the same report; NULL: without certificate.der and
 * tokens. */
struct key_view {
    const struct key *key;
    const struct key_report *report;
    const struct core_report *lanes;
};
/* NULL: the arena is full. Texts are borrowed from the view. */
Segel__V1__Key *keys_message(struct arena *arena, const struct key_view *view);

/* The key of an order that went well, as it is now; *position is that of the newest
 * record about it. NULL: the order's arena is full. */
Segel__V1__Key *keys_of_order(struct asked *asked, const char *name,
                              Segel__V1__LogPosition **position);
/* An order came back: whether signatures are counted before it is answered, which
 * keys_counted goes on with (count.c). */
bool keys_count(struct asked *asked);

#endif
