#include "proto/grpc_frame.h"

#include <stdlib.h>

enum { FIRST_CAP = 4096 };

static bool whole(const struct grpc_deframer *deframer)
{
    return deframer->prefix_have == GRPC_PREFIX_SIZE && deframer->have == deframer->need;
}

/* Copies what fits of *bytes behind the have bytes at to, and advances *bytes. */
static size_t move_bytes(uint8_t *to, size_t wanted, struct slice *bytes)
{
    size_t count = bytes->len < wanted ? bytes->len : wanted;

    if (count > 0) {
        memcpy(to, bytes->data, count);
        bytes->data += count;
        bytes->len -= count;
    }
    return count;
}

static enum sg_status read_prefix(struct grpc_deframer *deframer, struct slice *bytes)
{
    deframer->prefix_have += move_bytes(deframer->prefix + deframer->prefix_have,
                                        GRPC_PREFIX_SIZE - deframer->prefix_have, bytes);
    if (deframer->prefix_have < GRPC_PREFIX_SIZE) {
        return SG_OK;
    }
    const uint8_t *prefix = deframer->prefix;
    if (prefix[0] > 1) {
        return SG_INVALID;
    }
    deframer->compressed = prefix[0] == 1;
    deframer->need = (size_t)prefix[1] << 24 | (size_t)prefix[2] << 16 |
                     (size_t)prefix[3] << 8 | (size_t)prefix[4];
    return deframer->need > deframer->max ? SG_TOO_LARGE : SG_OK;
}

/* Room for the bytes at hand. It grows with what has really come, by doubling: a peer
 * that only announces a large message costs nothing. */
static enum sg_status make_room(struct grpc_deframer *deframer, size_t incoming)
{
    size_t missing = deframer->need - deframer->have;
    size_t wanted = deframer->have + (incoming < missing ? incoming : missing);

    if (wanted <= deframer->cap) {
        return SG_OK;
    }
    size_t cap = deframer->cap < FIRST_CAP ? FIRST_CAP : deframer->cap * 2;
    cap = cap < wanted ? wanted : cap;
    cap = cap > deframer->max && deframer->max >= wanted ? deframer->max : cap;
    uint8_t *grown = (uint8_t *)realloc(deframer->message, cap);
    if (grown == NULL) {
        return SG_NO_MEMORY;
    }
    deframer->message = grown;
    deframer->cap = cap;
    return SG_OK;
}

enum sg_status grpc_deframe(struct grpc_deframer *deframer, struct slice *bytes,
                            bool *complete)
{
    *complete = false;
    if (whole(deframer)) {
        deframer->prefix_have = 0;
        deframer->have = 0;
        deframer->need = 0;
    }
    if (deframer->prefix_have < GRPC_PREFIX_SIZE) {
        TRY(read_prefix(deframer, bytes));
    }
    if (deframer->prefix_have < GRPC_PREFIX_SIZE) {
        return SG_OK;
    }
    TRY(make_room(deframer, bytes->len));
    if (deframer->have < deframer->need && bytes->len > 0) {
        deframer->have += move_bytes(deframer->message + deframer->have,
                                     deframer->need - deframer->have, bytes);
    }
    *complete = whole(deframer);
    return SG_OK;
}

bool grpc_deframer_partial(const struct grpc_deframer *deframer)
{
    return deframer->prefix_have > 0 && !whole(deframer);
}

void grpc_deframer_fini(struct grpc_deframer *deframer)
{
    free(deframer->message);
    *deframer = (struct grpc_deframer){.max = deframer->max};
}
