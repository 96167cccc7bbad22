#ifndef SEGEL_GATEWAY_TRANSPORT_ACCEPTOR_H
#define SEGEL_GATEWAY_TRANSPORT_ACCEPTOR_H

#include "gateway/transport/loop.h"
#include "gateway/transport/socket_file.h"

/* A listener of a server. Lives on the first loop and hands each connection to the loop
 * that has the fewest, and of these the fewest calls. */
struct acceptor {
    int fd; /* owned; -1: closed */
    uint16_t port;
    bool plain;
    bool attached;
    struct socket_file file; /* of a Unix socket that is ours */
    struct loop *loops;      /* borrowed */
    unsigned loop_count;
    uint32_t limit; /* open connections */
    struct event event;
    struct event pause; /* out of descriptors: tries again later */
};

/* Whether the address can be understood: SG_INVALID if not. Nothing is opened, so sockets
 * that systemd passes are taken to be there. */
SG_MUST_USE enum sg_status acceptor_check(const struct server_listener *listener,
                                          struct sg_error *why);
/* Binds and listens. unix_mode: of the file of a Unix socket, 0 = 0660; the file that a
 * dead server left is replaced. SG_INVALID: not an address, or the path is something else
 * than a socket. SG_IO: taken or not ours. acceptor_close is due in any case. */
SG_MUST_USE enum sg_status acceptor_bind(struct acceptor *acceptor,
                                         const struct server_listener *listener,
                                         mode_t unix_mode, struct sg_error *why);
/* Once the loops are there, before they run. */
SG_MUST_USE enum sg_status acceptor_attach(struct acceptor *acceptor);
/* On the first loop, or when no loop runs. */
void acceptor_close(struct acceptor *acceptor);

#endif
