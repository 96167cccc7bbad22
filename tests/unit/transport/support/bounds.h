#ifndef SEGEL_TESTS_UNIT_TRANSPORT_SUPPORT_BOUNDS_H
#define SEGEL_TESTS_UNIT_TRANSPORT_SUPPORT_BOUNDS_H

#include "tests/unit/transport/support/echo.h"

/* Limits kept to exactly and exceeded by one: a server and two peers, one of which goes
 * too far. */
struct bounds {
    struct echo echo;
    struct server_limits limits; /* to be set before the start */
    struct peer_link fine;
    struct peer_link over;
};

void bounds_start(struct bounds *bounds);
void bounds_stop(struct bounds *bounds);

/* How often somebody ran into a limit. */
void bounds_counted(struct bounds *bounds, enum limit limit, uint64_t count);
/* The one that kept to the limit is served, the other is cut with this text. */
void bounds_cut(struct bounds *bounds, enum limit limit, const char *text);

/* A small message, until the next one. */
struct slice bounds_small(void);
void bounds_begin(struct peer_link *link, uint32_t stream, const char *path);
/* A call that is never answered. */
void bounds_hang(struct peer_link *link, uint32_t stream);
void bounds_repeat(struct peer_link *link, void (*act)(struct peer_link *link),
                   size_t count);

#endif
