#include "gateway/transport/descriptor_walk.h"

enum { FIELD_MAX = (1 << 29) - 1, VARINT_BYTES = 10, NAME_FIELD = 1 };

static enum sg_status read_varint(struct slice *rest, uint64_t *value)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < VARINT_BYTES && i < rest->len; i++) {
        uint8_t byte = rest->data[i];
        sum |= (uint64_t)(byte & 0x7F) << (7 * i);
        if (byte < 0x80) {
            rest->data += i + 1;
            rest->len -= i + 1;
            *value = sum;
            return SG_OK;
        }
    }
    return SG_INVALID;
}

static enum sg_status take(struct slice *rest, uint64_t len, struct slice *bytes)
{
    if (len > rest->len) {
        return SG_INVALID;
    }
    *bytes = slice_of(rest->data, (size_t)len);
    rest->data += len;
    rest->len -= (size_t)len;
    return SG_OK;
}

static enum sg_status read_value(struct slice *rest, unsigned wire,
                                 struct wire_field *field)
{
    struct slice skipped;
    uint64_t len = 0;

    switch (wire) {
    case 0:
        return read_varint(rest, &field->value);
    case 1:
        return take(rest, 8, &skipped);
    case 2:
        TRY(read_varint(rest, &len));
        field->is_bytes = true;
        return take(rest, len, &field->bytes);
    case 5:
        return take(rest, 4, &skipped);
    default:
        return SG_INVALID;
    }
}

enum sg_status wire_next(struct slice *rest, struct wire_field *field)
{
    uint64_t tag = 0;

    if (rest->len == 0) {
        return SG_NOT_FOUND;
    }
    TRY(read_varint(rest, &tag));
    if (tag >> 3 == 0 || tag >> 3 > FIELD_MAX) {
        return SG_INVALID;
    }
    *field = (struct wire_field){.number = (uint32_t)(tag >> 3)};
    return read_value(rest, (unsigned)(tag & 7), field);
}

/* In which field of which descriptor another one stands. The name of each is field 1. */
struct part {
    enum descriptor_kind in;
    uint32_t number;
    enum descriptor_kind kind;
};
static const struct part parts[] = {
    {DESCRIPTOR_FILE, 4, DESCRIPTOR_MESSAGE},
    {DESCRIPTOR_FILE, 5, DESCRIPTOR_ENUM},
    {DESCRIPTOR_FILE, 6, DESCRIPTOR_SERVICE},
    {DESCRIPTOR_FILE, 7, DESCRIPTOR_EXTENSION},
    {DESCRIPTOR_MESSAGE, 2, DESCRIPTOR_FIELD},
    {DESCRIPTOR_MESSAGE, 3, DESCRIPTOR_MESSAGE},
    {DESCRIPTOR_MESSAGE, 4, DESCRIPTOR_ENUM},
    {DESCRIPTOR_MESSAGE, 6, DESCRIPTOR_EXTENSION},
    {DESCRIPTOR_MESSAGE, 8, DESCRIPTOR_ONEOF},
    {DESCRIPTOR_ENUM, 2, DESCRIPTOR_VALUE},
    {DESCRIPTOR_SERVICE, 2, DESCRIPTOR_METHOD},
};

static const struct part *part_of(enum descriptor_kind in, const struct wire_field *field)
{
    for (size_t i = 0; i < SG_COUNT(parts); i++) {
        if (parts[i].in == in && parts[i].number == field->number) {
            return &parts[i];
        }
    }
    return NULL;
}

static enum sg_status read_name(struct descriptor *found)
{
    struct slice rest = found->bytes;
    struct wire_field field;

    found->name = slice_of(NULL, 0);
    while (wire_next(&rest, &field) == SG_OK) {
        if (field.number == NAME_FIELD && field.is_bytes) {
            found->name = field.bytes;
            return SG_OK;
        }
    }
    return SG_INVALID; /* it has none, or is malformed */
}

enum sg_status descriptor_next(enum descriptor_kind kind, struct slice *rest,
                               struct descriptor *found)
{
    struct wire_field field;

    for (;;) {
        TRY(wire_next(rest, &field));
        const struct part *part = part_of(kind, &field);
        if (part != NULL) {
            found->kind = part->kind;
            found->bytes = field.bytes;
            return read_name(found);
        }
    }
}

void descriptor_walk_start(struct descriptor_walk *walk, struct slice file)
{
    walk->depth = 1;
    walk->levels[0].kind = DESCRIPTOR_FILE;
    walk->levels[0].rest = file;
}

static enum sg_status enter(struct descriptor_walk *walk, const struct descriptor *found)
{
    if (walk->depth >= DESCRIPTOR_DEPTH_MAX) {
        return SG_TOO_LARGE;
    }
    walk->levels[walk->depth].kind = found->kind;
    walk->levels[walk->depth].rest = found->bytes;
    walk->depth++;
    return SG_OK;
}

enum sg_status descriptor_walk_next(struct descriptor_walk *walk,
                                    struct descriptor *found)
{
    while (walk->depth > 0) {
        enum sg_status status =
            descriptor_next(walk->levels[walk->depth - 1].kind,
                            &walk->levels[walk->depth - 1].rest, found);
        if (status == SG_OK) {
            return enter(walk, found);
        }
        if (status != SG_NOT_FOUND) {
            return status;
        }
        walk->depth--;
    }
    return SG_NOT_FOUND;
}
