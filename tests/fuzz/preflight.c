/* What the preflight accepts of any request that is served, protobuf-c unpacks within a
 * bounded arena, no string of it holds a NUL, and it packs and unpacks again to the same.
 * Input: which request, its bytes. */
#include "proto/preflight.h"

#include <stdlib.h>

#include "grpc/health/v1/health.pb-c.h"
#include "grpc/reflection/v1/reflection.pb-c.h"
#include "proto/arena.h"
#include "segel/v1/approvals.pb-c.h"
#include "segel/v1/errors.pb-c.h"
#include "segel/v1/keys.pb-c.h"
#include "segel/v1/log.pb-c.h"
#include "segel/v1/mandates.pb-c.h"
#include "segel/v1/signing.pb-c.h"
#include "tests/fuzz/support/fuzz.h"

enum { WIRE_MAX = 4096, ARENA_CAP = 2 << 20, DEPTH_MAX = 8, STRING_WIRE = 2 };

/* As in the method table, and answers with every shape of field. */
static const struct {
    const ProtobufCMessageDescriptor *type;
    uint32_t elements;
    uint32_t unknown;
} rows[] = {
    {&segel__v1__sign_request__descriptor, 32, 0},
    {&segel__v1__sign_batch_request__descriptor, 2048, 0},
    {&segel__v1__sign_stream_request__descriptor, 2048, 0},
    {&segel__v1__get_signer_request__descriptor, 16, 64},
    {&segel__v1__get_checkpoint_request__descriptor, 16, 64},
    {&segel__v1__list_records_request__descriptor, 64, 64},
    {&segel__v1__get_inclusion_proof_request__descriptor, 16, 64},
    {&segel__v1__get_consistency_proof_request__descriptor, 16, 64},
    {&segel__v1__list_tokens_request__descriptor, 16, 64},
    {&segel__v1__create_request_request__descriptor, 64, 0},
    {&grpc__health__v1__health_check_request__descriptor, 16, 64},
    {&grpc__reflection__v1__server_reflection_request__descriptor, 16, 64},
    {&segel__v1__get_signer_response__descriptor, 200, 64},
    {&segel__v1__sign_stream_response__descriptor, 200, 64},
    {&segel__v1__error_info__descriptor, 200, 64},
    {&segel__v1__open_mandate_request__descriptor, 16448, 0},
};

static uint64_t read_varint(struct slice *rest)
{
    uint64_t value = 0;

    for (unsigned shift = 0; rest->len > 0; shift += 7) {
        uint8_t byte = *rest->data;
        *rest = slice_of(rest->data + 1, rest->len - 1);
        value |= shift < 64 ? (uint64_t)(byte & 0x7F) << shift : 0;
        if (byte < 0x80) {
            break;
        }
    }
    return value;
}

static struct slice read_value(struct slice *rest, unsigned wire)
{
    size_t len = wire == 1 ? 8 : 4;

    if (wire == 0) {
        (void)read_varint(rest);
        return slice_of(NULL, 0);
    }
    if (wire == STRING_WIRE) {
        len = (size_t)read_varint(rest);
    }
    MUST(len <= rest->len);
    struct slice value = slice_of(rest->data, len);
    *rest = slice_of(rest->data + len, rest->len - len);
    return value;
}

/* A second reading of accepted bytes, which knows nothing of the first. */
/* NOLINTNEXTLINE(misc-no-recursion): the preflight has bounded the depth */
static void look_for_nul(const ProtobufCMessageDescriptor *type, struct slice rest,
                         unsigned depth)
{
    MUST(depth <= DEPTH_MAX);
    while (rest.len > 0) {
        uint64_t tag = read_varint(&rest);
        struct slice value = read_value(&rest, (unsigned)(tag & 7));
        const ProtobufCFieldDescriptor *field =
            protobuf_c_message_descriptor_get_field(type, (unsigned)(tag >> 3));
        if (field != NULL && field->type == PROTOBUF_C_TYPE_STRING) {
            MUST(value.len == 0 || memchr(value.data, 0, value.len) == NULL);
        } else if (field != NULL && field->type == PROTOBUF_C_TYPE_MESSAGE) {
            look_for_nul((const ProtobufCMessageDescriptor *)field->descriptor, value,
                         depth + 1);
        }
    }
}

static const ProtobufCMessage *unpack(const ProtobufCMessageDescriptor *type,
                                      struct arena *arena, struct slice wire)
{
    const ProtobufCMessage *message =
        protobuf_c_message_unpack(type, &arena->allocator, wire.len, wire.data);

    MUST(message != NULL);
    return message;
}

static void round_trip(const ProtobufCMessageDescriptor *type, struct slice wire)
{
    static uint8_t first[4 * WIRE_MAX];
    static uint8_t second[4 * WIRE_MAX];
    static struct arena arena;

    if (arena.base == NULL) {
        MUST(arena_init(&arena, ARENA_CAP) == SG_OK);
    }
    const ProtobufCMessage *message = unpack(type, &arena, wire);
    MUST(protobuf_c_message_get_packed_size(message) <= sizeof(first));
    size_t size = protobuf_c_message_pack(message, first);
    message = unpack(type, &arena, slice_of(first, size));
    MUST(protobuf_c_message_get_packed_size(message) == size);
    MUST(protobuf_c_message_pack(message, second) == size);
    MUST(slice_equal(slice_of(first, size), slice_of(second, size)));
    arena_reset(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct slice input = slice_of(data, len);
    size_t row = fuzz_choice(&input) % SG_COUNT(rows);
    const struct preflight_limits limits = {.max_depth = DEPTH_MAX,
                                            .max_elements = rows[row].elements,
                                            .max_unknown = rows[row].unknown};
    struct sg_error why = {0};

    if (input.len > WIRE_MAX) {
        return 0;
    }
    uint8_t *wire = fuzz_copy(input);
    if (preflight(rows[row].type, slice_of(wire, input.len), &limits, &why) == SG_OK) {
        look_for_nul(rows[row].type, input, 1);
        round_trip(rows[row].type, slice_of(wire, input.len));
    } else {
        MUST(why.text[0] != '\0');
    }
    free(wire);
    return 0;
}
