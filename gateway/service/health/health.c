#include "gateway/service/health/health.h"

#include <stdlib.h>

#include "gateway/service/inside.h"
#include "grpc/health/v1/health.pb-c.h"

/* Known names are shorter; a longer one is cut and so stays unknown. */
enum { NAME_SIZE = 96, QUEUED_MAX = 4096 };

/* One call of Watch. */
struct watch {
    LIST_ENTRY(watch) link;
    struct grpc_call *call; /* borrowed until its on_close */
    struct held_place place;
    enum serving told;
    bool over; /* finished; on_close is to come */
    char service[NAME_SIZE];
};

enum sg_status health_init(struct health *health)
{
    LIST_INIT(&health->watches);
    health->version = UINT64_MAX;
    health->report = (struct core_report *)calloc(1, sizeof(*health->report));
    return health->report == NULL ? SG_NO_MEMORY : SG_OK;
}

void health_fini(struct health *health)
{
    free(health->report);
    health->report = NULL;
}

/* What serves now. The report is the loop's copy. */
static struct vitals health_look(struct service_loop *loop)
{
    struct services *services = loop->services;
    struct health *health = &loop->health;
    /* The number first: what changes meanwhile is seen at the next look. */
    uint64_t version = core_report_version(services->options.core);

    if (version != health->version) {
        core_report(services->options.core, health->report);
        health->version = version;
    }
    return (struct vitals){.report = health->report,
                           .draining = atomic_load(&services->draining),
                           .resting = atomic_load(&services->rotation.out),
                           .log_readable = reading_sound(services->reading)};
}

static SG_MUST_USE enum sg_status send_status(struct grpc_call *call,
                                              enum serving serving)
{
    Grpc__Health__V1__HealthCheckResponse response;

    grpc__health__v1__health_check_response__init(&response);
    response.status = (Grpc__Health__V1__HealthCheckResponse__ServingStatus)serving;
    return grpc_send(call, &response.base);
}

void health_on_check(struct grpc_call *call, const ProtobufCMessage *message,
                     void *context)
{
    const Grpc__Health__V1__HealthCheckRequest *request =
        (const Grpc__Health__V1__HealthCheckRequest *)(const void *)message;
    const struct vitals vitals = health_look(loop_of((struct services *)context, call));
    enum serving serving = serving_of(&vitals, request->service);

    if (serving == SERVING_NONE) {
        finish_plain(call, SG_NOT_FOUND,
                     "there is no service of that name; \"\" stands for the gateway, "
                     "segel.key/NAME for a key, segel.lane/NAME for a lane");
    } else if (send_status(call, serving) == SG_OK) {
        finish_plain(call, SG_OK, NULL);
    }
}

/* A watcher that takes nothing is told the newest state when it does. */
static bool tell(struct watch *watch, enum serving serving)
{
    if (watch->over || serving == watch->told) {
        return true;
    }
    if (grpc_call_queued(watch->call) > QUEUED_MAX) {
        return false;
    }
    watch->told = serving;
    watch->over = send_status(watch->call, serving) != SG_OK;
    return true;
}

static void end(struct watch *watch)
{
    if (!watch->over) {
        watch->over = true;
        finish_plain(watch->call, SG_SHUTDOWN, NULL);
    }
}

static struct watch *open_watch(struct grpc_call *call, struct services *services,
                                const char *service)
{
    struct held_place place;

    if (!places_take(&services->health_places, call, "watch the gateway's health",
                     &place)) {
        return NULL;
    }
    struct watch *watch = (struct watch *)calloc(1, sizeof(*watch));
    if (watch == NULL) {
        places_leave(&place);
        finish_plain(call, SG_NO_MEMORY, NULL);
        return NULL;
    }
    watch->place = place;
    watch->call = call;
    (void)snprintf(watch->service, sizeof(watch->service), "%s", service);
    LIST_INSERT_HEAD(&loop_of(services, call)->health.watches, watch, link);
    grpc_call_set_state(call, watch);
    return watch;
}

void health_on_watch(struct grpc_call *call, const ProtobufCMessage *message,
                     void *context)
{
    const Grpc__Health__V1__HealthCheckRequest *request =
        (const Grpc__Health__V1__HealthCheckRequest *)(const void *)message;
    struct services *services = (struct services *)context;
    struct watch *watch = open_watch(call, services, request->service);

    if (watch != NULL) {
        const struct vitals vitals = health_look(loop_of(services, call));
        (void)tell(watch, serving_of(&vitals, watch->service)); /* an empty queue */
        if (vitals.draining) {
            end(watch);
        }
    }
}

void health_on_close(struct grpc_call *call, void *context)
{
    struct watch *watch = (struct watch *)grpc_call_state(call);

    (void)context;
    if (watch != NULL) {
        LIST_REMOVE(watch, link);
        places_leave(&watch->place);
        free(watch);
    }
}

/* The closing of a call comes later, so the list stays whole. */
static void tell_all(struct health *health, const struct vitals *vitals)
{
    struct watch *watch;

    health->behind = false;
    LIST_FOREACH(watch, &health->watches, link)
    {
        health->behind =
            !tell(watch, serving_of(vitals, watch->service)) || health->behind;
    }
    health->told = *vitals;
    health->told_version = health->version;
}

void health_tick(void *context)
{
    struct service_loop *loop = (struct service_loop *)context;
    struct health *health = &loop->health;

    if (LIST_EMPTY(&health->watches)) {
        return;
    }
    const struct vitals vitals = health_look(loop);
    if (health->behind || health->version != health->told_version ||
        vitals.draining != health->told.draining ||
        vitals.resting != health->told.resting ||
        vitals.log_readable != health->told.log_readable) {
        tell_all(health, &vitals);
    }
}

void health_drain(struct service_loop *loop)
{
    const struct vitals vitals = health_look(loop);
    struct watch *watch;

    tell_all(&loop->health, &vitals);
    LIST_FOREACH(watch, &loop->health.watches, link)
    {
        end(watch);
    }
}
