#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "hsm/wire/inside.h"

/* What the lane says. Called by one thread at a time: at the start there is only one,
 * later the outbox holds its lock. */
static uint8_t packet[WIRE_PACKET_MAX];

enum sg_status wire_send(int fd, const Segel__Lane__V1__FromLane *message)
{
    if (segel__lane__v1__from_lane__get_packed_size(message) > sizeof(packet)) {
        return SG_TOO_LARGE;
    }
    size_t len = segel__lane__v1__from_lane__pack(message, packet);
    ssize_t sent;
    do {
        sent = send(fd, packet, len, MSG_NOSIGNAL);
    } while (sent < 0 && errno == EINTR);
    return sent == (ssize_t)len ? SG_OK : SG_IO;
}

void wire_key(const struct key *key, struct key_message *out)
{
    segel__lane__v1__key_info__init(&out->info);
    out->info.usable = key->usable;
    out->info.why = wire_text(key->why.text);
    out->info.code = wire_text(key->code);
    out->info.type = wire_text(key_type_name(key->type));
    out->info.bits = key->bits;
    out->info.curve = wire_text(key->curve);
    out->info.rsa_e = key->rsa_e;
    out->info.subject_public_key_info = wire_bytes(key->spki, key->spki_len);
    out->info.mechanisms = key->mechanisms;
    out->info.attributes = key->attributes;
    out->info.known = key->known;
    for (size_t i = 0; i < key->allowed_count; i++) {
        out->allowed[i] = key->allowed[i];
    }
    out->info.allowed_mechanisms = out->allowed;
    out->info.n_allowed_mechanisms = key->allowed_count;
    out->info.generation_mechanism = key->generation;
    out->info.start_date = wire_text(key->start_date);
    out->info.end_date = wire_text(key->end_date);
}

void wire_token(const struct token *token, Segel__Lane__V1__Token *about)
{
    segel__lane__v1__token__init(about);
    about->label = wire_text(token->label);
    about->manufacturer = wire_text(token->manufacturer);
    about->model = wire_text(token->model);
    about->serial = wire_text(token->serial);
    about->firmware = wire_text(token->firmware);
    about->library = wire_text(token->library);
    about->flags = (uint32_t)token->flags;
}

void wire_failure(const struct trouble *trouble, Segel__Lane__V1__Failed *failed)
{
    segel__lane__v1__failed__init(failed);
    failed->failure = (Segel__Lane__V1__FailureClass)trouble->failure;
    failed->why = wire_text(trouble->why.text);
    failed->rv = trouble->rv;
}

enum sg_status wire_found(int fd, const struct token *token)
{
    Segel__Lane__V1__FromLane message = SEGEL__LANE__V1__FROM_LANE__INIT;
    Segel__Lane__V1__Found found = SEGEL__LANE__V1__FOUND__INIT;
    Segel__Lane__V1__Token about;
    wire_token(token, &about);
    found.token = &about;
    message.body_case = SEGEL__LANE__V1__FROM_LANE__BODY_FOUND;
    message.found = &found;
    return wire_send(fd, &message);
}

enum sg_status wire_opened(int fd, const struct lane_state *state)
{
    static struct key_message messages[WIRE_KEYS_MAX];
    static Segel__Lane__V1__KeyInfo *list[WIRE_KEYS_MAX];
    Segel__Lane__V1__FromLane message = SEGEL__LANE__V1__FROM_LANE__INIT;
    Segel__Lane__V1__Opened opened;
    segel__lane__v1__opened__init(&opened);
    Segel__Lane__V1__Token about;
    wire_token(state->token, &about);
    for (size_t i = 0; i < state->key_count; i++) {
        wire_key(&state->keys[i], &messages[i]);
        list[i] = &messages[i].info;
    }
    opened.token = &about;
    opened.keys = list;
    opened.n_keys = state->key_count;
    opened.threads = state->threads;
    opened.note = wire_text(state->note);
    opened.confinement = state->confinement;
    message.body_case = SEGEL__LANE__V1__FROM_LANE__BODY_OPENED;
    message.opened = &opened;
    return wire_send(fd, &message);
}

enum sg_status wire_failed(int fd, const struct trouble *trouble)
{
    Segel__Lane__V1__FromLane message = SEGEL__LANE__V1__FROM_LANE__INIT;
    Segel__Lane__V1__Failed failed;
    wire_failure(trouble, &failed);
    failed.token_flags = (uint32_t)trouble->token_flags;
    message.body_case = SEGEL__LANE__V1__FROM_LANE__BODY_FAILED;
    message.failed = &failed;
    return wire_send(fd, &message);
}

enum sg_status wire_done(int fd, const struct outcome *outcomes, size_t count)
{
    Segel__Lane__V1__FromLane message = SEGEL__LANE__V1__FROM_LANE__INIT;
    Segel__Lane__V1__Done done = SEGEL__LANE__V1__DONE__INIT;
    Segel__Lane__V1__Outcome each[WIRE_BATCH_MAX];
    Segel__Lane__V1__Outcome *list[WIRE_BATCH_MAX];
    MUST(count <= WIRE_BATCH_MAX);
    for (size_t i = 0; i < count; i++) {
        const struct outcome *from = &outcomes[i];
        segel__lane__v1__outcome__init(&each[i]);
        each[i].id = from->id;
        each[i].failure = (Segel__Lane__V1__FailureClass)from->failure;
        each[i].signature = wire_bytes(from->signature.data, from->signature.len);
        each[i].rv = from->rv;
        each[i].hsm_us = from->hsm_us;
        each[i].retries = from->retries;
        list[i] = &each[i];
    }
    done.outcomes = list;
    done.n_outcomes = count;
    message.body_case = SEGEL__LANE__V1__FROM_LANE__BODY_DONE;
    message.done = &done;
    return wire_send(fd, &message);
}
