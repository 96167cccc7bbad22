#include "gateway/core/lane/wire.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "proto/passing.h"

/* The core thread's alone. On the stack it would be cleared for every packet: with
 * 64 KiB a third of what the crossing of a small one cost. */
static uint8_t frame[WIRE_FRAME_MAX];

enum sg_status wire_send_with(int fd, const Segel__Lane__V1__ToLane *message, int passed)
{
    size_t len = segel__lane__v1__to_lane__get_packed_size(message);

    if (len > sizeof(frame)) {
        return SG_TOO_LARGE;
    }
    struct iovec part = {frame, segel__lane__v1__to_lane__pack(message, frame)};
    ssize_t sent = passing_send(fd, &part, passed, MSG_DONTWAIT);
    if (sent == (ssize_t)len) {
        return SG_OK;
    }
    return sent < 0 && (errno == EAGAIN || errno == ENOBUFS) ? SG_BUSY : SG_IO;
}

enum sg_status wire_send(int fd, const Segel__Lane__V1__ToLane *message)
{
    return wire_send_with(fd, message, -1);
}

static ssize_t take_packet(int fd)
{
    return recv(fd, frame, sizeof(frame), MSG_DONTWAIT | MSG_TRUNC);
}

enum sg_status wire_receive(int fd, struct arena *arena, Segel__Lane__V1__FromLane **out)
{
    ssize_t len = take_packet(fd);

    /* Of a lane that died over unread work the socket says so once, before it gives what
     * the lane had sent. */
    if (len < 0 && errno == ECONNRESET) {
        len = take_packet(fd);
    }
    if (len < 0 && (errno == EAGAIN || errno == EINTR)) {
        return SG_NOT_FOUND;
    }
    if (len <= 0) {
        return SG_IO;
    }
    arena_reset(arena);
    *out =
        (size_t)len > sizeof(frame)
            ? NULL
            : segel__lane__v1__from_lane__unpack(&arena->allocator, (size_t)len, frame);
    return *out == NULL ? SG_INVALID : SG_OK;
}

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

void wire_fill_open(const struct config_lane *config, Segel__Lane__V1__Open *open)
{
    segel__lane__v1__open__init(open);
    open->protocol = SEGEL__LANE__V1__PROTOCOL__PROTOCOL_CURRENT;
    open->lane = text_of(config->name);
    open->module = text_of(config->module);
    open->token_label = text_of(config->token.label);
    open->token_serial = text_of(config->token.serial);
    open->token_manufacturer = text_of(config->token.manufacturer);
    open->token_model = text_of(config->token.model);
    open->init_args = text_of(config->init_args);
    open->n_read_only = config->read_only.count;
    open->read_only = (char **)(uintptr_t)config->read_only.items;
    open->pin_path = text_of(config->pin_path);
    open->threads = (uint32_t)config->threads;
}

enum sg_status wire_open(int fd, const struct lane_options *options)
{
    enum { KEYS_MAX = 258 };
    Segel__Lane__V1__KeyRef refs[KEYS_MAX];
    Segel__Lane__V1__KeyRef *pointers[KEYS_MAX];
    Segel__Lane__V1__Open open;
    Segel__Lane__V1__ToLane message;

    segel__lane__v1__to_lane__init(&message);
    MUST(options->key_count <= KEYS_MAX);
    for (size_t i = 0; i < options->key_count; i++) {
        segel__lane__v1__key_ref__init(&refs[i]);
        refs[i].name = text_of(options->keys[i].name);
        refs[i].id = bytes_of(options->keys[i].id);
        refs[i].label = text_of(options->keys[i].label);
        refs[i].subject_public_key_info = bytes_of(options->keys[i].spki);
        pointers[i] = &refs[i];
    }
    wire_fill_open(options->config, &open);
    open.n_keys = options->key_count;
    open.keys = pointers;
    open.ask = 1;
    message.body_case = SEGEL__LANE__V1__TO_LANE__BODY_OPEN;
    message.open = &open;
    return wire_send(fd, &message);
}

enum sg_status wire_permit(int fd, int pipe, bool last_try)
{
    Segel__Lane__V1__Login login;
    Segel__Lane__V1__ToLane message;

    segel__lane__v1__login__init(&login);
    segel__lane__v1__to_lane__init(&message);
    login.pipe = pipe >= 0;
    login.last_try = last_try;
    message.body_case = SEGEL__LANE__V1__TO_LANE__BODY_LOGIN;
    message.login = &login;
    return wire_send_with(fd, &message, pipe) == SG_OK ? SG_OK : SG_IO;
}

#define COPY_TEXT(to, from)                                                              \
    (void)snprintf((to), sizeof(to), "%s", (from) == NULL ? "" : (from))

void wire_token(const Segel__Lane__V1__Token *from, struct lane_token *to)
{
    COPY_TEXT(to->label, from->label);
    COPY_TEXT(to->manufacturer, from->manufacturer);
    COPY_TEXT(to->model, from->model);
    COPY_TEXT(to->serial, from->serial);
    COPY_TEXT(to->firmware, from->firmware);
    to->flags = from->flags;
}

void wire_key(const Segel__Lane__V1__KeyInfo *from, struct lane_key *to)
{
    size_t len = from->subject_public_key_info.len;

    *to = (struct lane_key){
        .usable = from->usable != 0,
        .bits = from->bits,
        .rsa_e = from->rsa_e,
        .attributes = from->attributes,
        .known = from->known,
        .mechanisms = from->mechanisms,
    };
    COPY_TEXT(to->code, from->code);
    COPY_TEXT(to->why, from->why);
    COPY_TEXT(to->type, from->type);
    COPY_TEXT(to->curve, from->curve);
    COPY_TEXT(to->start_date, from->start_date);
    COPY_TEXT(to->end_date, from->end_date);
    if (len <= sizeof(to->spki)) {
        to->spki_len = len;
        if (len > 0) {
            memcpy(to->spki, from->subject_public_key_info.data, len);
        }
    }
}
