#include <criterion/criterion.h>
#include <stdlib.h>

#include "gateway/transport/setup.h"
#include "tests/unit/transport/support/echo.h"

/* Flow control: no stream is held up by another, and none for ever. */

static struct echo echo;
static struct peer_link link_;
static uint8_t bytes[4 << 20];
static uint8_t large[(4 << 20) + 5];

enum { HALF = 60000 };

static void start(void)
{
    echo_start(&echo, NULL);
    echo_connect(&echo, &link_);
}

static void stop(void)
{
    peer_close(&link_);
    echo_stop(&echo);
}

TestSuite(flow, .init = start, .fini = stop, .timeout = 30);

/* A framed Detail with a value of so many bytes. */
static struct slice framed(const char *text, size_t value)
{
    struct slice message = echo_message(text, value, bytes, sizeof(bytes));

    large[0] = 0;
    large[1] = (uint8_t)(message.len >> 24);
    large[2] = (uint8_t)(message.len >> 16);
    large[3] = (uint8_t)(message.len >> 8);
    large[4] = (uint8_t)message.len;
    memcpy(large + 5, message.data, message.len);
    return slice_of(large, message.len + 5);
}

static void expect_large_passes(uint32_t stream)
{
    struct slice message = framed("a", 3 << 20);

    peer_headers(&link_, stream, "/test.Echo/Large", NULL, false);
    cr_assert(peer_upload(&link_, stream, message, true), "the server gives no credit");
    cr_expect_eq(peer_wait(&link_, stream)->grpc, 0);
    cr_expect_eq(peer_reply(&link_, stream)->bytes, message.len);
}

/* Reads until the server has told its window. */
static void learn_window(void)
{
    (void)peer_send(&link_);
    cr_assert_eq(echo_call(&link_, 1), 0);
    cr_assert_eq(link_.window, STREAM_WINDOW);
}

Test(flow, message_larger_than_the_window_passes)
{
    learn_window();
    cr_assert_gt(framed("a", 3 << 20).len, link_.window);
    expect_large_passes(3);
    cr_expect_gt(peer_reply(&link_, 3)->granted, 2 << 20);
}

/* 250 uploads of which half has come hold more than three windows of the connection. */
static void abandon_uploads(const char *path, bool reset)
{
    struct slice half = slice_of(framed("a", 2 * HALF - 7).data, HALF);

    for (uint32_t i = 0; i < 250; i++) {
        uint32_t stream = 3 + 2 * i;
        peer_headers(&link_, stream, path, NULL, false);
        cr_assert(peer_upload(&link_, stream, half, false),
                  "the connection's window is used up by upload %u", i);
        if (reset) {
            peer_reset(&link_, stream, NGHTTP2_CANCEL);
        }
    }
    cr_expect_gt(link_.sent, 3UL * CONNECTION_WINDOW);
}

Test(flow, abandoned_uploads_leave_nothing)
{
    learn_window();
    abandon_uploads("/test.Echo/Large", true);
    expect_large_passes(1001);
    cr_expect(echo_counted(&echo, connections_cut, 0));
}

Test(flow, abandoned_uploads_of_paused_calls_leave_nothing)
{
    struct slice two = framed("a", HALF / 2);

    learn_window();
    memcpy(large + two.len, large, two.len);
    for (uint32_t i = 0; i < 250; i++) {
        uint32_t stream = 3 + 2 * i;
        peer_headers(&link_, stream, "/test.Echo/Brake", NULL, false);
        cr_assert(peer_upload(&link_, stream, slice_of(large, 2 * two.len - 100), false));
        peer_reset(&link_, stream, NGHTTP2_CANCEL);
    }
    (void)peer_send(&link_);
    cr_assert(echo_reaches(&echo.closed, 251));
    expect_large_passes(1001);
}

Test(flow, uploads_that_nobody_wants_leave_nothing)
{
    learn_window();
    abandon_uploads("/test.Echo/Missing", false);
    expect_large_passes(1001);
    cr_expect(echo_counted(&echo, connections_cut, 0));
}

Test(flow, paused_call_holds_up_itself_only)
{
    struct slice message = framed("a", 90000);

    learn_window();
    peer_headers(&link_, 3, "/test.Echo/Brake", NULL, false);
    for (int i = 0; i < 11; i++) {
        cr_assert(peer_upload(&link_, 3, message, false));
    }
    cr_assert(echo_reaches(&echo.braked, 1));
    for (uint32_t i = 0; i < 3; i++) {
        expect_large_passes(5 + 2 * i);
    }
    cr_expect_eq(atomic_load(&echo.braked), 1);
    cr_expect_lt(peer_reply(&link_, 3)->granted, 2 * message.len);
    echo.last.stream = 3;
    for (unsigned i = 2; i <= 11; i++) {
        echo_wake(&echo);
        cr_assert(echo_reaches(&echo.braked, i));
    }
    echo_wake(&echo);
    expect_large_passes(101);
    cr_expect_gt(peer_reply(&link_, 3)->granted, 5 * message.len,
                 "what was held back is given when it goes on");
}

static size_t room_of(uint32_t stream)
{
    const struct reply *reply = peer_reply(&link_, stream);

    return link_.window + reply->granted - reply->sent;
}

/* Bytes of input that the server holds, and what came by credit meanwhile. */
static unsigned long held_now(uint32_t stream)
{
    uint8_t small[64];

    peer_headers(&link_, stream, "/test.Echo/Mirror", NULL, false);
    peer_message(&link_, stream, echo_message("held", 0, small, sizeof(small)), true);
    cr_assert_eq(peer_wait(&link_, stream)->grpc, 0);
    return strtoul((const char *)peer_reply(&link_, stream)->head + 7, NULL, 10);
}

Test(flow, call_that_never_catches_up_holds_no_more_than_its_window)
{
    struct slice message = framed("a", 90000);
    unsigned long most = 0;

    learn_window();
    peer_headers(&link_, 3, "/test.Echo/Brake", NULL, false);
    cr_assert(peer_send(&link_));
    for (unsigned i = 1; i <= 200; i++) {
        while (room_of(3) >= message.len) {
            cr_assert(peer_upload(&link_, 3, message, false));
        }
        cr_assert(echo_reaches(&echo.braked, i));
        unsigned long held = held_now(1001 + 2 * i);
        most = held > most ? held : most;
        echo.last.stream = 3;
        echo_wake(&echo);
    }
    cr_expect_gt(peer_reply(&link_, 3)->sent, 17UL << 20);
    cr_expect_gt(most, 500000);
    cr_expect_lt(most, 4UL << 20, "%lu", most);
}

Test(flow, padding_is_credited)
{
    struct slice message = framed("a", 7000);
    uint8_t padded[257] = {255};

    learn_window();
    peer_headers(&link_, 3, "/test.Echo/Unary", NULL, false);
    for (size_t i = 0; i < message.len; i++) {
        bool last = i + 1 == message.len;
        padded[1] = message.data[i];
        while (link_.window + peer_reply(&link_, 3)->granted <
                   peer_reply(&link_, 3)->sent + sizeof(padded) ||
               link_.granted < link_.sent + sizeof(padded)) {
            cr_assert(peer_send(&link_) && peer_read(&link_), "no credit at byte %zu", i);
        }
        peer_frame(&link_, NGHTTP2_DATA,
                   (uint8_t)(NGHTTP2_FLAG_PADDED | (last ? NGHTTP2_FLAG_END_STREAM : 0)),
                   3, slice_of(padded, sizeof(padded)));
    }
    cr_expect_gt(peer_reply(&link_, 3)->sent, STREAM_WINDOW);
    cr_expect_eq(peer_wait(&link_, 3)->grpc, 0);
}

static void reopen(uint32_t window)
{
    peer_close(&link_);
    echo_connect_window(&echo, &link_, window);
}

/* What stream 1 has brought once the server has seen all that was sent: another call has
 * been answered since. */
static size_t brought(uint32_t other)
{
    peer_headers(&link_, other, "/test.Echo/Missing", NULL, true);
    cr_assert_eq(peer_wait(&link_, other)->grpc, 12);
    return peer_reply(&link_, 1)->bytes;
}

Test(flow, answer_waits_for_a_window_that_opens_late)
{
    reopen(0);
    peer_headers(&link_, 1, "/test.Echo/Unary", NULL, false);
    peer_data(&link_, 1, framed("a", 100), true);
    cr_expect_eq(brought(3), 0);
    cr_expect_eq(peer_reply(&link_, 1)->blocks, 1);
    peer_credit(&link_, 1, 10);
    cr_expect_eq(brought(5), 10);
    cr_expect_not(peer_reply(&link_, 1)->ended);
    peer_credit(&link_, 1, 1000);
    const struct reply *reply = peer_wait(&link_, 1);
    cr_expect_eq(reply->grpc, 0);
    cr_expect_eq(reply->bytes, 5 + 3 + 102);
}

Test(flow, window_may_change_under_an_answer_and_turn_negative)
{
    reopen(5000);
    peer_headers(&link_, 1, "/test.Echo/Repeat", NULL, false);
    peer_data(&link_, 1, framed("100", 0), true);
    cr_expect_eq(brought(3), 5000);
    peer_setting(&link_, NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, 1000); /* now -4000 */
    cr_expect_eq(brought(5), 5000);
    peer_credit(&link_, 1, 3000);
    cr_expect_eq(brought(7), 5000, "still -1000");
    peer_credit(&link_, 1, 1500);
    cr_expect_eq(brought(9), 5500);
    peer_setting(&link_, NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, 3000);
    cr_expect_eq(brought(11), 7500);
    peer_setting(&link_, NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, 0);
    cr_expect_eq(brought(13), 7500);
    peer_setting(&link_, NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, 1 << 20);
    const struct reply *reply = peer_wait(&link_, 1);
    cr_expect_eq(reply->grpc, 0);
    cr_expect_eq(reply->bytes, 100UL * (5 + 3 + 1000));
}
