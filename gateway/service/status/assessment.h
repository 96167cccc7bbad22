#ifndef SEGEL_GATEWAY_SERVICE_STATUS_ASSESSMENT_H
#define SEGEL_GATEWAY_SERVICE_STATUS_ASSESSMENT_H

#include "gateway/service/status/installed.h"
#include "gateway/transport/grpc.h"

/* What StatusService/GetAssessment tells of the process that nobody can look up later:
 * which packages were installed when their libraries were loaded, and what the service
 * manager asked for. Immutable. */
struct assessment {
    struct installed packages[INSTALLED_MAX];
    size_t package_count;
    bool managed;
    int64_t watchdog_us;
};

/* Once, on the main thread, behind notify_open. */
void assessment_init(struct assessment *out);
void assessment_on_get(struct grpc_call *call, const ProtobufCMessage *message,
                       void *services);

#endif
