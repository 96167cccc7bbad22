#ifndef SEGEL_GATEWAY_STATUS_FETCH_H
#define SEGEL_GATEWAY_STATUS_FETCH_H

#include "proto/base.h"
#include "proto/slice.h"

/* HTTP exchanges with CRL distribution points and OCSP responders, several at once so
 * that one that is slow or dead holds up no other: plain http (RFC 5280 8: https would
 * need the status that it asks for), no redirects, no address inside the own network
 * unless allowed; each is bounded in bytes and time. One thread, but for fetches_wake. */
struct fetches;

enum { FETCHES_MAX = 8 };

struct fetch_limits {
    int64_t timeout_ms; /* for all of one exchange, its name's resolution included */
    int64_t max_bytes;
    const char *proxy;      /* borrowed; "" = none, whatever the environment says */
    bool private_addresses; /* loopback, RFC 1918, link-local and so on are allowed */
};

struct fetched {
    uint8_t *data; /* owned: fetched_fini */
    size_t len;
    size_t room;
};
void fetched_fini(struct fetched *fetched);

/* Before threads start, once a process. */
SG_MUST_USE enum sg_status fetch_setup(void);

SG_MUST_USE enum sg_status fetches_new(const struct fetch_limits *limits,
                                       struct fetches **out);
/* Gives up what is under way, without a wait; NULL is allowed. */
void fetches_free(struct fetches *fetches);

struct fetch {
    const char *url;      /* borrowed until its end */
    struct slice request; /* an OCSP question to be posted, copied; empty: GET */
    void *context;        /* comes back with the end */
};
/* SG_BUSY: FETCHES_MAX are under way. SG_NO_MEMORY. Then it was not begun. */
SG_MUST_USE enum sg_status fetch_begin(struct fetches *fetches, const struct fetch *fetch,
                                       struct sg_error *why);

struct fetch_end {
    void *context;
    enum sg_status status; /* SG_OK, SG_IO, SG_TIMEOUT, SG_INVALID */
    struct fetched answer; /* the receiver's; empty unless SG_OK */
    struct sg_error why;
};
/* Goes on with all of them until one has ended, which is told (true), or wait_ms have
 * passed, or fetches_wake was called, or for no reason. */
bool fetches_wait(struct fetches *fetches, int64_t wait_ms, struct fetch_end *out);
/* Any thread: fetches_wait returns now, or the next one at once. */
void fetches_wake(struct fetches *fetches);

struct sockaddr;
/* Whether an address is one of the public network. */
bool fetch_address_public(const struct sockaddr *address);

#endif
