#ifndef SEGEL_GATEWAY_STATUS_FETCH_H
#define SEGEL_GATEWAY_STATUS_FETCH_H

#include <stdatomic.h>

#include "proto/base.h"
#include "proto/slice.h"

/* One HTTP exchange with a CRL distribution point or an OCSP responder: plain http
 * (RFC 5280 8: https would need the status that it asks for), no redirects, no address
 * inside the own network unless allowed, bounded in bytes and time. */
struct fetch_limits {
    int64_t timeout_ms; /* for all of it */
    int64_t max_bytes;
    const char *proxy;       /* "" = none, whatever the environment says */
    bool private_addresses;  /* loopback, RFC 1918, link-local and so on are allowed */
    const atomic_bool *stop; /* set: give up at once */
};

struct fetched {
    uint8_t *data; /* owned: fetched_fini */
    size_t len;
    size_t room;
};

/* request: an OCSP question to be posted; empty: GET. SG_IO, SG_TIMEOUT, SG_INVALID. */
SG_MUST_USE enum sg_status fetch(const struct fetch_limits *limits, const char *url,
                                 struct slice request, struct fetched *out,
                                 struct sg_error *why);
void fetched_fini(struct fetched *fetched);

struct sockaddr;
/* Whether an address is one of the public network. */
bool fetch_address_public(const struct sockaddr *address);

/* Before threads start, once a process. */
SG_MUST_USE enum sg_status fetch_setup(void);

#endif
