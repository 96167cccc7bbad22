#include "proto/grpc_frame.h"

#include <criterion/criterion.h>

/* Three messages: of 3 bytes, empty, of 6 bytes with the compressed flag. */
static const uint8_t stream[] = {0, 0, 0, 0, 3, 'a', 'b', 'c', 0,   0,   0,   0,
                                 0, 1, 0, 0, 0, 6,   'd', 'e', 'f', 'g', 'h', 'i'};
static const char *const texts[] = {"abc", "", "defghi"};

struct found {
    size_t messages;
    bool right;
};

/* Pushes bytes as they would come in one read. */
static void push(struct grpc_deframer *deframer, struct slice bytes, struct found *found)
{
    while (bytes.len > 0) {
        bool complete = false;
        cr_assert_eq(grpc_deframe(deframer, &bytes, &complete), SG_OK);
        if (complete) {
            cr_assert_lt(found->messages, SG_COUNT(texts));
            struct slice expected = slice_str(texts[found->messages]);
            found->right =
                found->right &&
                slice_equal(slice_of(deframer->message, deframer->need), expected) &&
                deframer->compressed == (found->messages == 2);
            found->messages++;
        }
    }
}

Test(grpc_frame, finds_messages_wherever_the_stream_is_cut)
{
    for (size_t cut = 0; cut <= sizeof(stream); cut++) {
        struct grpc_deframer deframer = {.max = 100};
        struct found found = {.right = true};
        push(&deframer, slice_of(stream, cut), &found);
        push(&deframer, slice_of(stream + cut, sizeof(stream) - cut), &found);
        cr_expect_eq(found.messages, 3, "cut at %zu", cut);
        cr_expect(found.right, "cut at %zu", cut);
        cr_expect_not(grpc_deframer_partial(&deframer));
        grpc_deframer_fini(&deframer);
    }
}

Test(grpc_frame, finds_messages_byte_by_byte)
{
    struct grpc_deframer deframer = {.max = 100};
    struct found found = {.right = true};

    for (size_t i = 0; i < sizeof(stream); i++) {
        push(&deframer, slice_of(stream + i, 1), &found);
        cr_expect_eq(grpc_deframer_partial(&deframer), i != 7 && i != 12 && i != 23,
                     "%zu", i);
    }
    cr_expect(found.right && found.messages == 3);
    grpc_deframer_fini(&deframer);
}

Test(grpc_frame, many_messages_come_out_of_one_read)
{
    uint8_t many[600] = {0};
    struct grpc_deframer deframer = {.max = 1};
    struct slice bytes = slice_of(many, sizeof(many));
    size_t count = 0;

    for (size_t i = 0; i < sizeof(many); i += 6) {
        many[i + 4] = 1;
        many[i + 5] = (uint8_t)(i / 6);
    }
    while (bytes.len > 0) {
        bool complete = false;
        cr_assert_eq(grpc_deframe(&deframer, &bytes, &complete), SG_OK);
        cr_assert(complete);
        cr_assert_eq(deframer.message[0], count);
        count++;
    }
    cr_expect_eq(count, 100);
    grpc_deframer_fini(&deframer);
}

static enum sg_status announce(uint32_t len, size_t max, struct grpc_deframer *deframer)
{
    uint8_t prefix[GRPC_PREFIX_SIZE];
    struct slice bytes = slice_of(prefix, sizeof(prefix));
    bool complete = false;

    *deframer = (struct grpc_deframer){.max = max};
    grpc_prefix_write(prefix, false, len);
    return grpc_deframe(deframer, &bytes, &complete);
}

Test(grpc_frame, accepts_a_message_of_exactly_the_maximum)
{
    struct grpc_deframer deframer = {0};

    cr_expect_eq(announce(1000, 1000, &deframer), SG_OK);
    grpc_deframer_fini(&deframer);
}

Test(grpc_frame, refuses_one_byte_more_before_it_allocates)
{
    struct grpc_deframer deframer = {0};

    cr_expect_eq(announce(1001, 1000, &deframer), SG_TOO_LARGE);
    cr_expect_null(deframer.message);
    cr_expect_eq(announce(UINT32_MAX, 4 << 20, &deframer), SG_TOO_LARGE);
    cr_expect_null(deframer.message);
}

Test(grpc_frame, an_announcement_alone_costs_no_memory)
{
    struct grpc_deframer deframer = {0};

    cr_expect_eq(announce(4 << 20, 4 << 20, &deframer), SG_OK);
    cr_expect_eq(deframer.cap, 0);
    grpc_deframer_fini(&deframer);
}

Test(grpc_frame, grows_with_what_has_come_and_never_beyond_the_maximum)
{
    static uint8_t part[10000];
    struct grpc_deframer deframer = {0};
    size_t came = 0;

    cr_assert_eq(announce(1000000, 1000000, &deframer), SG_OK);
    while (came < 1000000) {
        struct slice bytes = slice_of(part, sizeof(part));
        bool complete = false;
        cr_assert_eq(grpc_deframe(&deframer, &bytes, &complete), SG_OK);
        came += sizeof(part);
        cr_assert_eq(complete, came == 1000000);
        cr_assert_leq(deframer.cap, 2 * came + 4096);
        cr_assert_leq(deframer.cap, 1000000);
    }
    grpc_deframer_fini(&deframer);
}

Test(grpc_frame, refuses_any_other_flag)
{
    for (unsigned flag = 2; flag < 256; flag++) {
        const uint8_t bytes[] = {(uint8_t)flag, 0, 0, 0, 0};
        struct slice left = slice_of(bytes, sizeof(bytes));
        struct grpc_deframer deframer = {.max = 100};
        bool complete = false;
        cr_expect_eq(grpc_deframe(&deframer, &left, &complete), SG_INVALID);
        grpc_deframer_fini(&deframer);
    }
}

Test(grpc_frame, prefix_is_big_endian)
{
    uint8_t prefix[GRPC_PREFIX_SIZE];
    const uint8_t expected[] = {1, 0x12, 0x34, 0x56, 0x78};

    grpc_prefix_write(prefix, true, 0x12345678);
    cr_expect(memcmp(prefix, expected, sizeof(expected)) == 0);
}
