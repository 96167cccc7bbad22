#ifndef SEGEL_GATEWAY_TRANSPORT_ADDRESS_H
#define SEGEL_GATEWAY_TRANSPORT_ADDRESS_H

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "proto/base.h"

/* Where a server listens, and where a client comes from. */
struct address {
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
        struct sockaddr_un local;
    };
    socklen_t len;
};

/* "127.0.0.1", "::1" or "unix:/absolute/path". SG_INVALID: none of these, or a path too
 * long for a socket (unix(7): 107 bytes). */
SG_MUST_USE enum sg_status address_parse(const char *text, uint16_t port,
                                         struct address *out, struct sg_error *why);
bool address_is_local(const struct address *address);
/* Of TCP; 0 for a Unix socket. */
uint16_t address_port(const struct address *address);
/* "127.0.0.1:443", "[::1]:443", "unix". */
void address_write(const struct address *address, char *out, size_t cap);

#endif
