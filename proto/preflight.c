#include "proto/preflight.h"

#include "proto/text.h"

enum {
    LEVELS_MAX = 32,
    FIELD_MAX = (1 << 29) - 1,
    TAG_BYTES = 5,
    LENGTH_BYTES = 5,
    VALUE_BYTES = 10,
    SEEN_FIELDS = 64
};

enum wire { WIRE_VARINT = 0, WIRE_64 = 1, WIRE_BYTES = 2, WIRE_32 = 5 };

struct level {
    const ProtobufCMessageDescriptor *type;
    const uint8_t *end;
    uint64_t seen; /* singular sub-messages that have come, by index of the field */
};

/* One pass over the bytes. The levels stand in an array, not on the C stack: depth costs
 * nothing and cannot overflow. */
struct walk {
    const uint8_t *at;
    const struct preflight_limits *limits;
    struct sg_error *why;
    uint32_t depth;
    uint32_t elements;
    uint32_t unknown;
    struct level levels[LEVELS_MAX];
};

/* One field as it stands on the wire. */
struct field {
    uint32_t number;
    enum wire wire;
    struct slice bytes; /* of WIRE_BYTES */
    const ProtobufCFieldDescriptor *known;
};

static struct level *top(struct walk *walk)
{
    return &walk->levels[walk->depth - 1];
}

static enum sg_status refuse(struct walk *walk, const struct field *field,
                             const char *what)
{
    return sg_fail(walk->why, SG_INVALID, "field %s (number %u) of %s %s",
                   field->known == NULL ? "unknown" : field->known->name,
                   (unsigned)field->number, top(walk)->type->name, what);
}

static enum sg_status too_much(struct walk *walk, const char *what, uint32_t limit)
{
    return sg_fail(walk->why, SG_TOO_LARGE, "the message has more than %u %s",
                   (unsigned)limit, what);
}

/* Reads a varint of at most max bytes in front of end; the caller asks whether it had its
 * shortest form where that matters. False: cut off, too long, or above 64 bits. */
static bool read_varint(const uint8_t **at, const uint8_t *end, unsigned max,
                        uint64_t *value)
{
    uint64_t sum = 0;

    for (unsigned i = 0; i < max && *at + i < end; i++) {
        uint8_t byte = (*at)[i];
        if (i == VALUE_BYTES - 1 && byte > 1) {
            return false;
        }
        sum |= (uint64_t)(byte & 0x7F) << (7 * i);
        if (byte < 0x80) {
            *at += i + 1;
            *value = sum;
            return true;
        }
    }
    return false;
}

static bool read_shortest(const uint8_t **at, const uint8_t *end, unsigned max,
                          uint64_t *value)
{
    const uint8_t *from = *at;

    return read_varint(at, end, max, value) && (*at - from == 1 || (*at)[-1] != 0);
}

static enum sg_status read_tag(struct walk *walk, struct field *field)
{
    uint64_t tag = 0;

    if (!read_shortest(&walk->at, top(walk)->end, TAG_BYTES, &tag)) {
        return sg_fail(walk->why, SG_INVALID,
                       "a tag in %s is cut off or not in its shortest form",
                       top(walk)->type->name);
    }
    if (tag >> 3 == 0 || tag >> 3 > FIELD_MAX) {
        return sg_fail(walk->why, SG_INVALID, "a field number in %s is not 1 to %d",
                       top(walk)->type->name, FIELD_MAX);
    }
    field->number = (uint32_t)(tag >> 3);
    field->wire = (enum wire)(tag & 7);
    field->known =
        protobuf_c_message_descriptor_get_field(top(walk)->type, field->number);
    return SG_OK;
}

static enum sg_status read_length(struct walk *walk, struct field *field)
{
    const uint8_t *end = top(walk)->end;
    uint64_t len = 0;

    if (!read_shortest(&walk->at, end, LENGTH_BYTES, &len)) {
        return refuse(walk, field,
                      "has a length that is cut off or not in shortest form");
    }
    if (len > (uint64_t)(end - walk->at)) {
        return refuse(walk, field, "is longer than the message around it");
    }
    field->bytes = slice_of(walk->at, (size_t)len);
    walk->at += len;
    return SG_OK;
}

static enum sg_status read_value(struct walk *walk, struct field *field)
{
    const uint8_t *end = top(walk)->end;
    uint64_t value = 0;
    size_t fixed = field->wire == WIRE_64 ? 8 : 4;

    switch (field->wire) {
    case WIRE_VARINT:
        return read_varint(&walk->at, end, VALUE_BYTES, &value)
                   ? SG_OK
                   : refuse(walk, field, "holds a number that is cut off or too long");
    case WIRE_BYTES:
        return read_length(walk, field);
    case WIRE_64:
    case WIRE_32:
        if ((size_t)(end - walk->at) < fixed) {
            return refuse(walk, field, "is cut off");
        }
        walk->at += fixed;
        return SG_OK;
    }
    return refuse(walk, field, "has a wire type that proto3 does not know");
}

/* How a value of a type stands on the wire when it is not packed. */
static enum wire wire_of(ProtobufCType type)
{
    static const enum wire wires[] = {
        [PROTOBUF_C_TYPE_INT32] = WIRE_VARINT,  [PROTOBUF_C_TYPE_SINT32] = WIRE_VARINT,
        [PROTOBUF_C_TYPE_SFIXED32] = WIRE_32,   [PROTOBUF_C_TYPE_INT64] = WIRE_VARINT,
        [PROTOBUF_C_TYPE_SINT64] = WIRE_VARINT, [PROTOBUF_C_TYPE_SFIXED64] = WIRE_64,
        [PROTOBUF_C_TYPE_UINT32] = WIRE_VARINT, [PROTOBUF_C_TYPE_FIXED32] = WIRE_32,
        [PROTOBUF_C_TYPE_UINT64] = WIRE_VARINT, [PROTOBUF_C_TYPE_FIXED64] = WIRE_64,
        [PROTOBUF_C_TYPE_FLOAT] = WIRE_32,      [PROTOBUF_C_TYPE_DOUBLE] = WIRE_64,
        [PROTOBUF_C_TYPE_BOOL] = WIRE_VARINT,   [PROTOBUF_C_TYPE_ENUM] = WIRE_VARINT,
        [PROTOBUF_C_TYPE_STRING] = WIRE_BYTES,  [PROTOBUF_C_TYPE_BYTES] = WIRE_BYTES,
        [PROTOBUF_C_TYPE_MESSAGE] = WIRE_BYTES,
    };
    MUST((size_t)type < SG_COUNT(wires));
    return wires[type];
}

static enum sg_status count_elements(struct walk *walk, size_t count)
{
    uint32_t max = walk->limits->max_elements;

    if (count > max - walk->elements) {
        return too_much(walk, "elements", max);
    }
    walk->elements += (uint32_t)count;
    return SG_OK;
}

static enum sg_status check_packed(struct walk *walk, const struct field *field)
{
    enum wire wire = wire_of(field->known->type);
    size_t width = wire == WIRE_64 ? 8 : 4;
    const uint8_t *at = field->bytes.data;
    const uint8_t *end = at + field->bytes.len;
    size_t count = 0;
    uint64_t value = 0;

    if (wire != WIRE_VARINT) {
        return field->bytes.len % width == 0
                   ? count_elements(walk, field->bytes.len / width)
                   : refuse(walk, field, "holds a packed list that is cut off");
    }
    while (at < end) {
        if (!read_varint(&at, end, VALUE_BYTES, &value)) {
            return refuse(walk, field, "holds a number that is cut off or too long");
        }
        count++;
    }
    return count_elements(walk, count);
}

/* A singular sub-message that comes twice would have to be merged; protobuf-c cannot. */
static enum sg_status check_once(struct walk *walk, const struct field *field)
{
    struct level *level = top(walk);
    ptrdiff_t index = field->known - level->type->fields;

    if (field->known->label == PROTOBUF_C_LABEL_REPEATED || index >= SEEN_FIELDS) {
        return SG_OK;
    }
    if ((level->seen >> index & 1) != 0) {
        return refuse(walk, field, "comes twice, but may be there only once");
    }
    level->seen |= (uint64_t)1 << index;
    return SG_OK;
}

static enum sg_status enter(struct walk *walk, const struct field *field)
{
    uint32_t max =
        walk->limits->max_depth < LEVELS_MAX ? walk->limits->max_depth : LEVELS_MAX;

    TRY(check_once(walk, field));
    if (field->known->label != PROTOBUF_C_LABEL_REPEATED) {
        TRY(count_elements(walk, 1));
    }
    if (walk->depth >= max) {
        return too_much(walk, "levels of nesting", max);
    }
    walk->levels[walk->depth++] = (struct level){
        .type = (const ProtobufCMessageDescriptor *)field->known->descriptor,
        .end = walk->at};
    walk->at = field->bytes.data;
    return SG_OK;
}

static enum sg_status check_known(struct walk *walk, const struct field *field)
{
    enum wire expected = wire_of(field->known->type);
    bool repeated = field->known->label == PROTOBUF_C_LABEL_REPEATED;

    if (repeated && field->wire == WIRE_BYTES && expected != WIRE_BYTES) {
        return check_packed(walk, field);
    }
    if (field->wire != expected) {
        return refuse(walk, field, "has a wire type that does not fit its type");
    }
    if (repeated) {
        TRY(count_elements(walk, 1));
    }
    if (field->known->type == PROTOBUF_C_TYPE_STRING && !text_utf8(field->bytes)) {
        return refuse(walk, field, "is not text in UTF-8 without NUL");
    }
    return field->known->type == PROTOBUF_C_TYPE_MESSAGE ? enter(walk, field) : SG_OK;
}

static enum sg_status check_unknown(struct walk *walk, const struct field *field)
{
    uint32_t max = walk->limits->max_unknown;

    if (max == 0) {
        return refuse(walk, field,
                      "is not known here, and nothing unknown is accepted; is the sender "
                      "newer than the receiver?");
    }
    walk->unknown++;
    return walk->unknown > max ? too_much(walk, "unknown fields", max) : SG_OK;
}

static enum sg_status one_field(struct walk *walk)
{
    struct field field = {0};

    TRY(read_tag(walk, &field));
    TRY(read_value(walk, &field));
    return field.known == NULL ? check_unknown(walk, &field) : check_known(walk, &field);
}

/* The next field, or the end of a level. */
static enum sg_status step(struct walk *walk)
{
    if (walk->at == top(walk)->end) {
        walk->depth--;
        return SG_OK;
    }
    return one_field(walk);
}

enum sg_status preflight(const ProtobufCMessageDescriptor *type, struct slice wire,
                         const struct preflight_limits *limits, struct sg_error *why)
{
    struct walk walk;

    if (wire.len == 0) {
        return SG_OK;
    }
    /* The levels are filled as they are entered: clearing them all would cost more than
     * the walk. */
    walk.at = wire.data;
    walk.limits = limits;
    walk.why = why;
    walk.depth = 1;
    walk.elements = 0;
    walk.unknown = 0;
    walk.levels[0] = (struct level){.type = type, .end = wire.data + wire.len};
    while (walk.depth > 0) {
        TRY(step(&walk));
    }
    return SG_OK;
}
