#ifndef SEGEL_GATEWAY_SERVICE_MONITOR_H
#define SEGEL_GATEWAY_SERVICE_MONITOR_H

#include "gateway/metrics.h"
#include "gateway/service/serving.h"
#include "gateway/transport/server.h"

/* The numbers behind /metrics, from what others say of themselves. Pure. */
struct monitor {
    const char *version; /* of segeld */
    struct vitals vitals;
    struct server_counts counts;
    uint64_t jobs;
    const struct caller_report *callers; /* borrowed */
    size_t caller_count;
    uint64_t watchers;
};
void monitor_write(const struct monitor *monitor, FILE *out);

#endif
