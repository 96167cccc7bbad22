#ifndef SEGEL_GATEWAY_SERVICE_SERVICES_H
#define SEGEL_GATEWAY_SERVICE_SERVICES_H

#include "gateway/admin.h"
#include "gateway/core/core.h"
#include "gateway/service/health/beats.h"
#include "gateway/service/reading.h"
#include "gateway/transport/server.h"
#include "proto/arena.h"

/* The gRPC services, and where transport and core meet. Everything runs on the I/O loops
 * except what reading.h does on its own thread. */
struct services;

struct services_options {
    const struct config *config; /* all borrowed for the life of the services */
    struct core *core;
    struct status *status; /* NULL: status.dir is not set */
};
SG_MUST_USE enum sg_status services_new(const struct services_options *options,
                                        struct services **out, struct sg_error *why);
/* The method table and hooks for the server's options. */
void services_offer(struct services *services, struct server_options *options);
/* The callers of another configuration, to be renewed; they hold a share of it. *out
 * stays NULL when nothing about them has changed. Another caller than those of the start:
 * SG_PRECONDITION. */
struct order;
struct roll;
SG_MUST_USE enum sg_status services_prepare(struct services *services,
                                            struct config *config, struct roll **out,
                                            struct sg_error *why);
/* Takes the roll over; NULL: nothing happens. Who is let in from now on is judged by it;
 * server_renew has the others ask again. */
void services_renew(struct services *services, struct roll *roll);
void roll_free(struct roll *roll);
/* Takes an order of core_policy_order: it goes to the core when it is known what the
 * policy would have made of decisions on the log. From services_attach on. */
void services_succeed(struct services *services, struct order *order);
/* Any thread, from services_attach on: see beats.h. */
struct beats services_beats(const struct services *services);
/* Ties the answers of the core to the loops; between server_new and server_start. */
SG_MUST_USE enum sg_status services_attach(struct services *services,
                                           struct server *server, struct sg_error *why);
/* Any thread: by a signal, out of the rotation of load balancers and back (rotation.h).
 * reason: one line. */
void services_rest(struct services *services, bool out, const char *reason);
/* On the main thread: what came of a reload, as reload_told_note takes it. */
struct changes;
void services_reloaded(struct services *services, const struct changes *changes,
                       const char *why);
/* Once, on the main thread, a moment before server_drain: health turns to NOT_SERVING and
 * its watchers are told, who follows the log is sent away, streams get their last answers
 * and the word to come back. */
void services_drain(struct services *services);
/* After server_stop. */
void services_free(struct services *services);

#endif
