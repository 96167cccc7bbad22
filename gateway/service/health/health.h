#ifndef SEGEL_GATEWAY_SERVICE_HEALTH_HEALTH_H
#define SEGEL_GATEWAY_SERVICE_HEALTH_HEALTH_H

#include <sys/queue.h>

#include "gateway/service/health/serving.h"
#include "gateway/transport/grpc.h"

struct service_loop;
struct services;

/* grpc.health.v1.Health: what load balancers and clients ask. Each I/O loop looks a few
 * times a second whether something changed and tells its own watchers. */
enum { HEALTH_PERIOD_MS = 200 };

/* What one I/O loop knows; its own thread only. */
struct health {
    struct core_report *report; /* owned */
    uint64_t version;           /* of the core's report when this copy was made */
    struct vitals told;         /* what the watchers were told last */
    uint64_t told_version;
    bool behind; /* one of them had no room for it */
    LIST_HEAD(, watch) watches;
};

SG_MUST_USE enum sg_status health_init(struct health *health);
void health_fini(struct health *health);

void health_on_check(struct grpc_call *call, const ProtobufCMessage *message,
                     void *services);
void health_on_watch(struct grpc_call *call, const ProtobufCMessage *message,
                     void *services);
void health_on_close(struct grpc_call *call, void *services);

/* On the loop's thread: now and then, and once when the gateway ends: each watcher is
 * told, then its call ends. */
void health_tick(void *service_loop);
void health_drain(struct service_loop *loop);

#endif
