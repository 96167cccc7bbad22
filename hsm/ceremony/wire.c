#include <stdio.h>
#include <string.h>

#include "hsm/ceremony/ceremony.h"
#include "hsm/wire/inside.h"
#include "proto/text.h"

#define TASK(name) SEGEL__LANE__V1__CEREMONY__TASK_##name

/* --- In ---------------------------------------------------------------------------- */

static bool copy_id(struct ceremony_order *order, const ProtobufCBinaryData *id)
{
    char hex[2 * KEY_ID_MAX + 1];
    if (id->len == 0 || id->len > sizeof(order->ref.id)) {
        return false;
    }
    memcpy(order->ref.id, id->data, id->len);
    order->ref.id_len = id->len;
    text_hex(slice_of(id->data, id->len), hex);
    (void)snprintf(order->ref.name, sizeof(order->ref.name), "%.*s", KEY_NAME_MAX, hex);
    return true;
}

static bool copy_label(struct ceremony_order *order, const char *label)
{
    order->ref.name[0] = '\0';
    return label[0] != '\0' && text_plain(slice_str(label)) &&
           wire_copy_text(order->label, sizeof(order->label), label) &&
           wire_copy_text(order->ref.name, sizeof(order->ref.name), label);
}

static bool copy_generate(struct ceremony_order *order,
                          const Segel__Lane__V1__Generate *from, struct trouble *trouble)
{
    const char *start = from->start_date[0] == '\0' ? NULL : from->start_date;
    const char *end = from->end_date[0] == '\0' ? NULL : from->end_date;
    enum mechanism allowed = (enum mechanism)from->allowed;
    order->task = CEREMONY_GENERATE;
    order->plan.kind = generate_kind(from->kind);
    order->plan.allowed = mechanism_code(allowed);
    return copy_id(order, &from->id) && copy_label(order, from->label) &&
           order->plan.kind != NULL &&
           order->plan.kind->type == mechanism_key_type(allowed) &&
           generate_dates(start, end, &order->plan, trouble) == SG_OK;
}

static bool copy_csr(struct ceremony_order *order, const Segel__Lane__V1__Csr *from)
{
    order->task = CEREMONY_CSR;
    return copy_id(order, &from->id) &&
           wire_copy_text(order->subject, sizeof(order->subject), from->subject);
}

static bool copy_import(struct ceremony_order *order,
                        const Segel__Lane__V1__ImportCertificate *from)
{
    order->task = CEREMONY_IMPORT;
    if (from->certificate.len == 0 ||
        from->certificate.len > sizeof(order->certificate)) {
        return false;
    }
    memcpy(order->certificate, from->certificate.data, from->certificate.len);
    order->certificate_len = from->certificate.len;
    return copy_id(order, &from->id) && copy_label(order, from->label);
}

static bool copy_destroy(struct ceremony_order *order,
                         const Segel__Lane__V1__Destroy *from)
{
    const ProtobufCBinaryData *spki = &from->subject_public_key_info;
    order->task = CEREMONY_DESTROY;
    if (spki->len > sizeof(order->ref.spki)) {
        return false;
    }
    if (spki->len > 0) {
        memcpy(order->ref.spki, spki->data, spki->len);
    }
    order->ref.spki_len = spki->len;
    return copy_id(order, &from->id) &&
           wire_copy_text(order->ref.label, sizeof(order->ref.label), from->label);
}

static bool copy_task(struct ceremony_order *order, const Segel__Lane__V1__Ceremony *from,
                      struct trouble *trouble)
{
    switch (from->task_case) {
    case TASK(GENERATE):
        return copy_generate(order, from->generate, trouble);
    case TASK(CSR):
        return copy_csr(order, from->csr);
    case TASK(IMPORT_CERTIFICATE):
        return copy_import(order, from->import_certificate);
    case TASK(DESTROY):
        return copy_destroy(order, from->destroy);
    case TASK(FIND):
        order->task = CEREMONY_FIND;
        return copy_id(order, &from->find->id);
    case TASK(CHANGE_PIN):
        order->task = CEREMONY_CHANGE_PIN;
        return order->typed;
    case TASK(SETTLE_PIN):
        order->task = CEREMONY_SETTLE_PIN;
        return order->lane.pin_path[0] != '\0';
    case TASK(_NOT_SET):
    case _SEGEL__LANE__V1__CEREMONY__TASK__CASE_IS_INT_SIZE:
    default:
        return false;
    }
}

enum sg_status wire_ceremony(struct wire *wire, struct ceremony_order *order,
                             struct trouble *trouble)
{
    const Segel__Lane__V1__ToLane *message = wire_unpack(wire);
    if (message == NULL ||
        message->body_case != SEGEL__LANE__V1__TO_LANE__BODY_CEREMONY ||
        message->ceremony->open == NULL) {
        return SG_INVALID;
    }
    order->typed = message->ceremony->pipe != 0;
    order->last_try = message->ceremony->last_try != 0;
    if (order->typed != (order->pipe >= 0)) {
        return SG_INVALID;
    }
    TRY(wire_read_open(message->ceremony->open, &order->lane, trouble));
    if (copy_task(order, message->ceremony, trouble)) {
        return SG_OK;
    }
    return trouble->failure != FAILURE_NONE
               ? SG_PRECONDITION
               : trouble_config(
                     trouble,
                     "the ceremony is out of bounds: an id of 1 to %d bytes, a label of "
                     "1 "
                     "to %d printable characters, a kind of key that can do the "
                     "mechanism, a certificate of at most %d bytes",
                     KEY_ID_MAX, KEY_NAME_MAX, CEREMONY_CERTIFICATE_MAX);
}

/* --- Out --------------------------------------------------------------------------- */

static void tell_presence(const struct presence *from, Segel__Lane__V1__Presence *to)
{
    segel__lane__v1__presence__init(to);
    to->searched = from->searched;
    to->private_keys = from->private_keys;
    to->public_keys = from->public_keys;
    to->certificates = from->certificates;
}

static void tell_check(const struct negative_check *from,
                       Segel__Lane__V1__NegativeCheck *to)
{
    segel__lane__v1__negative_check__init(to);
    to->name = wire_text(from->name);
    to->refused = from->refused;
    to->rv = from->rv;
    to->code = wire_text(rv_name(from->rv));
}

/* The parts of the answer, which must live until it is sent. */
struct parts {
    Segel__Lane__V1__Failed failed;
    Segel__Lane__V1__Token token;
    Segel__Lane__V1__Presence presence;
    Segel__Lane__V1__Presence destroyed;
    struct key_message key;
    char left_out[128];
    Segel__Lane__V1__NegativeCheck checks[NEGATIVE_COUNT];
    Segel__Lane__V1__NegativeCheck *list[NEGATIVE_COUNT];
};

static void fill(const struct ceremony_report *report, struct parts *parts,
                 Segel__Lane__V1__CeremonyDone *done)
{
    if (report->status != SG_OK) {
        wire_failure(&report->trouble, &parts->failed);
        done->failed = &parts->failed;
    }
    if (report->found_token) {
        wire_token(&report->token, &parts->token);
        done->token = &parts->token;
    }
    if (report->has_key) {
        wire_key(&report->key, &parts->key);
        done->key = &parts->key.info;
        done->label = wire_text(report->key.label);
    }
    for (size_t i = 0; i < report->check_count; i++) {
        tell_check(&report->checks[i], &parts->checks[i]);
        parts->list[i] = &parts->checks[i];
    }
    tell_presence(&report->presence, &parts->presence);
    tell_presence(&report->destroyed, &parts->destroyed);
}

enum sg_status wire_ceremony_done(int fd, const struct ceremony_report *report)
{
    static struct parts parts;
    Segel__Lane__V1__FromLane message = SEGEL__LANE__V1__FROM_LANE__INIT;
    Segel__Lane__V1__CeremonyDone done;
    segel__lane__v1__ceremony_done__init(&done);
    fill(report, &parts, &done);
    done.untouched = report->untouched;
    done.login = (uint32_t)report->login;
    done.presence = &parts.presence;
    done.destroyed = &parts.destroyed;
    generate_list(report->left_out, parts.left_out, sizeof(parts.left_out));
    done.left_out = wire_text(parts.left_out);
    done.checks = parts.list;
    done.n_checks = report->check_count;
    done.csr = wire_bytes(report->csr, report->csr_len);
    message.body_case = SEGEL__LANE__V1__FROM_LANE__BODY_CEREMONY_DONE;
    message.ceremony_done = &done;
    return wire_send(fd, &message);
}
