#include <criterion/criterion.h>
#include <stdlib.h>

#include "gateway/transport/compress.h"
#include "segel/v1/errors.pb-c.h"
#include "tests/unit/transport/support/echo.h"

/* Compressed messages: the codec alone, then over a connection. */

static struct echo echo;
static struct peer_link link_;
static uint8_t bytes[300000];
static uint8_t packed[300000];

static const char *const in_gzip[] = {"grpc-encoding", "gzip", NULL};
static const char *const takes_gzip[] = {"grpc-accept-encoding", "identity, gzip", NULL};

static void start(void)
{
    echo_start(&echo, NULL);
    echo_connect(&echo, &link_);
    link_.keep = true;
}

static void stop(void)
{
    peer_close(&link_);
    echo_stop(&echo);
}

/* window: 15 + 16 for gzip, 15 for zlib, -15 for neither head nor tail. */
static struct slice deflate_all(struct slice in, int window, uint8_t *out, size_t cap)
{
    z_stream stream = {0};

    MUST(deflateInit2(&stream, 6, Z_DEFLATED, window, 8, Z_DEFAULT_STRATEGY) == Z_OK);
    stream.next_in = (Bytef *)(uintptr_t)in.data;
    stream.avail_in = (uInt)in.len;
    stream.next_out = out;
    stream.avail_out = (uInt)cap;
    MUST(deflate(&stream, Z_FINISH) == Z_STREAM_END);
    size_t len = cap - stream.avail_out;
    (void)deflateEnd(&stream);
    return slice_of(out, len);
}

static struct slice gzip_of(struct slice in)
{
    return deflate_all(in, 31, packed, sizeof(packed));
}

static enum sg_status inflate_once(struct slice in, size_t max)
{
    struct gzip gzip = {0};
    struct budget budget = {.cap = 1 << 20};
    struct slice out;

    enum sg_status status = gzip_inflate(&gzip, in, max, &budget, &out);
    cr_expect_leq(budget.used, max + 1 > 4096 ? max + 1 : 4096);
    gzip_release(&gzip, &budget);
    cr_expect_eq(budget.used, 0);
    gzip_fini(&gzip);
    return status;
}

Test(compress, inflates_up_to_the_very_limit)
{
    static const size_t sizes[] = {1, 4095, 4096, 4097, 8192, 100000};

    for (size_t i = 0; i < SG_COUNT(sizes); i++) {
        struct slice in = gzip_of(slice_of(bytes, sizes[i]));
        cr_expect_eq(inflate_once(in, sizes[i]), SG_OK, "%zu", sizes[i]);
        cr_expect_eq(inflate_once(in, sizes[i] - 1), SG_TOO_LARGE, "%zu", sizes[i]);
    }
}

Test(compress, one_state_serves_message_after_message)
{
    struct gzip gzip = {0};
    struct budget budget = {.cap = 1 << 20};
    struct slice out;

    for (size_t i = 1; i < 50; i++) {
        memset(bytes, (int)i, i * 5000);
        struct slice in = gzip_of(slice_of(bytes, i * 5000));
        /* A broken one in between leaves nothing behind. */
        cr_assert_eq(
            gzip_inflate(&gzip, slice_of(in.data, in.len / 2), 300000, &budget, &out),
            SG_INVALID);
        gzip_release(&gzip, &budget);
        cr_assert_eq(gzip_inflate(&gzip, in, 300000, &budget, &out), SG_OK);
        cr_assert_eq(gzip_work(&gzip), i * 5000);
        cr_assert(slice_equal(out, slice_of(bytes, i * 5000)));
        gzip_release(&gzip, &budget);
        cr_assert_eq(budget.used, 0);
    }
    gzip_fini(&gzip);
}

Test(compress, refuses_what_is_cut_or_damaged_anywhere)
{
    struct slice in = gzip_of(slice_str("a message that is short"));
    uint8_t copy[128];

    for (size_t len = 1; len < in.len; len++) {
        cr_expect_eq(inflate_once(slice_of(in.data, len), 1000), SG_INVALID, "%zu", len);
    }
    for (size_t i = 0; i < 8; i++) { /* checksum and length */
        memcpy(copy, in.data, in.len);
        copy[in.len - 1 - i] ^= 1;
        cr_expect_eq(inflate_once(slice_of(copy, in.len), 1000), SG_INVALID, "%zu", i);
    }
}

Test(compress, refuses_other_formats_and_what_follows)
{
    struct slice text = slice_str("text");
    uint8_t two[256];

    cr_expect_eq(inflate_once(text, 1000), SG_INVALID);
    cr_expect_eq(inflate_once(deflate_all(text, 15, packed, 256), 1000), SG_INVALID);
    cr_expect_eq(inflate_once(deflate_all(text, -15, packed, 256), 1000), SG_INVALID);
    struct slice in = gzip_of(text);
    memcpy(two, in.data, in.len);
    two[in.len] = 0;
    cr_expect_eq(inflate_once(slice_of(two, in.len + 1), 1000), SG_INVALID, "one byte");
    memcpy(two + in.len, in.data, in.len);
    cr_expect_eq(inflate_once(slice_of(two, 2 * in.len), 1000), SG_INVALID, "a member");
}

Test(compress, nothing_is_an_empty_message)
{
    cr_expect_eq(inflate_once(slice_of(NULL, 0), 10), SG_OK);
    cr_expect_eq(inflate_once(gzip_of(slice_of(NULL, 0)), 10), SG_OK);
}

Test(compress, budget_stops_what_grows)
{
    struct gzip gzip = {0};
    struct budget budget = {.cap = 16384};
    struct slice out;
    struct slice in = gzip_of(slice_of(bytes, 100000));

    cr_expect_eq(gzip_inflate(&gzip, in, 200000, &budget, &out), SG_BUSY);
    cr_expect_leq(budget.used, 16384);
    gzip_release(&gzip, &budget);
    cr_expect_eq(budget.used, 0);
    gzip_fini(&gzip);
}

Test(compress, packs_only_what_becomes_smaller)
{
    struct gzip gzip = {0};
    Segel__V1__Detail detail;
    uint8_t out[4096];

    segel__v1__detail__init(&detail);
    detail.value.data = bytes;
    detail.value.len = 4000;
    size_t len = protobuf_c_message_get_packed_size(&detail.base);
    cr_expect_gt(gzip_pack(&gzip, &detail.base, out, len), 0);
    cr_expect_lt(gzip_pack(&gzip, &detail.base, out, len), 100);
    detail.value.len = 3;
    cr_expect_eq(gzip_pack(&gzip, &detail.base, out, 5), 0);
    detail.value.len = 0;
    cr_expect_eq(gzip_pack(&gzip, &detail.base, out, 0), 0);
    gzip_fini(&gzip);
}

TestSuite(gzip, .init = start, .fini = stop, .timeout = 30);

static struct reply *call(uint32_t stream, const char *const *extra, uint8_t flag,
                          struct slice message)
{
    peer_headers(&link_, stream, "/test.Echo/Unary", extra, false);
    peer_flagged(&link_, stream, flag, message, true);
    return peer_wait(&link_, stream);
}

Test(gzip, request_may_be_compressed_and_the_answer_is_not)
{
    struct slice message = echo_message("a", 90000, bytes, sizeof(bytes));
    const struct reply *reply = call(1, in_gzip, 1, gzip_of(message));

    cr_expect_eq(reply->grpc, 0);
    cr_expect_eq(reply->bytes, 5 + message.len);
    cr_expect_eq(reply->head[0], 0);
    cr_expect_str_eq(reply->encoding, "");
    cr_expect_str_eq(reply->accepts, "identity,gzip");
}

Test(gzip, flag_is_each_messages_own)
{
    struct slice message = echo_message("flag", 100, bytes, sizeof(bytes));

    peer_headers(&link_, 1, "/test.Echo/Mirror", in_gzip, false);
    peer_flagged(&link_, 1, 1, gzip_of(message), false);
    peer_flagged(&link_, 1, 0, message, false);
    peer_flagged(&link_, 1, 1, gzip_of(message), true);
    const struct reply *reply = peer_wait(&link_, 1);
    cr_assert_eq(reply->grpc, 0);
    cr_assert_eq(reply->bytes, 11 + 15 + 11);
    cr_expect(memcmp(reply->body + 5, "\x0a\x04gzip", 6) == 0);
    cr_expect(memcmp(reply->body + 16, "\x0a\x08identity", 10) == 0);
    cr_expect(memcmp(reply->body + 31, "\x0a\x04gzip", 6) == 0);
}

Test(gzip, empty_message_may_say_that_it_is_compressed)
{
    cr_expect_eq(call(1, in_gzip, 1, slice_of(NULL, 0))->grpc, 0);
}

Test(gzip, bomb_ends_at_the_methods_limit)
{
    uint8_t *zeros = (uint8_t *)calloc(1, 64 << 20);
    uint8_t *bomb = (uint8_t *)malloc(100000);

    cr_assert(zeros != NULL && bomb != NULL);
    struct slice in = deflate_all(slice_of(zeros, 64 << 20), 31, bomb, 100000);
    const struct reply *reply = call(1, in_gzip, 1, in);
    cr_expect_eq(reply->grpc, 8);
    cr_expect(strstr(reply->text, "100000") != NULL, "%s", reply->text);
    cr_expect_eq(echo_call(&link_, 3), 0);
    free(zeros);
    free(bomb);
}

Test(gzip, bombs_without_end_are_refused_unopened)
{
    struct slice in = gzip_of(echo_message("flag", 99000, bytes, sizeof(bytes)));
    struct reply *reply = peer_reply(&link_, 1);

    link_.keep = false;
    peer_headers(&link_, 1, "/test.Echo/Mirror", in_gzip, false);
    for (size_t i = 0; i < 400 && !reply->ended; i++) {
        for (int j = 0; j < 50; j++) {
            peer_flagged(&link_, 1, 1, in, false);
        }
        (void)peer_send(&link_);
        while (!reply->ended && reply->bytes < (i + 1) * 50 * 11 && peer_read(&link_)) {
            continue;
        }
    }
    cr_expect_eq(reply->grpc, 8);
    cr_expect_gt(reply->bytes, 600UL * 11, "64 MiB are let pass");
    cr_expect_eq(call(3, NULL, 0, echo_message("a", 9, bytes, sizeof(bytes)))->grpc, 0);
    cr_expect(echo_serves(&echo));
}

Test(gzip, broken_one_is_an_internal_error)
{
    struct slice in = gzip_of(echo_message("a", 100, bytes, sizeof(bytes)));

    cr_expect_eq(call(1, in_gzip, 1, slice_of(in.data, in.len - 1))->grpc, 13);
    cr_expect_eq(call(3, in_gzip, 1, slice_str("not gzip"))->grpc, 13);
    packed[in.len] = 'x';
    cr_expect_eq(call(5, in_gzip, 1, slice_of(in.data, in.len + 1))->grpc, 13);
    cr_expect_eq(call(7, in_gzip, 1, in)->grpc, 0, "the next one is not harmed");
}

Test(gzip, flag_without_encoding_or_with_identity_is_an_error)
{
    const char *const identity[] = {"grpc-encoding", "identity", NULL};
    struct slice in = gzip_of(echo_message("a", 100, bytes, sizeof(bytes)));

    cr_expect_eq(call(1, NULL, 1, in)->grpc, 13);
    cr_expect_eq(call(3, identity, 1, in)->grpc, 13);
    cr_expect_eq(call(5, in_gzip, 2, in)->grpc, 13);
}

static const struct reply *mirror(const char *const *extra, const char *const *commands,
                                  size_t value)
{
    peer_headers(&link_, 1, "/test.Echo/Mirror", extra, false);
    for (; *commands != NULL; commands++) {
        peer_message(&link_, 1, echo_message(*commands, value, bytes, sizeof(bytes)),
                     commands[1] == NULL);
    }
    return peer_wait(&link_, 1);
}

Test(gzip, answer_is_compressed_when_asked_for_by_both)
{
    const char *const commands[] = {"gzip", "plain", "gzip", NULL};
    const struct reply *reply = mirror(takes_gzip, commands, 5000);
    struct slice message = echo_message("gzip", 5000, bytes, sizeof(bytes));
    struct gzip gzip = {0};
    struct budget budget = {.cap = 1 << 20};
    struct slice out;

    cr_expect_eq(reply->grpc, 0);
    cr_expect_str_eq(reply->encoding, "gzip");
    cr_assert_eq(reply->body[0], 1);
    size_t len = (size_t)reply->body[3] << 8 | reply->body[4];
    cr_assert_lt(len, 100);
    cr_assert_eq(
        gzip_inflate(&gzip, slice_of(reply->body + 5, len), 10000, &budget, &out), SG_OK);
    cr_expect(slice_equal(out, message));
    const uint8_t *second = reply->body + 5 + len;
    cr_assert_eq(second[0], 0);
    cr_assert_eq(second[5 + message.len + 1], 1, "'plain' has one character more");
    cr_expect_eq(reply->bytes, 5 + len + 5 + message.len + 1 + 5 + len);
    gzip_release(&gzip, &budget);
    gzip_fini(&gzip);
}

Test(gzip, nothing_is_compressed_unasked)
{
    const char *const both[] = {"grpc-accept-encoding", "gzip", "grpc-encoding", "gzip",
                                NULL};
    struct slice message = echo_message("a", 5000, bytes, sizeof(bytes));
    const struct reply *reply = call(1, both, 1, gzip_of(message));

    cr_expect_eq(reply->grpc, 0);
    cr_expect_str_eq(reply->encoding, "");
    cr_expect_eq(reply->head[0], 0);
    cr_expect_eq(reply->bytes, 5 + message.len);
}

Test(gzip, answer_stays_plain_for_a_client_that_does_not_offer_it)
{
    const char *const others[] = {"grpc-accept-encoding", "identity,gzipped,deflate",
                                  NULL};
    const char *const commands[] = {"gzip", NULL};
    const struct reply *reply = mirror(others, commands, 5000);

    cr_expect_eq(reply->grpc, 0);
    cr_expect_str_eq(reply->encoding, "");
    cr_expect_eq(reply->head[0], 0);
    cr_expect_gt(reply->bytes, 5000);
}

Test(gzip, answer_stays_plain_once_the_headers_did_not_name_it)
{
    const char *const commands[] = {"plain", "gzip", NULL};
    const struct reply *reply = mirror(takes_gzip, commands, 5000);

    cr_expect_eq(reply->grpc, 0);
    cr_expect_str_eq(reply->encoding, "");
    cr_expect_gt(reply->bytes, 10000);
}

Test(gzip, small_answer_that_would_grow_goes_plain)
{
    const char *const commands[] = {"gzip", NULL};
    const struct reply *reply = mirror(takes_gzip, commands, 3);

    cr_expect_eq(reply->grpc, 0);
    cr_expect_str_eq(reply->encoding, "gzip");
    cr_expect_eq(reply->head[0], 0);
    cr_expect_eq(reply->bytes, 5 + 6 + 5);
}
