#ifndef SEGEL_GATEWAY_SERVICE_LOG_EXPORTS_H
#define SEGEL_GATEWAY_SERVICE_LOG_EXPORTS_H

#include "gateway/transport/grpc.h"

/* LogService/RecordExport: a reviewer tells the log what it has made of it. */
void exports_on_record(struct grpc_call *call, const ProtobufCMessage *message,
                       void *services);

#endif
