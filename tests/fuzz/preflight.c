/* libFuzzer: clang -fsanitize=fuzzer,address,undefined. What the preflight accepts,
 * protobuf-c unpacks within a bounded arena, and packs and unpacks again to the same. The
 * first byte chooses the message. */
#include "proto/preflight.h"

#include <stdlib.h>

#include "proto/arena.h"
#include "segel/v1/log.pb-c.h"
#include "segel/v1/signing.pb-c.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

enum { WIRE_MAX = 4096, ARENA_CAP = 1 << 20 };

static const ProtobufCMessageDescriptor *const types[] = {
    &segel__v1__sign_request__descriptor, &segel__v1__sign_stream_request__descriptor,
    &segel__v1__get_signer_response__descriptor,
    &segel__v1__list_records_request__descriptor,
    &segel__v1__sign_stream_response__descriptor};

static const ProtobufCMessage *unpack(const ProtobufCMessageDescriptor *type,
                                      struct arena *arena, struct slice wire)
{
    const ProtobufCMessage *message =
        protobuf_c_message_unpack(type, &arena->allocator, wire.len, wire.data);

    MUST(message != NULL);
    return message;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static uint8_t first[2 * WIRE_MAX];
    static uint8_t second[2 * WIRE_MAX];
    const struct preflight_limits limits = {
        .max_depth = 8, .max_elements = 200, .max_unknown = 16};
    struct sg_error why = {0};
    struct arena arena;

    if (len == 0 || len > WIRE_MAX) {
        return 0;
    }
    const ProtobufCMessageDescriptor *type = types[data[0] % SG_COUNT(types)];
    struct slice wire = slice_of(data + 1, len - 1);
    if (preflight(type, wire, &limits, &why) != SG_OK) {
        MUST(why.text[0] != '\0');
        return 0;
    }
    MUST(arena_init(&arena, ARENA_CAP) == SG_OK);
    const ProtobufCMessage *message = unpack(type, &arena, wire);
    MUST(protobuf_c_message_get_packed_size(message) <= sizeof(first));
    size_t size = protobuf_c_message_pack(message, first);
    message = unpack(type, &arena, slice_of(first, size));
    MUST(protobuf_c_message_get_packed_size(message) == size);
    MUST(protobuf_c_message_pack(message, second) == size);
    MUST(slice_equal(slice_of(first, size), slice_of(second, size)));
    arena_fini(&arena);
    return 0;
}
