#include "tests/unit/transport/support/protoset.h"

enum { WIDE = 5 }; /* bytes of a length that is filled in later */

static void put(struct proto *out, uint8_t byte)
{
    MUST(out->len < sizeof(out->data));
    out->data[out->len++] = byte;
}

static void put_varint(struct proto *out, uint64_t value)
{
    for (; value >= 128; value >>= 7) {
        put(out, (uint8_t)(value | 128));
    }
    put(out, (uint8_t)value);
}

void proto_number(struct proto *out, uint32_t field, uint64_t value)
{
    put_varint(out, (uint64_t)field << 3);
    put_varint(out, value);
}

void proto_bytes(struct proto *out, uint32_t field, struct slice bytes)
{
    put_varint(out, (uint64_t)field << 3 | 2);
    put_varint(out, bytes.len);
    for (size_t i = 0; i < bytes.len; i++) {
        put(out, bytes.data[i]);
    }
}

void proto_text(struct proto *out, uint32_t field, const char *text)
{
    proto_bytes(out, field, slice_str(text));
}

size_t proto_open(struct proto *out, uint32_t field)
{
    put_varint(out, (uint64_t)field << 3 | 2);
    for (int i = 0; i < WIDE; i++) {
        put(out, 0);
    }
    return out->len;
}

void proto_close(struct proto *out, size_t from)
{
    size_t len = out->len - from;

    for (int i = 0; i < WIDE; i++) {
        uint8_t more = i + 1 < WIDE ? 128 : 0;
        out->data[from - WIDE + (size_t)i] = (uint8_t)((len >> (7 * i) & 127) | more);
    }
}

void proto_named(struct proto *out, uint32_t field, const char *name)
{
    size_t from = proto_open(out, field);

    proto_text(out, 1, name);
    proto_close(out, from);
}

struct slice proto_slice(const struct proto *proto)
{
    return slice_of(proto->data, proto->len);
}

static void put_extension(struct proto *out, uint32_t field, const char *name,
                          int32_t number)
{
    size_t from = proto_open(out, field);

    proto_text(out, 1, name);
    proto_text(out, 2, ".p.M");
    proto_number(out, 3, (uint64_t)(int64_t)number);
    proto_close(out, from);
}

static void put_enum(struct proto *out, uint32_t field, const char *name,
                     const char *value)
{
    size_t from = proto_open(out, field);

    proto_text(out, 1, name);
    proto_named(out, 2, value);
    proto_close(out, from);
}

static void put_message(struct proto *out)
{
    size_t message = proto_open(out, 4);

    proto_text(out, 1, "M");
    proto_named(out, 2, "f");
    size_t nested = proto_open(out, 3);
    proto_text(out, 1, "N");
    proto_named(out, 2, "g");
    proto_close(out, nested);
    put_enum(out, 4, "E", "V");
    put_extension(out, 6, "inner", 100);
    proto_named(out, 8, "o");
    proto_close(out, message);
}

static void put_service(struct proto *out)
{
    size_t service = proto_open(out, 6);

    proto_text(out, 1, "S");
    proto_named(out, 2, "Do");
    size_t method = proto_open(out, 2);
    proto_text(out, 1, "Chat");
    proto_number(out, 5, 1);
    proto_number(out, 6, 1);
    proto_close(out, method);
    proto_close(out, service);
}

void proto_sample(struct proto *out)
{
    out->len = 0;
    size_t file = proto_open(out, 1);
    proto_text(out, 1, "a.proto");
    proto_text(out, 2, "p");
    put_message(out);
    put_enum(out, 5, "E", "W");
    put_service(out);
    proto_close(out, file);

    file = proto_open(out, 1);
    proto_text(out, 1, "b.proto");
    proto_text(out, 3, "a.proto");
    proto_named(out, 4, "Plain");
    put_extension(out, 7, "late", 7);
    put_extension(out, 7, "odd", -1);
    proto_close(out, file);
}
