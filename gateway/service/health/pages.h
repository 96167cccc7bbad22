#ifndef SEGEL_GATEWAY_SERVICE_HEALTH_PAGES_H
#define SEGEL_GATEWAY_SERVICE_HEALTH_PAGES_H

#include <stdatomic.h>

#include "gateway/admin.h"
#include "gateway/service/services.h"

/* The local pages: /metrics, /healthz, /livez, /readyz. They are there from the first
 * moment of a start, which may wait for a PIN for hours: who probes must find it alive,
 * and not ready. */
struct pages {
    _Atomic(struct services *) services; /* NULL: the gateway starts */
    _Atomic int64_t waiting_us; /* CLOCK_MONOTONIC: when the start was last seen to wait
                                 * for a PIN; 0 = it does not */
};

/* For the admin's options; they are written on its thread. */
void pages_offer(struct pages *pages, struct admin_options *options);
/* On the main thread: the start waits, and moves; it goes on. */
void pages_wait(struct pages *pages);
void pages_go_on(struct pages *pages);
/* From services_attach on, until services_free. */
void pages_serve(struct pages *pages, struct services *services);

#endif
