#include "hsm/wire/wire.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "hsm/process/confine.h"
#include "hsm/wire/inside.h"
#define NAME(x) SEGEL__LANE__V1__##x

static_assert((int)FAILURE_COUNT == NAME(FAILURE_CLASS__FAILURE_CONFIG) + 1,
              "failures as in lane.proto");
static_assert((int)FAILURE_DEVICE == NAME(FAILURE_CLASS__FAILURE_DEVICE),
              "failures as in lane.proto");
static_assert((int)MECHANISM_EDDSA == NAME(MECHANISM__MECHANISM_EDDSA),
              "mechanisms as in lane.proto");
static_assert((int)CONFINEMENT_READ_ONLY == NAME(CONFINEMENT__CONFINEMENT_READ_ONLY),
              "confinement as in lane.proto");
static_assert(1 << KEY_ATTRIBUTE_DESTROYABLE ==
                  NAME(KEY_ATTRIBUTE__KEY_ATTRIBUTE_DESTROYABLE),
              "attributes as in lane.proto");

enum sg_status wire_init(struct wire *wire, int fd)
{
    wire->fd = fd;
    return arena_init(&wire->arena, WIRE_ARENA);
}

static enum sg_status receive_failed(void)
{
    if (errno == EAGAIN) {
        return SG_NOT_FOUND;
    }
    return errno == ECONNRESET ? SG_SHUTDOWN : SG_IO;
}

enum sg_status wire_receive(struct wire *wire, bool wait)
{
    int flags = MSG_TRUNC | (wait ? 0 : MSG_DONTWAIT);
    ssize_t got;
    do {
        got = recv(wire->fd, wire->packet, sizeof(wire->packet), flags);
    } while (got < 0 && errno == EINTR);
    if (got == 0) {
        return SG_SHUTDOWN;
    }
    if (got < 0) {
        return receive_failed();
    }
    if ((size_t)got > sizeof(wire->packet)) {
        return SG_TOO_LARGE;
    }
    wire->len = (size_t)got;
    return SG_OK;
}

Segel__Lane__V1__ToLane *wire_unpack(struct wire *wire)
{
    arena_reset(&wire->arena);
    return segel__lane__v1__to_lane__unpack(&wire->arena.allocator, wire->len,
                                            wire->packet);
}

bool wire_copy_text(char *to, size_t cap, const char *from)
{
    size_t len = strlen(from);
    if (len >= cap) {
        return false;
    }
    memcpy(to, from, len + 1);
    return true;
}

static bool copy_key(struct key_ref *to, const Segel__Lane__V1__KeyRef *from)
{
    bool named = from->id.len > 0 || from->label[0] != '\0';
    if (!wire_copy_text(to->name, sizeof(to->name), from->name) || !named ||
        !wire_copy_text(to->label, sizeof(to->label), from->label) ||
        from->id.len > sizeof(to->id) ||
        from->subject_public_key_info.len > sizeof(to->spki)) {
        return false;
    }
    if (from->id.len > 0) {
        memcpy(to->id, from->id.data, from->id.len);
    }
    to->id_len = from->id.len;
    to->spki_len = from->subject_public_key_info.len;
    if (to->spki_len > 0) {
        memcpy(to->spki, from->subject_public_key_info.data, to->spki_len);
    }
    return true;
}

static bool copy_token(struct lane_config *to, const Segel__Lane__V1__Open *from)
{
    return wire_copy_text(to->label, sizeof(to->label), from->token_label) &&
           wire_copy_text(to->serial, sizeof(to->serial), from->token_serial) &&
           wire_copy_text(to->manufacturer, sizeof(to->manufacturer),
                          from->token_manufacturer) &&
           wire_copy_text(to->model, sizeof(to->model), from->token_model);
}

static bool copy_directories(struct lane_config *to, const Segel__Lane__V1__Open *from)
{
    bool good = from->n_read_only <= WIRE_DIRECTORIES_MAX;
    for (size_t i = 0; good && i < from->n_read_only; i++) {
        good = wire_copy_text(to->read_only[i], sizeof(to->read_only[i]),
                              from->read_only[i]);
    }
    to->read_only_count = good ? from->n_read_only : 0;
    return good;
}

/* Before anything else of it is believed. */
static enum sg_status check_protocol(const Segel__Lane__V1__Open *open,
                                     struct trouble *trouble)
{
    const unsigned current = NAME(PROTOCOL__PROTOCOL_CURRENT);
    return open->protocol == current
               ? SG_OK
               : trouble_config(
                     trouble,
                     "segeld and segel-hsm are of different installations: one speaks "
                     "version %u of their protocol, the other version %u; restart segeld",
                     open->protocol, current);
}

enum sg_status wire_read_open(const Segel__Lane__V1__Open *open,
                              struct lane_config *config, struct trouble *trouble)
{
    TRY(check_protocol(open, trouble));
    bool good =
        wire_copy_text(config->lane, sizeof(config->lane), open->lane) &&
        wire_copy_text(config->module, sizeof(config->module), open->module) &&
        copy_token(config, open) && copy_directories(config, open) &&
        wire_copy_text(config->init_args, sizeof(config->init_args), open->init_args) &&
        wire_copy_text(config->pin_path, sizeof(config->pin_path), open->pin_path) &&
        open->n_keys <= WIRE_KEYS_MAX && open->threads >= 1 &&
        open->threads <= WIRE_THREADS_MAX;
    for (size_t i = 0; good && i < open->n_keys; i++) {
        good = copy_key(&config->keys[i], open->keys[i]);
    }
    if (!good) {
        return trouble_config(
            trouble,
            "the settings of this lane are out of bounds: 1 to %d threads, "
            "at most %d keys, each with an id of at most %d bytes or a label, a token "
            "label of at most 32 characters, at most %d read-only directories, init_args "
            "of at most %d bytes",
            WIRE_THREADS_MAX, WIRE_KEYS_MAX, KEY_ID_MAX, WIRE_DIRECTORIES_MAX,
            WIRE_INIT_ARGS_MAX);
    }
    config->key_count = open->n_keys;
    config->threads = open->threads;
    config->ask = open->ask != 0;
    return SG_OK;
}

/* --- The login -------------------------------------------------------------------- */

/* The one descriptor that came along, or -1. */
static int passed_with(struct msghdr *header)
{
    struct cmsghdr *item = CMSG_FIRSTHDR(header);
    int fd = -1;
    bool one = item != NULL && item->cmsg_level == SOL_SOCKET &&
               item->cmsg_type == SCM_RIGHTS && item->cmsg_len == CMSG_LEN(sizeof(int)) &&
               (header->msg_flags & MSG_CTRUNC) == 0;
    if (one) {
        memcpy(&fd, CMSG_DATA(item), sizeof(fd));
    }
    return fd;
}

enum sg_status wire_receive_with(struct wire *wire, int *passed)
{
    union {
        struct cmsghdr align;
        uint8_t bytes[CMSG_SPACE(sizeof(int))];
    } control = {.bytes = {0}};
    struct iovec part = {wire->packet, sizeof(wire->packet)};
    struct msghdr header = {.msg_iov = &part,
                            .msg_iovlen = 1,
                            .msg_control = control.bytes,
                            .msg_controllen = CMSG_LEN(sizeof(int))}; /* no second */
    ssize_t got;
    do {
        got = recvmsg(wire->fd, &header, MSG_CMSG_CLOEXEC);
    } while (got < 0 && errno == EINTR);
    if (got <= 0) {
        return got == 0 ? SG_SHUTDOWN : receive_failed();
    }
    *passed = passed_with(&header);
    wire->len = (size_t)got;
    return (header.msg_flags & MSG_TRUNC) == 0 ? SG_OK : SG_TOO_LARGE;
}

enum sg_status wire_login(struct wire *wire, struct lane_login *login)
{
    *login = (struct lane_login){.pipe = -1};
    TRY(wire_receive_with(wire, &login->pipe));
    const Segel__Lane__V1__ToLane *message = wire_unpack(wire);
    if (message == NULL || message->body_case != NAME(TO_LANE__BODY_LOGIN) ||
        (message->login->pipe != 0) != (login->pipe >= 0)) {
        return SG_INVALID;
    }
    login->last_try = message->login->last_try != 0;
    return SG_OK;
}

enum sg_status wire_open(struct wire *wire, struct lane_config *config,
                         struct trouble *trouble)
{
    const Segel__Lane__V1__ToLane *message = wire_unpack(wire);
    if (message == NULL || message->body_case != NAME(TO_LANE__BODY_OPEN)) {
        return SG_INVALID;
    }
    return wire_read_open(message->open, config, trouble);
}

static enum sg_hash hash_of_bits(uint32_t bits)
{
    for (enum sg_hash hash = SG_HASH_SHA256; hash < SG_HASH_COUNT; hash++) {
        if (sg_hash_len(hash) * 8 == bits) {
            return hash;
        }
    }
    /* 0 is lawful for EDDSA; anything else must not be taken for it. */
    return bits == 0 ? SG_HASH_NONE : SG_HASH_COUNT;
}

static struct operation operation_of(const Segel__Lane__V1__Operation *from)
{
    struct operation operation = {.id = from->id,
                                  .key = from->key,
                                  .wanted.mechanism = (enum mechanism)from->mechanism,
                                  .wanted.hash = hash_of_bits(from->hash_bits),
                                  .wanted.input =
                                      slice_of(from->input.data, from->input.len),
                                  .deadline_us = from->deadline_us};
    return operation;
}

enum sg_status wire_work(struct wire *wire, struct operation *operations, size_t *count)
{
    const Segel__Lane__V1__ToLane *message = wire_unpack(wire);
    if (message == NULL || message->body_case != NAME(TO_LANE__BODY_WORK) ||
        message->work->n_operations == 0 ||
        message->work->n_operations > WIRE_BATCH_MAX) {
        return SG_INVALID;
    }
    *count = message->work->n_operations;
    for (size_t i = 0; i < *count; i++) {
        operations[i] = operation_of(message->work->operations[i]);
    }
    return SG_OK;
}
