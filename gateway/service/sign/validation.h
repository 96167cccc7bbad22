#ifndef SEGEL_GATEWAY_SERVICE_SIGN_VALIDATION_H
#define SEGEL_GATEWAY_SERVICE_SIGN_VALIDATION_H

#include "gateway/transport/grpc.h"

/* GetValidationData: what the gateway knows of certificates, for the long term. */
void validation_on_message(struct grpc_call *call, const ProtobufCMessage *message,
                           void *services);

#endif
