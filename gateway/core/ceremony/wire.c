#include "gateway/core/ceremony/wire.h"

#include <stdio.h>
#include <string.h>

#include "gateway/core/lane/wire.h"

/* protobuf-c's structs have no const members; nothing here writes through them. */
static char *text_of(const char *text)
{
    return (char *)sg_unconst(text == NULL ? "" : text);
}

static ProtobufCBinaryData bytes_of(struct slice bytes)
{
    return (ProtobufCBinaryData){.data = (uint8_t *)sg_unconst(bytes.data),
                                 .len = bytes.len};
}

/* --- Out --------------------------------------------------------------------------- */

/* The parts of one message, of which a rite needs one. */
struct tasks {
    Segel__Lane__V1__Generate generate;
    Segel__Lane__V1__Csr csr;
    Segel__Lane__V1__ImportCertificate import_certificate;
    Segel__Lane__V1__Destroy destroy;
    Segel__Lane__V1__Find find;
    Segel__Lane__V1__ChangePin change_pin;
    Segel__Lane__V1__SettlePin settle_pin;
};

static void put_generate(const struct rite_order *order, struct tasks *tasks,
                         Segel__Lane__V1__Ceremony *out)
{
    Segel__Lane__V1__Generate *task = &tasks->generate;

    segel__lane__v1__generate__init(task);
    task->id = bytes_of(order->id);
    task->label = text_of(order->label);
    task->kind = text_of(order->kind);
    task->allowed = order->scheme == SG_SCHEME_NONE
                        ? SEGEL__LANE__V1__MECHANISM__MECHANISM_EDDSA
                        : (Segel__Lane__V1__Mechanism)order->scheme;
    task->start_date = text_of(order->start_date);
    task->end_date = text_of(order->end_date);
    out->task_case = SEGEL__LANE__V1__CEREMONY__TASK_GENERATE;
    out->generate = task;
}

static void put_csr(const struct rite_order *order, struct tasks *tasks,
                    Segel__Lane__V1__Ceremony *out)
{
    segel__lane__v1__csr__init(&tasks->csr);
    tasks->csr.id = bytes_of(order->id);
    tasks->csr.subject = text_of(order->subject);
    out->task_case = SEGEL__LANE__V1__CEREMONY__TASK_CSR;
    out->csr = &tasks->csr;
}

static void put_import(const struct rite_order *order, struct tasks *tasks,
                       Segel__Lane__V1__Ceremony *out)
{
    segel__lane__v1__import_certificate__init(&tasks->import_certificate);
    tasks->import_certificate.id = bytes_of(order->id);
    tasks->import_certificate.label = text_of(order->label);
    tasks->import_certificate.certificate = bytes_of(order->certificate);
    out->task_case = SEGEL__LANE__V1__CEREMONY__TASK_IMPORT_CERTIFICATE;
    out->import_certificate = &tasks->import_certificate;
}

static void put_destroy(const struct rite_order *order, struct tasks *tasks,
                        Segel__Lane__V1__Ceremony *out)
{
    segel__lane__v1__destroy__init(&tasks->destroy);
    tasks->destroy.id = bytes_of(order->id);
    tasks->destroy.label = text_of(order->label);
    tasks->destroy.subject_public_key_info = bytes_of(order->spki);
    out->task_case = SEGEL__LANE__V1__CEREMONY__TASK_DESTROY;
    out->destroy = &tasks->destroy;
}

static void put_find(const struct rite_order *order, struct tasks *tasks,
                     Segel__Lane__V1__Ceremony *out)
{
    segel__lane__v1__find__init(&tasks->find);
    tasks->find.id = bytes_of(order->id);
    out->task_case = SEGEL__LANE__V1__CEREMONY__TASK_FIND;
    out->find = &tasks->find;
}

static void put_change(const struct rite_order *order, struct tasks *tasks,
                       Segel__Lane__V1__Ceremony *out)
{
    (void)order;
    segel__lane__v1__change_pin__init(&tasks->change_pin);
    out->task_case = SEGEL__LANE__V1__CEREMONY__TASK_CHANGE_PIN;
    out->change_pin = &tasks->change_pin;
}

static void put_settle(const struct rite_order *order, struct tasks *tasks,
                       Segel__Lane__V1__Ceremony *out)
{
    (void)order;
    segel__lane__v1__settle_pin__init(&tasks->settle_pin);
    out->task_case = SEGEL__LANE__V1__CEREMONY__TASK_SETTLE_PIN;
    out->settle_pin = &tasks->settle_pin;
}

enum sg_status rite_send(int fd, const struct config_lane *lane,
                         const struct rite_order *order)
{
    static void (*const put[RITES])(const struct rite_order *, struct tasks *,
                                    Segel__Lane__V1__Ceremony *) = {
        [RITE_GENERATE] = put_generate, [RITE_CSR] = put_csr,
        [RITE_IMPORT] = put_import,     [RITE_DESTROY] = put_destroy,
        [RITE_FIND] = put_find,         [RITE_CHANGE_PIN] = put_change,
        [RITE_SETTLE_PIN] = put_settle,
    };
    struct tasks tasks;
    Segel__Lane__V1__Open open;
    Segel__Lane__V1__Ceremony ceremony;
    Segel__Lane__V1__ToLane message;

    segel__lane__v1__to_lane__init(&message);
    segel__lane__v1__ceremony__init(&ceremony);
    wire_fill_open(lane, &open);
    ceremony.open = &open;
    put[order->rite](order, &tasks, &ceremony);
    message.body_case = SEGEL__LANE__V1__TO_LANE__BODY_CEREMONY;
    message.ceremony = &ceremony;
    ceremony.pipe = order->pipe >= 0;
    ceremony.last_try = order->last_try;
    return wire_send_with(fd, &message, order->pipe);
}

/* --- In ---------------------------------------------------------------------------- */

#define COPY_TEXT(to, from) (void)snprintf((to), sizeof(to), "%s", (from))

static void take_presence(const Segel__Lane__V1__Presence *from, struct rite_presence *to)
{
    if (from != NULL) {
        *to = (struct rite_presence){.searched = from->searched != 0,
                                     .private_keys = from->private_keys,
                                     .public_keys = from->public_keys,
                                     .certificates = from->certificates};
    }
}

static void take_key(const Segel__Lane__V1__KeyInfo *from, struct rite_outcome *out)
{
    if (from == NULL) {
        return;
    }
    out->has_key = true;
    wire_key(from, &out->key);
    out->generation = from->generation_mechanism;
    for (size_t i = 0; i < from->n_allowed_mechanisms && i < RITE_ALLOWED_MAX; i++) {
        out->allowed[out->allowed_count++] = from->allowed_mechanisms[i];
    }
}

static void take_checks(const Segel__Lane__V1__CeremonyDone *from,
                        struct rite_outcome *out)
{
    for (size_t i = 0; i < from->n_checks && i < RITE_CHECKS_MAX; i++) {
        struct rite_check *check = &out->checks[out->check_count++];
        COPY_TEXT(check->name, from->checks[i]->name);
        COPY_TEXT(check->code, from->checks[i]->code);
        check->refused = from->checks[i]->refused != 0;
    }
}

static enum sg_status take(const Segel__Lane__V1__CeremonyDone *from,
                           struct rite_outcome *out)
{
    if (from->csr.len > sizeof(out->csr)) {
        return SG_INVALID;
    }
    *out = (struct rite_outcome){.answered = true,
                                 .done = from->failed == NULL,
                                 .untouched = from->untouched != 0,
                                 .login = mark_login(from->login)};
    if (from->failed != NULL) {
        out->failure = (enum failure)from->failed->failure;
        out->rv = from->failed->rv;
        COPY_TEXT(out->why, from->failed->why);
    }
    if (from->token != NULL) {
        out->has_token = true;
        wire_token(from->token, &out->token);
    }
    take_presence(from->presence, &out->presence);
    take_presence(from->destroyed, &out->destroyed);
    take_key(from->key, out);
    COPY_TEXT(out->left_out, from->left_out);
    take_checks(from, out);
    out->csr_len = from->csr.len;
    if (from->csr.len > 0) {
        memcpy(out->csr, from->csr.data, from->csr.len);
    }
    return SG_OK;
}

enum sg_status rite_receive(int fd, struct arena *arena, struct rite_outcome *out)
{
    Segel__Lane__V1__FromLane *message = NULL;

    TRY(wire_receive(fd, arena, &message));
    return message->body_case == SEGEL__LANE__V1__FROM_LANE__BODY_CEREMONY_DONE
               ? take(message->ceremony_done, out)
               : SG_INVALID;
}
