#ifndef SEGEL_GATEWAY_HTTP_HTTP_H
#define SEGEL_GATEWAY_HTTP_HTTP_H

#include "proto/base.h"
#include "proto/slice.h"

/* HTTP requests, several at once, so that one that is slow or dead holds up no other. No
 * redirects, nothing of the environment, no connection of an earlier request; each is
 * bounded in bytes and time. One thread, but for http_wake. */
struct http;

enum { HTTP_REQUESTS_MAX = 32, HTTP_TYPE_SIZE = 64, HTTP_FINE = 200 };

/* Whether a setting names an HTTP proxy: "http://HOST:PORT", the scheme may be left out;
 * "" = none. SG_INVALID. */
SG_MUST_USE enum sg_status http_check_proxy(const char *setting, const char *proxy,
                                            struct sg_error *why);
/* proxy: borrowed; "" = none. */
SG_MUST_USE enum sg_status http_new(const char *proxy, struct http **out);
/* Gives up what is under way, without a wait; NULL is allowed. */
void http_free(struct http *http);

struct http_request {
    const char *url;        /* borrowed until its end */
    const char *schemes;    /* "http" or "http,https" */
    const char *type;       /* Content-Type of what is posted */
    struct slice body;      /* copied; empty: GET */
    const char *ca;         /* PEM file, borrowed; "" = the system's authorities */
    int64_t timeout_ms;     /* for all of it, the name's resolution included */
    size_t max_bytes;       /* of the answer's body */
    bool private_addresses; /* loopback, RFC 1918, link-local and so on are allowed; where
                             * there is a proxy, it decides */
    void *context;          /* comes back with the end */
};
/* SG_BUSY: HTTP_REQUESTS_MAX are under way. SG_NO_MEMORY. Then it was not begun. */
SG_MUST_USE enum sg_status
http_begin(struct http *http, const struct http_request *request, struct sg_error *why);

struct http_answer {
    void *context;
    enum sg_status status; /* SG_OK: an answer came, whatever its code; SG_TIMEOUT, SG_IO,
                            * SG_TOO_LARGE, SG_DENIED (a private address): why says what
                            * became of it */
    long code;
    char type[HTTP_TYPE_SIZE]; /* Content-Type; "" = none, or too long */
    uint8_t *data;             /* owned by the receiver: http_answer_fini; never NULL when
                                * SG_OK, always when not */
    size_t len;
    struct sg_error why;
};
void http_answer_fini(struct http_answer *answer);

/* Goes on with all of them until one has ended, which is told (true), or wait_ms have
 * passed, or http_wake was called, or for no reason. */
bool http_wait(struct http *http, int64_t wait_ms, struct http_answer *out);
/* Requests under way. */
size_t http_load(const struct http *http);
/* Any thread: http_wait returns now, or the next one at once. */
void http_wake(struct http *http);

struct sockaddr;
/* Whether an address is one of the public network. */
bool http_address_public(const struct sockaddr *address);

#endif
