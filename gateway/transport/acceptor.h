#ifndef SEGEL_GATEWAY_TRANSPORT_ACCEPTOR_H
#define SEGEL_GATEWAY_TRANSPORT_ACCEPTOR_H

#include "gateway/transport/loop.h"

/* The one listener of a server. Lives on the first loop and hands each connection to the
 * loop that has the fewest. */
struct acceptor {
    int fd; /* owned; -1: closed */
    uint16_t port;
    struct loop *loops; /* borrowed */
    unsigned loop_count;
    uint32_t limit; /* open connections */
    struct event event;
    struct event pause; /* out of descriptors: tries again later */
};

/* Binds and listens. SG_INVALID: not an address. SG_IO: taken or not ours. */
SG_MUST_USE enum sg_status acceptor_bind(struct acceptor *acceptor, const char *address,
                                         uint16_t port, struct sg_error *why);
/* Once the loops are there, before they run. */
SG_MUST_USE enum sg_status acceptor_attach(struct acceptor *acceptor);
/* On the first loop, or when no loop runs. */
void acceptor_close(struct acceptor *acceptor);

#endif
