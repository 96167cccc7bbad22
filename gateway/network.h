#ifndef SEGEL_GATEWAY_NETWORK_H
#define SEGEL_GATEWAY_NETWORK_H

#include "proto/base.h"

/* Addresses of clients, and the networks that they come from. IPv4 addresses are treated
 * as IPv6 addresses that stand for them (RFC 4291 2.5.5.2), so that it makes no
 * difference by which kind of socket they came in. */
struct network_address {
    uint8_t bytes[16];
};

/* All addresses whose first bits are those. */
struct network_prefix {
    struct network_address address;
    unsigned bits; /* 0 to 128 */
};

/* "10.20.0.0/16", "2001:db8::/32", or one address. SG_INVALID: none of these, or bits are
 * set behind the prefix. */
SG_MUST_USE enum sg_status network_prefix_parse(const char *text,
                                                struct network_prefix *out);
/* An address as address_write prints it: "127.0.0.1:443", "[::1]:443". */
SG_MUST_USE enum sg_status network_address_parse(const char *text,
                                                 struct network_address *out);
bool network_holds(const struct network_prefix *prefix,
                   const struct network_address *address);

#endif
