#ifndef SEGEL_GATEWAY_SERVICE_METHODS_H
#define SEGEL_GATEWAY_SERVICE_METHODS_H

#include "gateway/transport/grpc.h"

/* Every method that is served, without its context. */
const struct grpc_method *methods_served(size_t *count);

#endif
