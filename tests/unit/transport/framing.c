#include <criterion/criterion.h>
#include <time.h>

#include "tests/unit/transport/support/echo.h"

/* The shapes in which requests may come, and the ends that calls may take. */

static struct echo echo;
static struct peer_link link_;
static uint8_t bytes[200000];
static uint8_t framed[400000];

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

TestSuite(framing, .init = start, .fini = stop, .timeout = 20);

/* A framed Detail behind what framed holds already. */
static size_t add_message(size_t at, size_t value)
{
    struct slice message =
        value == 0 ? slice_of(NULL, 0) : echo_message("a", value, bytes, sizeof(bytes));

    framed[at] = 0;
    framed[at + 1] = 0;
    framed[at + 2] = (uint8_t)(message.len >> 16);
    framed[at + 3] = (uint8_t)(message.len >> 8);
    framed[at + 4] = (uint8_t)message.len;
    if (message.len > 0) {
        memcpy(framed + at + 5, message.data, message.len);
    }
    return at + 5 + message.len;
}

static void expect_count(uint32_t stream, const char *count)
{
    const struct reply *reply = peer_wait(&link_, stream);

    cr_assert_eq(reply->grpc, 0, "%s", reply->text);
    cr_expect(memcmp(reply->body + 7, count, strlen(count)) == 0, "%.*s", 4,
              (const char *)reply->body + 7);
    cr_expect_eq(reply->bytes, 7 + strlen(count));
}

Test(framing, message_may_be_cut_at_every_byte)
{
    size_t len = add_message(add_message(0, 6), 9);
    uint32_t stream = 1;

    for (size_t cut = 0; cut <= len; cut++, stream += 2) {
        peer_headers(&link_, stream, "/test.Echo/Collect", NULL, false);
        peer_data(&link_, stream, slice_of(framed, cut), false);
        (void)peer_send(&link_);
        peer_data(&link_, stream, slice_of(framed + cut, len - cut), true);
        expect_count(stream, "2");
    }
}

Test(framing, message_may_come_byte_by_byte)
{
    size_t len = add_message(add_message(0, 6), 9);

    peer_headers(&link_, 1, "/test.Echo/Collect", NULL, false);
    for (size_t i = 0; i < len; i++) {
        peer_data(&link_, 1, slice_of(framed + i, 1), i + 1 == len);
        (void)peer_send(&link_);
    }
    expect_count(1, "2");
}

Test(framing, paused_call_takes_messages_cut_anywhere)
{
    size_t len = 0;
    size_t at = 0;

    for (size_t i = 0; i < 40; i++) {
        len = add_message(len, 1 + i * 37 % 500);
    }
    peer_headers(&link_, 1, "/test.Echo/Brake", NULL, false);
    for (size_t step = 1; at < len; step = step * 7 % 211 + 1) {
        size_t count = len - at < step ? len - at : step;
        peer_data(&link_, 1, slice_of(framed + at, count), at + count == len);
        (void)peer_send(&link_);
        at += count;
        if (step % 5 == 0) {
            echo_wake(&echo);
        }
    }
    for (int i = 0; i < 40; i++) {
        echo_wake(&echo);
    }
    cr_assert(echo_reaches(&echo.braked, 1));
    for (int i = 0; i < 2000 && atomic_load(&echo.half_closed) == 0; i++) {
        const struct timespec nap = {.tv_nsec = 1000000};
        echo_wake(&echo);
        (void)nanosleep(&nap, NULL);
    }
    const struct reply *reply = peer_wait(&link_, 1);
    cr_expect_eq(reply->grpc, 0);
    cr_expect_eq(atomic_load(&echo.braked), 40);
    cr_expect_eq(reply->bytes, len);
    cr_expect(memcmp(reply->body, framed, len) == 0);
}

Test(framing, one_frame_may_hold_many_messages)
{
    size_t len = 0;

    for (int i = 0; i < 500; i++) {
        len = add_message(len, 5);
    }
    cr_assert_lt(len, 16384);
    peer_headers(&link_, 1, "/test.Echo/Collect", NULL, false);
    peer_data(&link_, 1, slice_of(framed, len), true);
    expect_count(1, "500");
}

Test(framing, padding_is_no_part_of_a_message)
{
    size_t len = add_message(add_message(0, 6), 9);
    uint8_t padded[300] = {200};

    peer_headers(&link_, 1, "/test.Echo/Collect", NULL, false);
    for (size_t i = 0; i < len; i += 4) {
        size_t count = len - i < 4 ? len - i : 4;
        memcpy(padded + 1, framed + i, count);
        memset(padded + 1 + count, 0, 200);
        peer_frame(
            &link_, NGHTTP2_DATA,
            (uint8_t)(NGHTTP2_FLAG_PADDED | (i + 4 >= len ? NGHTTP2_FLAG_END_STREAM : 0)),
            1, slice_of(padded, 1 + count + 200));
    }
    expect_count(1, "2");
}

static void usual_block(uint8_t *block, size_t *len)
{
    static const char *const usual[][2] = {
        {":method", "POST"}, {":scheme", "https"}, {":path", "/test.Echo/Unary"},
        {":authority", "x"}, {"te", "trailers"},   {"content-type", "application/grpc"}};

    for (size_t i = 0; i < SG_COUNT(usual); i++) {
        peer_header_block(slice_str(usual[i][0]), slice_str(usual[i][1]), block, len);
    }
}

/* Headers of a call with something before and behind the block. */
static void odd_headers(uint32_t stream, uint8_t flags, struct slice before, size_t after)
{
    uint8_t block[1024];
    size_t len = before.len;

    memcpy(block, before.data, before.len);
    usual_block(block, &len);
    memset(block + len, 0, after);
    peer_frame(&link_, NGHTTP2_HEADERS, (uint8_t)(NGHTTP2_FLAG_END_HEADERS | flags),
               stream, slice_of(block, len + after));
}

Test(framing, headers_may_carry_priority_and_padding)
{
    static const uint8_t before[] = {9, 0x80, 0, 0, 0, 15};
    size_t len = add_message(0, 6);

    odd_headers(1, NGHTTP2_FLAG_PRIORITY, slice_of(before + 1, 5), 0);
    peer_data(&link_, 1, slice_of(framed, len), true);
    cr_expect_eq(peer_wait(&link_, 1)->grpc, 0);
    odd_headers(3, NGHTTP2_FLAG_PADDED, slice_of(before, 1), 9);
    peer_data(&link_, 3, slice_of(framed, len), true);
    cr_expect_eq(peer_wait(&link_, 3)->grpc, 0);
    odd_headers(5, NGHTTP2_FLAG_PRIORITY | NGHTTP2_FLAG_PADDED, slice_of(before, 6), 9);
    peer_data(&link_, 5, slice_of(framed, len), true);
    cr_expect_eq(peer_wait(&link_, 5)->grpc, 0);
}

Test(framing, headers_may_be_cut_into_frames)
{
    uint8_t block[1024];
    size_t len = 0;
    size_t at = 0;

    usual_block(block, &len);
    for (; at + 20 < len; at += 20) {
        peer_frame(&link_, at == 0 ? NGHTTP2_HEADERS : NGHTTP2_CONTINUATION, 0, 1,
                   slice_of(block + at, 20));
    }
    peer_frame(&link_, NGHTTP2_CONTINUATION, NGHTTP2_FLAG_END_HEADERS, 1,
               slice_of(block + at, len - at));
    peer_data(&link_, 1, slice_of(framed, add_message(0, 6)), true);
    cr_expect_eq(peer_wait(&link_, 1)->grpc, 0);
}

static void trailers(uint32_t stream, uint8_t flags)
{
    uint8_t block[64];
    size_t len = 0;

    peer_header_block(slice_str("x-sum"), slice_str("1"), block, &len);
    peer_frame(&link_, NGHTTP2_HEADERS, (uint8_t)(NGHTTP2_FLAG_END_HEADERS | flags),
               stream, slice_of(block, len));
}

Test(framing, request_may_end_with_an_empty_frame_or_with_trailers)
{
    size_t len = add_message(0, 6);

    peer_headers(&link_, 1, "/test.Echo/Unary", NULL, false);
    peer_data(&link_, 1, slice_of(framed, len), false);
    peer_data(&link_, 1, slice_of(NULL, 0), true);
    cr_expect_eq(peer_wait(&link_, 1)->grpc, 0);
    peer_headers(&link_, 3, "/test.Echo/Unary", NULL, false);
    peer_data(&link_, 3, slice_of(framed, len), false);
    trailers(3, NGHTTP2_FLAG_END_STREAM);
    cr_expect_eq(peer_wait(&link_, 3)->grpc, 0);
    peer_headers(&link_, 5, "/test.Echo/Collect", NULL, false);
    trailers(5, NGHTTP2_FLAG_END_STREAM);
    expect_count(5, "0");
}

Test(framing, second_headers_that_end_nothing_are_malformed)
{
    peer_headers(&link_, 1, "/test.Echo/Collect", NULL, false);
    trailers(1, 0);
    cr_expect_eq(peer_wait(&link_, 1)->reset, NGHTTP2_PROTOCOL_ERROR);
    cr_expect(echo_reaches(&echo.closed, 1));
    cr_expect_eq(echo_call(&link_, 3), 0);
}

Test(framing, nothing_is_answered_before_its_time)
{
    const char *const extra[] = {"expect", "100-continue", NULL};

    peer_headers(&link_, 1, "/test.Echo/Unary", extra, false);
    (void)peer_send(&link_);
    cr_assert_eq(echo_call(&link_, 3), 0);
    cr_expect_eq(peer_reply(&link_, 1)->blocks, 0, "no 1xx");
    peer_data(&link_, 1, slice_of(framed, add_message(0, 6)), true);
    cr_expect_eq(peer_wait(&link_, 1)->grpc, 0);
    cr_expect_eq(peer_reply(&link_, 1)->blocks, 2);
}

Test(framing, messages_without_content_have_to_be_outweighed)
{
    size_t len = 0;

    for (int i = 0; i < 100; i++) {
        len = add_message(len, 0);
    }
    peer_headers(&link_, 1, "/test.Echo/Collect", NULL, false);
    peer_data(&link_, 1, slice_of(framed, len), true);
    expect_count(1, "100");

    len = add_message(len, 0);
    peer_headers(&link_, 3, "/test.Echo/Collect", NULL, false);
    peer_data(&link_, 3, slice_of(framed, len), true);
    cr_expect_eq(peer_wait(&link_, 3)->grpc, 8);

    len = 0;
    for (int i = 0; i < 400; i++) {
        len = add_message(add_message(len, 0), 5);
    }
    peer_headers(&link_, 5, "/test.Echo/Collect", NULL, false);
    peer_data(&link_, 5, slice_of(framed, len), true);
    expect_count(5, "800");
}

static const struct reply *timed(uint32_t stream, const char *path, const char *timeout)
{
    const char *const extra[] = {"grpc-timeout", timeout, NULL};

    peer_headers(&link_, stream, path, extra, false);
    peer_data(&link_, stream, slice_of(framed, add_message(0, 6)), true);
    return peer_wait(&link_, stream);
}

Test(framing, timeouts_count_to_their_edges)
{
    cr_expect_eq(timed(1, "/test.Echo/Unary", "0m")->grpc, 4);
    cr_expect_eq(timed(3, "/test.Echo/Collect", "0n")->grpc, 4);
    cr_expect_eq(peer_reply(&link_, 3)->frames, 1, "trailers only");
    cr_expect_eq(atomic_load(&echo.opened), 0);
    cr_expect_eq(timed(5, "/test.Echo/Unary", "99999999H")->grpc, 0);
    cr_expect_eq(timed(7, "/test.Echo/Collect", "99999999H")->grpc, 0);
    cr_expect_eq(timed(9, "/test.Echo/Unary", "100000000n")->grpc, 13, "nine digits");
    cr_expect_eq(timed(11, "/test.Echo/Unary", "5")->grpc, 13);
    cr_expect_eq(timed(13, "/test.Echo/Hang", "50m")->grpc, 4);
}

Test(framing, deadline_that_passed_while_the_loop_was_busy_counts)
{
    const char *const extra[] = {"grpc-timeout", "10m", NULL};

    peer_headers(&link_, 1, "/test.Echo/Unary", extra, false);
    peer_headers(&link_, 3, "/test.Echo/Mirror", NULL, false);
    peer_message(&link_, 3, echo_message("nap", 0, bytes, sizeof(bytes)), true);
    peer_data(&link_, 1, slice_of(framed, add_message(0, 6)), true);
    cr_expect_eq(peer_wait(&link_, 1)->grpc, 4);
    cr_expect_eq(peer_wait(&link_, 3)->grpc, 0);
    cr_expect_eq(atomic_load(&echo.opened), 1);
}

Test(framing, early_end_is_told_before_the_reset)
{
    peer_headers(&link_, 1, "/test.Echo/Mirror", NULL, false);
    peer_message(&link_, 1, echo_message("plain", 0, bytes, sizeof(bytes)), false);
    peer_message(&link_, 1, echo_message("fail", 0, bytes, sizeof(bytes)), false);
    struct reply *reply = peer_wait(&link_, 1);
    cr_expect_eq(reply->grpc, 7);
    while (reply->reset < 0 && peer_read(&link_)) {
        continue;
    }
    cr_expect_eq(reply->reset, NGHTTP2_NO_ERROR);
    cr_expect_eq(reply->bytes, 5 + 7, "the message queued before came too");
    cr_expect_eq(reply->blocks, 2);
    /* What is still on its way does no harm. */
    peer_data(&link_, 1, slice_of(bytes, 50000), true);
    cr_expect_eq(echo_call(&link_, 3), 0);
}

Test(framing, details_of_another_code_are_left_out)
{
    peer_headers(&link_, 1, "/test.Echo/Mirror", NULL, false);
    peer_message(&link_, 1, echo_message("lie", 0, bytes, sizeof(bytes)), true);
    cr_expect_eq(peer_wait(&link_, 1)->grpc, 7);
    cr_expect_str_eq(peer_reply(&link_, 1)->details, "");
}

Test(framing, trailers_stay_below_what_clients_accept)
{
    peer_headers(&link_, 1, "/test.Echo/Mirror", NULL, false);
    peer_message(&link_, 1, echo_message("explain", 0, bytes, sizeof(bytes)), true);
    cr_expect_eq(peer_wait(&link_, 1)->grpc, 7);
    cr_expect_eq(strlen(peer_reply(&link_, 1)->details), 255, "5000 bytes go");

    peer_headers(&link_, 3, "/test.Echo/Mirror", NULL, false);
    peer_message(&link_, 3, echo_message("flood", 0, bytes, sizeof(bytes)), false);
    peer_message(&link_, 3, echo_message("explain", 0, bytes, sizeof(bytes)), true);
    cr_expect_eq(peer_wait(&link_, 3)->grpc, 7);
    cr_expect_str_eq(peer_reply(&link_, 3)->details, "", "no room is left");
}

struct type_row {
    const char *type;
    int http;
};

static const struct type_row types[] = {
    {"application/grpc", 200},
    {"application/grpc+proto", 200},
    {"application/grpc;charset=utf-8", 200},
    {"application/grpc+json", 415},
    {"application/grpc-web", 415},
    {"application/json", 415},
    {"text/application/grpc", 415},
};

Test(framing, content_types_are_told_apart)
{
    for (uint32_t i = 0; i < SG_COUNT(types); i++) {
        const char *const extra[] = {"content-type", types[i].type, NULL};
        peer_headers(&link_, 2 * i + 1, "/test.Echo/Unary", extra, false);
        peer_data(&link_, 2 * i + 1, slice_of(framed, add_message(0, 6)), true);
        const struct reply *reply = peer_wait(&link_, 2 * i + 1);
        cr_expect_eq(reply->http, types[i].http, "%s", types[i].type);
        cr_expect_eq(reply->grpc, types[i].http == 200 ? 0 : -1, "%s", types[i].type);
    }
}
