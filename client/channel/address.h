#ifndef SEGEL_CLIENT_CHANNEL_ADDRESS_H
#define SEGEL_CLIENT_CHANNEL_ADDRESS_H

#include "proto/base.h"

/* Where the gateway listens: "gw1.example.go.id:7443", "10.1.2.3:7443", "[::1]:7443". */
struct address {
    char host[256];
    char port[8];
    bool is_ip; /* the certificate must then hold this IP address */
};

/* SG_INVALID: not of one of these forms. */
SG_MUST_USE enum sg_status address_parse(const char *text, struct address *out,
                                         struct sg_error *why);

#endif
