#ifndef SEGEL_GATEWAY_SERVICE_DOOR_H
#define SEGEL_GATEWAY_SERVICE_DOOR_H

#include <limits.h>

#include "gateway/config.h"
#include "gateway/transport/server.h"

/* Where clients connect, and by what TLS: what the configuration says to the transport.
 */
struct door {
    struct server_listener listeners[2];
    char unix_address[PATH_MAX];
    struct server_options options;
};

void door_open(const struct config *config, struct door *door);
/* When the gateway's own TLS certificate ends, as it is on the disk now; 0 = it has none,
 * or it cannot be read. */
int64_t door_end_us(const struct config *config);
/* For people: "127.0.0.1:7443", or the Unix socket where there is nothing else. */
void door_name(const struct config *config, uint16_t port, char *out, size_t cap);

#endif
