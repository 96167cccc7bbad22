#ifndef SEGEL_GATEWAY_SERVICE_PLACES_H
#define SEGEL_GATEWAY_SERVICE_PLACES_H

#include <stdatomic.h>

#include "gateway/config/config.h"
#include "gateway/transport/grpc.h"

/* Places of calls that stay open and watch: so many for all callers, and so many of these
 * for one, so that nobody takes them all. Any thread. */
enum { PLACES_OF_ALL = 256, PLACES_OF_CALLER = 64 };

struct places {
    atomic_uint taken; /* by all callers */
    atomic_uint *own;  /* owned; by each caller of the start's configuration */
    const struct config_caller *callers; /* borrowed: of the start */
};

/* A place that is taken. */
struct held_place {
    struct places *places; /* borrowed */
    atomic_uint *own;      /* borrowed: how many its caller has */
};

/* config is borrowed until places_fini. SG_NO_MEMORY. */
SG_MUST_USE enum sg_status places_init(struct places *places,
                                       const struct config *config);
void places_fini(struct places *places);

/* For the call's caller. False: there is none, and the call has ended with SG_BUSY;
 * watches, "watch the keys", says what those do who have them. */
SG_MUST_USE bool places_take(struct places *places, struct grpc_call *call,
                             const char *watches, struct held_place *out);
/* Gives it back, once. */
void places_leave(struct held_place *place);

#endif
