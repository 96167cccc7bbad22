#ifndef SEGEL_GATEWAY_LOOPBACK_H
#define SEGEL_GATEWAY_LOOPBACK_H

#include "proto/base.h"

/* Whether something is this machine alone. No name is looked up. */

/* An address literal: 127.0.0.0/8 or ::1. */
bool loopback_address(const char *address);
/* What an HTTP request says it came to, without the port: an address as above, "[::1]" or
 * "localhost". A page in a browser could have a name of its own resolve to this machine
 * and read what is served here; its requests carry that name. */
bool loopback_host(const char *host);

#endif
