#include "gateway/service/health/rotation.h"

#include <stdio.h>
#include <string.h>

#include "gateway/clock.h"
#include "gateway/log.h"
#include "gateway/service/approvals/approvals.h"
#include "gateway/service/inside.h"
#include "segel/v1/status.pb-c.h"

void rotation_init(struct rotation *rotation)
{
    *rotation = (struct rotation){.view = {.out = false}};
    MUST(pthread_mutex_init(&rotation->lock, NULL) == 0);
}

void rotation_fini(struct rotation *rotation)
{
    MUST(pthread_mutex_destroy(&rotation->lock) == 0);
}

void rotation_look(struct rotation *rotation, struct rotation_view *out)
{
    MUST(pthread_mutex_lock(&rotation->lock) == 0);
    *out = rotation->view;
    MUST(pthread_mutex_unlock(&rotation->lock) == 0);
}

static bool same(const struct rotation_view *one, const struct rotation_view *other)
{
    return strcmp(one->by, other->by) == 0 && strcmp(one->reason, other->reason) == 0;
}

enum taken { TAKEN, SO_ALREADY, ANOTHERS };

static enum taken take(struct rotation *rotation, const struct rotation_view *to)
{
    const struct rotation_view *view = &rotation->view;

    if (view->out && to->out && !same(view, to)) {
        return ANOTHERS;
    }
    if (view->out == to->out) {
        return SO_ALREADY;
    }
    rotation->view = *to;
    rotation->view.since_us = clock_wall_us();
    atomic_store(&rotation->out, to->out);
    atomic_fetch_add(&rotation->turns, 1);
    return TAKEN;
}

bool rotation_set(struct rotation *rotation, const struct rotation_view *to)
{
    MUST(pthread_mutex_lock(&rotation->lock) == 0);
    enum taken taken = take(rotation, to);
    MUST(pthread_mutex_unlock(&rotation->lock) == 0);
    if (taken == TAKEN) {
        log_event(LOG_WARN, to->out ? "rotation.out" : "rotation.in", "by", to->by, "why",
                  to->out ? to->reason : "asked to serve again", NULL);
    }
    return taken != ANOTHERS;
}

static void refuse(struct grpc_call *call, struct rotation *rotation)
{
    struct rotation_view view;
    char text[sizeof(view.by) + sizeof(view.reason) + 160];

    rotation_look(rotation, &view);
    (void)snprintf(text, sizeof(text),
                   "the gateway is out of rotation already, by %s: %s; agree with them "
                   "who brings it back, as one 'segel admin in' does",
                   view.by, view.reason);
    finish_plain(call, SG_PRECONDITION, text);
}

static bool one_line(const char *text)
{
    for (; *text != '\0'; text++) {
        if ((unsigned char)*text < 0x20 || *text == 0x7F) {
            return false;
        }
    }
    return true;
}

static bool sound(struct grpc_call *call, const Segel__V1__SetRotationRequest *request)
{
    size_t len = strlen(request->reason);

    if (len > ROTATION_REASON_MAX || !one_line(request->reason)) {
        finish_plain(call, SG_INVALID, "reason: one line of at most 160 bytes");
        return false;
    }
    if (request->out != 0 && len == 0) {
        finish_plain(call, SG_INVALID,
                     "reason: say why the gateway goes out of rotation; others will ask");
        return false;
    }
    return true;
}

static void answer(struct grpc_call *call, struct rotation *rotation)
{
    Segel__V1__Rotation now;
    Segel__V1__SetRotationResponse response;
    struct rotation_view view;

    rotation_look(rotation, &view);
    segel__v1__rotation__init(&now);
    segel__v1__set_rotation_response__init(&response);
    now.out = view.out;
    now.reason = view.reason;
    now.by = view.by;
    now.since_us = view.since_us;
    response.rotation = &now;
    if (grpc_send(call, &response.base) == SG_OK) {
        finish_plain(call, SG_OK, NULL);
    }
}

void rotation_on_set(struct grpc_call *call, const ProtobufCMessage *message,
                     void *context)
{
    const Segel__V1__SetRotationRequest *request =
        (const Segel__V1__SetRotationRequest *)(const void *)message;
    struct services *services = (struct services *)context;
    const struct caller *caller = (const struct caller *)grpc_call_caller(call);
    struct rotation_view to = {.out = request->out != 0};

    if (!approvals_may(call, ROLE_OPERATOR | ROLE_OFFICER,
                       "rotation is for the roles operator and officer") ||
        !sound(call, request)) {
        return;
    }
    (void)snprintf(to.reason, sizeof(to.reason), "%s", request->reason);
    (void)snprintf(to.by, sizeof(to.by), "%s", caller->config->name);
    if (rotation_set(&services->rotation, &to)) {
        answer(call, &services->rotation);
    } else {
        refuse(call, &services->rotation);
    }
}
