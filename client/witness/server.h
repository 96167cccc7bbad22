#ifndef SEGEL_CLIENT_WITNESS_SERVER_H
#define SEGEL_CLIENT_WITNESS_SERVER_H

#include "client/witness/witness.h"
#include "proto/base.h"

/* A witness over plain HTTP/1.1; TLS is the business of a proxy before it. Bounded: 64
 * connections, 10 seconds for each request to come whole, 8 KiB of headers,
 * SUBMISSION_MAX bytes of body. On the calling thread until SIGTERM or SIGINT.
 *
 *     POST <prefix>/add-checkpoint
 *     GET  <prefix>/<hex SHA-256 of the origin>/checkpoint
 *     GET  <prefix>/healthz */
struct server_options {
    const char *host;   /* an IP address */
    uint16_t port;      /* 0 = any free one; the line "ready" tells it */
    const char *prefix; /* "" or "/witness" */
};

/* Returns after a signal (SG_OK), or when the witness cannot keep its promises any more
 * (SG_IO). SG_IO also when it cannot listen: why says so. */
SG_MUST_USE enum sg_status server_run(const struct server_options *options,
                                      struct witness *witness, struct sg_error *why);

#endif
