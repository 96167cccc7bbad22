#include <stdio.h>
#include <string.h>

#include "gateway/clock.h"
#include "gateway/service/keys/keys.h"
#include "proto/text.h"

/* What officers order of keys. */
#define SERVICE "/segel.v1.KeyService/"

/* --- Answers ----------------------------------------------------------------------- */

Segel__V1__Key *keys_of_order(struct asked *asked, const char *name,
                              Segel__V1__LogPosition **position)
{
    struct core *core = asked->services->options.core;
    const struct keyring *ring = core_keys(core);
    const struct key *key = keyring_find(ring, slice_str(name));
    struct key_report *report =
        (struct key_report *)approvals_room(asked, sizeof(*report));

    if (key == NULL || report == NULL ||
        !core_report_key(core, (size_t)(key - ring->keys), report)) {
        return NULL;
    }
    const struct key_view view = {key, report, NULL};
    if (position != NULL) {
        *position =
            approvals_position(asked, report->life.log_index, report->life.log_hash);
        if (*position == NULL) {
            return NULL;
        }
    }
    return keys_message(&asked->order.arena, &view);
}

/* Where the fields stand that these answers have in common. */
struct shape {
    const ProtobufCMessageDescriptor *kind;
    size_t key;
    size_t other; /* log, or approval */
};

static void put(ProtobufCMessage *message, size_t offset, const void *value)
{
    memcpy((char *)message + offset, &value, sizeof(value));
}

static ProtobufCMessage *by_one(struct asked *asked, const struct shape *shape)
{
    ProtobufCMessage *out = (ProtobufCMessage *)approvals_make(asked, shape->kind);
    Segel__V1__LogPosition *log = NULL;
    const Segel__V1__Key *key = keys_of_order(asked, asked->order.object, &log);

    if (out == NULL || key == NULL) {
        return NULL;
    }
    put(out, shape->key, key);
    put(out, shape->other, log);
    return out;
}

static bool executed(const Segel__V1__Approval *approval)
{
    return approval->state == SEGEL__V1__APPROVAL_STATE__APPROVAL_STATE_EXECUTED;
}

static ProtobufCMessage *by_several(struct asked *asked, const struct shape *shape)
{
    ProtobufCMessage *out = (ProtobufCMessage *)approvals_make(asked, shape->kind);
    const Segel__V1__Approval *approval = approvals_approval(asked);
    const Segel__V1__Key *key = NULL;

    if (out == NULL || approval == NULL) {
        return NULL;
    }
    put(out, shape->other, approval);
    if (executed(approval)) {
        key = keys_of_order(asked, asked->order.object, NULL);
        put(out, shape->key, key);
    }
    return executed(approval) && key == NULL ? NULL : out;
}

static ProtobufCMessage *answer_hold(struct asked *asked)
{
    static const struct shape shape = {&segel__v1__hold_key_response__descriptor,
                                       offsetof(Segel__V1__HoldKeyResponse, key),
                                       offsetof(Segel__V1__HoldKeyResponse, log)};
    return by_one(asked, &shape);
}

static ProtobufCMessage *answer_deactivate(struct asked *asked)
{
    static const struct shape shape = {&segel__v1__deactivate_key_response__descriptor,
                                       offsetof(Segel__V1__DeactivateKeyResponse, key),
                                       offsetof(Segel__V1__DeactivateKeyResponse, log)};
    return by_one(asked, &shape);
}

static ProtobufCMessage *answer_compromise(struct asked *asked)
{
    static const struct shape shape = {
        &segel__v1__report_compromise_response__descriptor,
        offsetof(Segel__V1__ReportCompromiseResponse, key),
        offsetof(Segel__V1__ReportCompromiseResponse, log)};
    ProtobufCMessage *out = by_one(asked, &shape);
    Segel__V1__ReportCompromiseResponse *response =
        (Segel__V1__ReportCompromiseResponse *)(void *)out;

    if (response != NULL) {
        response->signatures_since = asked->signatures;
        response->counted = asked->counted;
    }
    return out;
}

static ProtobufCMessage *answer_activate(struct asked *asked)
{
    static const struct shape shape = {
        &segel__v1__activate_key_response__descriptor,
        offsetof(Segel__V1__ActivateKeyResponse, key),
        offsetof(Segel__V1__ActivateKeyResponse, approval)};
    return by_several(asked, &shape);
}

static ProtobufCMessage *answer_release(struct asked *asked)
{
    static const struct shape shape = {&segel__v1__release_key_response__descriptor,
                                       offsetof(Segel__V1__ReleaseKeyResponse, key),
                                       offsetof(Segel__V1__ReleaseKeyResponse, approval)};
    return by_several(asked, &shape);
}

static ProtobufCMessage *answer_rotate(struct asked *asked)
{
    static const struct shape shape = {&segel__v1__rotate_key_response__descriptor,
                                       offsetof(Segel__V1__RotateKeyResponse, key),
                                       offsetof(Segel__V1__RotateKeyResponse, approval)};
    Segel__V1__RotateKeyResponse *out =
        (Segel__V1__RotateKeyResponse *)(void *)by_several(asked, &shape);

    if (out != NULL && out->key != NULL) {
        out->successor = keys_of_order(asked, out->key->successor, NULL);
        return out->successor == NULL ? NULL : &out->base;
    }
    return out == NULL ? NULL : &out->base;
}

/* --- What several must agree to ---------------------------------------------------- */

void keys_on_activate(struct grpc_call *call, const ProtobufCMessage *message,
                      void *services)
{
    static const struct guarded guarded = {
        .method = SERVICE "ActivateKey",
        .refusal = "asking for an activation needs the role officer",
        .answer = answer_activate};

    approvals_guard(call, (struct services *)services, &guarded, message);
}

void keys_on_release(struct grpc_call *call, const ProtobufCMessage *message,
                     void *services)
{
    static const struct guarded guarded = {
        .method = SERVICE "ReleaseKey",
        .refusal = "asking for the release of a key needs the role officer",
        .answer = answer_release};

    approvals_guard(call, (struct services *)services, &guarded, message);
}

void keys_on_rotate(struct grpc_call *call, const ProtobufCMessage *message,
                    void *services)
{
    static const struct guarded guarded = {
        .method = SERVICE "RotateKey",
        .refusal = "asking for a key to be followed needs the role officer",
        .answer = answer_rotate};

    approvals_guard(call, (struct services *)services, &guarded, message);
}

/* --- What one person does ---------------------------------------------------------- */

/* Fields that all of these messages have. */
struct alone {
    enum order_kind kind;
    const char *request_id;
    const char *key;
    const char *reason;
    int64_t moment_us;
    ProtobufCMessage *(*answer)(struct asked *asked);
};

/* Nobody suspects since tomorrow; an officer's clock may be some minutes ahead. */
static bool sound(struct grpc_call *call, const struct alone *alone)
{
    static const int64_t SLACK_US = INT64_C(300) * 1000000;

    if (!approvals_identified(call, alone->request_id)) {
        return false;
    }
    if (!text_name(slice_str(alone->key))) {
        finish_plain(call, SG_INVALID, "key is missing or no name of a key");
        return false;
    }
    if (alone->moment_us < 0) {
        finish_plain(call, SG_INVALID, "suspected_since_us must not be negative");
        return false;
    }
    if (alone->moment_us > clock_wall_us() + SLACK_US) {
        finish_plain(call, SG_INVALID,
                     "suspected_since_us has not come yet: microseconds since 1970, UTC");
        return false;
    }
    return approvals_reasoned(call, alone->reason);
}

static void order(struct grpc_call *call, struct services *services,
                  const struct alone *alone)
{
    if (!sound(call, alone)) {
        return;
    }
    struct asked *asked = approvals_open(call, services, alone->kind);
    if (asked == NULL) {
        return;
    }
    struct order *out = &asked->order.order;
    asked->answer = alone->answer;
    asked->order.moment_us = alone->moment_us;
    (void)snprintf(asked->order.object, sizeof(asked->order.object), "%s", alone->key);
    (void)snprintf(out->request_id, sizeof(out->request_id), "%s", alone->request_id);
    approvals_keep_reason(out, alone->reason);
    approvals_submit(call, asked);
}

void keys_on_hold(struct grpc_call *call, const ProtobufCMessage *message, void *services)
{
    const Segel__V1__HoldKeyRequest *request =
        (const Segel__V1__HoldKeyRequest *)(const void *)message;
    const struct alone alone = {
        ORDER_KEY_HOLD, request->request_id, request->key, request->reason, 0,
        answer_hold};

    if (approvals_may(call, ROLE_OFFICER | ROLE_REVIEWER,
                      "holding a key is for the roles officer and reviewer")) {
        order(call, (struct services *)services, &alone);
    }
}

void keys_on_deactivate(struct grpc_call *call, const ProtobufCMessage *message,
                        void *services)
{
    const Segel__V1__DeactivateKeyRequest *request =
        (const Segel__V1__DeactivateKeyRequest *)(const void *)message;
    const struct alone alone = {
        ORDER_KEY_DEACTIVATE, request->request_id, request->key, request->reason, 0,
        answer_deactivate};

    if (approvals_may(call, ROLE_OFFICER, "deactivating a key needs the role officer")) {
        order(call, (struct services *)services, &alone);
    }
}

void keys_on_compromise(struct grpc_call *call, const ProtobufCMessage *message,
                        void *services)
{
    const Segel__V1__ReportCompromiseRequest *request =
        (const Segel__V1__ReportCompromiseRequest *)(const void *)message;
    const struct alone alone = {
        ORDER_KEY_COMPROMISE, request->request_id,         request->key,
        request->reason,      request->suspected_since_us, answer_compromise};

    if (approvals_may(call, ROLE_OFFICER | ROLE_REVIEWER,
                      "reporting a compromise is for the roles officer and reviewer")) {
        order(call, (struct services *)services, &alone);
    }
}
