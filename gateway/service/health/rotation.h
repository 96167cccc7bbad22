#ifndef SEGEL_GATEWAY_SERVICE_HEALTH_ROTATION_H
#define SEGEL_GATEWAY_SERVICE_HEALTH_ROTATION_H

#include <pthread.h>
#include <stdatomic.h>

#include "gateway/transport/grpc.h"
#include "proto/base.h"

/* Whether load balancers shall send callers here: a word of the operators, which health
 * and /readyz pass on. It refuses nothing, and ends with the process. Any thread. */
enum { ROTATION_REASON_MAX = 160 };

struct rotation_view {
    bool out;
    char reason[ROTATION_REASON_MAX + 1]; /* one line, of out */
    char by[65];                          /* caller, or "signal" */
    int64_t since_us;                     /* wall clock; 0 = since the start */
};

struct rotation {
    atomic_bool out;      /* for whoever asks often */
    atomic_uint turns;    /* how often it changed */
    pthread_mutex_t lock; /* leaf */
    struct rotation_view view;
};

void rotation_init(struct rotation *rotation);
void rotation_fini(struct rotation *rotation);
void rotation_look(struct rotation *rotation, struct rotation_view *out);
/* Writes a log line; nothing happens when it is so already. False: it is out already, by
 * somebody else or for another reason, and stays so: one word "in" would end what two
 * persons rely upon. */
bool rotation_set(struct rotation *rotation, const struct rotation_view *to);

void rotation_on_set(struct grpc_call *call, const ProtobufCMessage *message,
                     void *services);

#endif
