#ifndef SEGEL_GATEWAY_SERVICE_DOOR_H
#define SEGEL_GATEWAY_SERVICE_DOOR_H

#include <limits.h>
#include <stdio.h>

#include "gateway/config/config.h"
#include "gateway/core/core.h"
#include "gateway/core/watch/expiries.h"
#include "gateway/transport/server.h"

/* Where clients connect, and by what TLS: what the configuration says to the transport.
 */
struct door {
    struct server_listener listeners[2];
    char unix_address[PATH_MAX];
    struct server_options options;
};

void door_open(const struct config *config, struct door *door);
/* Tells the core when the gateway's own TLS certificate, the issuers of clients and the
 * revocation lists end that handshakes are judged by from now on; a log line for what is
 * not good already. */
void door_expect(const struct server *server, struct core *core, const char *node);
/* The same for each of its ends, by its name: the last one is not the only one that
 * others go by. Those of the kind that were told before are forgotten. */
void door_expect_ends(const struct validity *validity, enum expiry_kind kind,
                      struct core *core);
/* For people: a line for each of those that is not good now. Whether there is one. */
bool door_amiss(const struct server *server, FILE *out);
/* For people: "127.0.0.1:7443", or the Unix socket where there is nothing else. */
void door_name(const struct config *config, uint16_t port, char *out, size_t cap);

#endif
