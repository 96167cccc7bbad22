#include "proto/preflight.h"

#include <criterion/criterion.h>
#include <stdlib.h>

#include "proto/arena.h"
#include "proto/text.h"
#include "segel/v1/common.pb-c.h"
#include "segel/v1/errors.pb-c.h"
#include "segel/v1/log.pb-c.h"
#include "segel/v1/signing.pb-c.h"

static const struct preflight_limits usual = {
    .max_depth = 8, .max_elements = 100, .max_unknown = 64};

static enum sg_status check(const ProtobufCMessageDescriptor *type, struct slice wire)
{
    struct sg_error why = {0};
    enum sg_status status = preflight(type, wire, &usual, &why);

    cr_expect_eq(status == SG_OK, why.text[0] == '\0', "a refusal says why: %s",
                 why.text);
    return status;
}

struct vector {
    const ProtobufCMessageDescriptor *type;
    const char *hex;
    enum sg_status status;
    const char *what;
};

/* Detail: type_url = 1 string, value = 2 bytes. Span: seconds = 1 int64, nanos = 2 int32.
 * RetryInfo: retry_delay = 1 Span. ErrorInfo: metadata = 3 map. GetSignerResponse:
 * profiles = 3 repeated enum. SignRequest: item = 2 {request_id = 1, digest = 2}. */
#define DETAIL &segel__v1__detail__descriptor
#define SPAN   &segel__v1__span__descriptor
#define RETRY  &segel__v1__retry_info__descriptor
#define INFO   &segel__v1__error_info__descriptor
#define SIGNER &segel__v1__get_signer_response__descriptor
#define SIGN   &segel__v1__sign_request__descriptor

static const struct vector vectors[] = {
    {DETAIL, "", SG_OK, "empty message"},
    {DETAIL, "0a026869", SG_OK, "string"},
    {DETAIL, "0a056162006364", SG_INVALID, "NUL inside a string"},
    {DETAIL, "1205616200ff64", SG_OK, "NUL and any byte inside bytes"},
    {DETAIL, "0a02fffe", SG_INVALID, "bad UTF-8"},
    {DETAIL, "0a03eda080", SG_INVALID, "a surrogate in UTF-8"},
    {DETAIL, "0a02c080", SG_INVALID, "an overlong NUL in UTF-8"},
    {DETAIL, "0a0268690a0178", SG_OK, "a scalar twice: the last counts"},
    {DETAIL, "0801", SG_INVALID, "string as varint"},
    {DETAIL, "0d01020304", SG_INVALID, "string as fixed32"},
    {DETAIL, "0b0c", SG_INVALID, "group"},
    {DETAIL, "0e01", SG_INVALID, "wire type 6"},
    {DETAIL, "0f01", SG_INVALID, "wire type 7"},
    {DETAIL, "f87f01", SG_OK, "unknown field 2047"},
    {DETAIL, "82000178", SG_INVALID, "field number 0, over-long tag"},
    {DETAIL, "020178", SG_INVALID, "field number 0"},
    {DETAIL, "f8ffffff7f01", SG_INVALID, "field number above 2^29-1"},
    {DETAIL, "f8ffffff0f01", SG_OK, "field number 2^29-1"},
    {DETAIL, "8a000178", SG_INVALID, "over-long tag"},
    {DETAIL, "0a810078", SG_INVALID, "over-long length"},
    {DETAIL, "0a03", SG_INVALID, "length beyond the end"},
    {DETAIL, "0affffffff0f", SG_INVALID, "length of 4 GiB"},
    {DETAIL, "0affffffffffffffffff01", SG_INVALID, "length of 2^64"},
    {DETAIL, "8a", SG_INVALID, "tag cut off"},
    {DETAIL, "0a", SG_INVALID, "length missing"},
    {SPAN, "0805", SG_OK, "int64"},
    {SPAN, "08ffffffffffffffffff01", SG_OK, "-1 in ten bytes"},
    {SPAN, "08ffffffffffffffffff02", SG_INVALID, "more than 64 bits"},
    {SPAN, "08ffffffffffffffffffff01", SG_INVALID, "eleven bytes"},
    {SPAN, "0a0105", SG_INVALID, "singular number as packed"},
    {SPAN, "08", SG_INVALID, "number missing"},
    {SPAN, "8d0101020304", SG_OK, "unknown fixed32"},
    {SPAN, "8d01010203", SG_INVALID, "unknown fixed32 cut off"},
    {SPAN, "890101020304050607", SG_INVALID, "unknown fixed64 cut off"},
    {RETRY, "0a020805", SG_OK, "sub-message"},
    {RETRY, "0a0208050a021001", SG_INVALID, "singular sub-message twice"},
    {RETRY, "0a020a00", SG_INVALID, "number of a sub-message as bytes"},
    {RETRY, "0a0208", SG_INVALID, "sub-message cut off"},
    {RETRY, "0a0308", SG_INVALID, "sub-message longer than what is around it"},
    {INFO, "1a060a0161120162", SG_OK, "map entry"},
    {INFO,
     "1a060a0161120162"
     "1a060a0161120163",
     SG_OK, "map key twice"},
    {INFO,
     "1a060a01001201"
     "62",
     SG_INVALID, "NUL in a map key"},
    {SIGNER, "1805", SG_OK, "repeated number, not packed"},
    {SIGNER, "1a03010203", SG_OK, "repeated number, packed"},
    {SIGNER, "1a020181", SG_INVALID, "packed number cut off"},
    {SIGNER, "1a00", SG_OK, "packed and empty"},
    {SIGN, "12080a01611203010203", SG_OK, "item"},
    {SIGN, "12080a01001203010203", SG_INVALID, "NUL in a nested string"},
};

Test(preflight, judges_every_vector)
{
    for (size_t i = 0; i < SG_COUNT(vectors); i++) {
        uint8_t wire[64];
        size_t len = 0;
        cr_assert_eq(text_unhex(slice_str(vectors[i].hex), wire, sizeof(wire), &len),
                     SG_OK);
        /* A copy of exact size, so that a read beyond it is seen. */
        uint8_t *exact = (uint8_t *)malloc(len + (len == 0));
        cr_assert_not_null(exact);
        memcpy(exact, wire, len);
        cr_expect_eq(check(vectors[i].type, slice_of(exact, len)), vectors[i].status,
                     "%s: %s", vectors[i].hex, vectors[i].what);
        free(exact);
    }
}

Test(preflight, names_the_field_that_is_wrong)
{
    struct sg_error why = {0};

    cr_assert_eq(preflight(SIGN, slice_of("\x12\x03\x0a\x01\x00", 5), &usual, &why),
                 SG_INVALID);
    cr_expect_not_null(strstr(why.text, "request_id"));
    cr_expect_not_null(strstr(why.text, "segel.v1.SignItem"));
}

Test(preflight, refuses_the_first_unknown_field_where_none_is_allowed)
{
    const struct preflight_limits strict = {.max_depth = 8, .max_elements = 10};

    cr_expect_eq(preflight(DETAIL, slice_of("\xf8\x7f\x01", 3), &strict, NULL),
                 SG_INVALID);
    cr_expect_eq(preflight(DETAIL, slice_of("\x0a\x00", 2), &strict, NULL), SG_OK);
}

Test(preflight, counts_unknown_fields)
{
    const struct preflight_limits two = {
        .max_depth = 8, .max_elements = 10, .max_unknown = 2};
    const struct slice wire = slice_of("\x78\x00\x78\x00\x78\x00", 6);

    cr_expect_eq(preflight(DETAIL, slice_of(wire.data, 4), &two, NULL), SG_OK);
    cr_expect_eq(preflight(DETAIL, wire, &two, NULL), SG_TOO_LARGE);
}

Test(preflight, counts_elements_of_all_kinds_together)
{
    const struct preflight_limits four = {.max_depth = 8, .max_elements = 4};
    const struct slice packed = slice_of("\x1a\x03\x01\x02\x03", 5);
    const struct slice mixed = slice_of("\x1a\x03\x01\x02\x03\x18\x01\x18\x01", 9);

    cr_expect_eq(preflight(SIGNER, packed, &four, NULL), SG_OK);
    cr_expect_eq(preflight(SIGNER, slice_of(mixed.data, 7), &four, NULL), SG_OK);
    cr_expect_eq(preflight(SIGNER, mixed, &four, NULL), SG_TOO_LARGE);
}

Test(preflight, counts_sub_messages)
{
    const struct preflight_limits one = {.max_depth = 8, .max_elements = 1};

    cr_expect_eq(preflight(INFO, slice_of("\x1a\x00", 2), &one, NULL), SG_OK);
    cr_expect_eq(preflight(INFO, slice_of("\x1a\x00\x1a\x00", 4), &one, NULL),
                 SG_TOO_LARGE);
    cr_expect_eq(preflight(SIGN, slice_of("\x0a\x00\x12\x00", 4), &one, NULL),
                 SG_TOO_LARGE);
}

Test(preflight, counts_levels)
{
    const struct preflight_limits two = {.max_depth = 2, .max_elements = 10};
    const struct preflight_limits three = {.max_depth = 3, .max_elements = 10};
    /* SignRequest.terms.labels["a"] */
    const struct slice wire = slice_of("\x0a\x05\x62\x03\x0a\x01\x61", 7);

    cr_expect_eq(preflight(SIGN, wire, &three, NULL), SG_OK);
    cr_expect_eq(preflight(SIGN, wire, &two, NULL), SG_TOO_LARGE);
}

Test(preflight, survives_four_megabytes_of_empty_sub_messages)
{
    size_t len = (size_t)4 << 20;
    uint8_t *wire = (uint8_t *)malloc(len);

    cr_assert_not_null(wire);
    for (size_t i = 0; i < len; i += 2) {
        wire[i] = 0x1a;
        wire[i + 1] = 0;
    }
    cr_expect_eq(preflight(INFO, slice_of(wire, len), &usual, NULL), SG_TOO_LARGE);
    free(wire);
}

static uint64_t state = 42;

static uint8_t next_byte(void)
{
    state = state * 6364136223846793005ULL + 1442695040888963407ULL;
    return (uint8_t)(state >> 56);
}

/* What the preflight accepts, protobuf-c unpacks within the call's arena. */
Test(preflight, accepts_nothing_that_unpack_refuses)
{
    static const char seed[] = "\x0a\x1a\x0a\x04"
                               "seal\x10\x01\x18\x01\x2a\x02sk\x32\x02"
                               "AP\x62\x06\x0a\x01"
                               "a\x12\x01"
                               "b\x12\x0a\x0a\x02id\x12\x04"
                               "abcd";
    const struct slice lawful = slice_of(seed, sizeof(seed) - 1);
    struct arena arena;
    unsigned accepted = 0;

    cr_assert_eq(arena_init(&arena, 65536), SG_OK);
    cr_assert_eq(check(SIGN, lawful), SG_OK);
    for (int i = 0; i < 200000; i++) {
        uint8_t wire[sizeof(seed)];
        memcpy(wire, seed, sizeof(seed));
        size_t len = lawful.len - next_byte() % 4;
        for (int k = next_byte() % 3; k >= 0; k--) {
            wire[next_byte() % len] = next_byte();
        }
        if (preflight(SIGN, slice_of(wire, len), &usual, NULL) == SG_OK) {
            accepted++;
            cr_assert_not_null(
                protobuf_c_message_unpack(SIGN, &arena.allocator, len, wire));
        }
        arena_reset(&arena);
    }
    cr_expect_gt(accepted, 1000);
    arena_fini(&arena);
}
