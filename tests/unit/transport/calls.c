#include <criterion/criterion.h>

#include "tests/unit/transport/support/echo.h"

/* What honest clients get. */

static struct echo echo;
static struct peer_link link_;
static uint8_t bytes[200000];

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

TestSuite(calls, .init = start, .fini = stop, .timeout = 30);

static struct reply *call(uint32_t stream, const char *path, const char *const *extra)
{
    peer_headers(&link_, stream, path, extra, false);
    peer_message(&link_, stream, echo_message("a", 8, bytes, sizeof(bytes)), true);
    return peer_wait(&link_, stream);
}

Test(calls, unary_brings_message_and_status)
{
    const struct reply *reply = call(1, "/test.Echo/Unary", NULL);

    cr_expect_eq(reply->http, 200);
    cr_expect_eq(reply->grpc, 0);
    cr_expect_eq(reply->bytes, 5 + 3 + 10);
    cr_expect_eq(reply->head[4], 13);
    cr_expect_eq(reply->reset, -1);
}

Test(calls, many_unary_calls_share_a_connection)
{
    for (uint32_t round = 0; round < 50; round++) {
        for (uint32_t i = 0; i < 64; i++) {
            uint32_t stream = (round * 64 + i) * 2 + 1;
            peer_headers(&link_, stream, "/test.Echo/Unary", NULL, false);
            peer_message(&link_, stream, echo_message("a", 8, bytes, sizeof(bytes)),
                         true);
        }
        for (uint32_t i = 0; i < 64; i++) {
            cr_assert_eq(peer_wait(&link_, (round * 64 + i) * 2 + 1)->grpc, 0);
        }
    }
    cr_expect_eq(server_counts(echo.server).calls_started, 3200);
    cr_expect(echo_reaches(&echo.closed, 3200));
}

Test(calls, large_message_passes_both_ways)
{
    peer_headers(&link_, 1, "/test.Echo/Unary", NULL, false);
    peer_message(&link_, 1, echo_message("a", 99000, bytes, sizeof(bytes)), true);
    const struct reply *reply = peer_wait(&link_, 1);

    cr_expect_eq(reply->grpc, 0);
    cr_expect_gt(reply->bytes, 99000);
}

Test(calls, refusal_carries_text_and_details)
{
    const struct reply *reply = call(1, "/test.Echo/Refuse", NULL);

    cr_expect_eq(reply->grpc, 7);
    cr_expect_str_eq(reply->text, "tidak sah %E2%9C%93 %2541 %0A");
    cr_expect_str_eq(reply->details, "CAc");
    cr_expect_eq(reply->frames, 1, "trailers only is one frame");
}

Test(calls, server_streams_all_messages)
{
    peer_headers(&link_, 1, "/test.Echo/Repeat", NULL, false);
    peer_message(&link_, 1, echo_message("2000", 0, bytes, sizeof(bytes)), true);
    const struct reply *reply = peer_wait(&link_, 1);

    cr_expect_eq(reply->grpc, 0);
    cr_expect_eq(reply->bytes, 2000UL * (5 + 3 + 1000));
}

Test(calls, client_streams_until_half_close)
{
    peer_headers(&link_, 1, "/test.Echo/Collect", NULL, false);
    for (int i = 0; i < 10; i++) {
        peer_message(&link_, 1, echo_message("a", 100, bytes, sizeof(bytes)), false);
    }
    peer_data(&link_, 1, slice_of(NULL, 0), true);
    const struct reply *reply = peer_wait(&link_, 1);

    cr_expect_eq(reply->grpc, 0);
    cr_expect(memcmp(reply->head + 5,
                     "\x0a\x02"
                     "10",
                     4) == 0);
}

Test(calls, client_stream_without_a_message_is_lawful)
{
    peer_headers(&link_, 1, "/test.Echo/Collect", NULL, true);
    cr_expect_eq(peer_wait(&link_, 1)->grpc, 0);
}

Test(calls, chat_answers_before_half_close)
{
    peer_headers(&link_, 1, "/test.Echo/Chat", NULL, false);
    for (size_t i = 1; i <= 3; i++) {
        peer_message(&link_, 1, echo_message("a", 8, bytes, sizeof(bytes)), false);
        (void)peer_send(&link_);
        while (peer_reply(&link_, 1)->bytes < i * 18 && peer_read(&link_)) {
            continue;
        }
        cr_assert_eq(peer_reply(&link_, 1)->bytes, i * 18);
    }
    peer_data(&link_, 1, slice_of(NULL, 0), true);
    cr_expect_eq(peer_wait(&link_, 1)->grpc, 0);
}

Test(calls, unknown_method_is_unimplemented)
{
    const struct reply *reply = call(1, "/test.Echo/Nothing", NULL);

    cr_expect_eq(reply->http, 200);
    cr_expect_eq(reply->grpc, 12);
    cr_expect_eq(server_counts(echo.server).calls_refused, 1);
}

Test(calls, early_refusal_stops_the_upload_after_the_status)
{
    peer_headers(&link_, 1, "/test.Echo/Nothing", NULL, false);
    (void)peer_send(&link_);
    const struct reply *reply = peer_wait(&link_, 1);
    cr_expect_eq(reply->grpc, 12);
    while (reply->reset < 0 && peer_read(&link_)) {
        continue;
    }
    cr_expect_eq(reply->reset, NGHTTP2_NO_ERROR);
}

Test(calls, other_content_type_is_http_415)
{
    const char *const extra[] = {"content-type", "application/json", NULL};
    const struct reply *reply = call(1, "/test.Echo/Unary", extra);

    cr_expect_eq(reply->http, 415);
    cr_expect_eq(reply->grpc, -1);
}

Test(calls, other_verb_is_http_405)
{
    const char *const extra[] = {":method", "PUT", NULL};

    cr_expect_eq(call(1, "/test.Echo/Unary", extra)->http, 405);
}

Test(calls, missing_te_is_an_error)
{
    const char *const extra[] = {"te", "", NULL};

    cr_expect_eq(call(1, "/test.Echo/Unary", extra)->grpc, 13);
}

Test(calls, unknown_encoding_is_unimplemented_and_told)
{
    const char *const extra[] = {"grpc-encoding", "deflate", NULL};
    const struct reply *reply = call(1, "/test.Echo/Unary", extra);

    cr_expect_eq(reply->grpc, 12);
    cr_expect_str_eq(reply->accepts, "identity,gzip");
}

Test(calls, identity_encoding_is_accepted)
{
    const char *const extra[] = {"grpc-encoding", "identity", NULL};

    cr_expect_eq(call(1, "/test.Echo/Unary", extra)->grpc, 0);
}

Test(calls, compressed_flag_without_encoding_is_an_error)
{
    peer_headers(&link_, 1, "/test.Echo/Unary", NULL, false);
    peer_data(&link_, 1, slice_of("\1\0\0\0\1x", 6), true);
    cr_expect_eq(peer_wait(&link_, 1)->grpc, 13);
}

Test(calls, truncated_message_is_an_error)
{
    peer_headers(&link_, 1, "/test.Echo/Unary", NULL, false);
    peer_data(&link_, 1,
              slice_of("\0\0\0\0\x09"
                       "ab",
                       7),
              true);
    cr_expect_eq(peer_wait(&link_, 1)->grpc, 13);
}

Test(calls, unary_without_or_with_two_messages_is_unimplemented)
{
    peer_headers(&link_, 1, "/test.Echo/Unary", NULL, true);
    cr_expect_eq(peer_wait(&link_, 1)->grpc, 12);
    peer_headers(&link_, 3, "/test.Echo/Unary", NULL, false);
    peer_message(&link_, 3, echo_message("a", 8, bytes, sizeof(bytes)), false);
    peer_message(&link_, 3, echo_message("a", 8, bytes, sizeof(bytes)), true);
    cr_expect_eq(peer_wait(&link_, 3)->grpc, 12);
    cr_expect_eq(atomic_load(&echo.messages), 0);
}

Test(calls, message_over_the_limit_is_refused_by_its_announcement)
{
    peer_headers(&link_, 1, "/test.Echo/Unary", NULL, false);
    peer_data(&link_, 1, slice_of("\0\xff\xff\xff\xff", 5), false);
    const struct reply *reply = peer_wait(&link_, 1);

    cr_expect_eq(reply->grpc, 8);
    cr_expect_eq(echo_call(&link_, 3), 0);
}

Test(calls, message_of_exactly_the_limit_passes)
{
    peer_headers(&link_, 1, "/test.Echo/Unary", NULL, false);
    peer_message(&link_, 1, echo_message("a", ECHO_MAX_REQUEST - 7, bytes, sizeof(bytes)),
                 true);
    cr_expect_eq(peer_wait(&link_, 1)->grpc, 0);
}

Test(calls, unreadable_message_is_refused_with_the_field)
{
    peer_headers(&link_, 1, "/test.Echo/Unary", NULL, false);
    peer_message(&link_, 1, slice_of("\x0a\x02\xff\xfe", 4), true);
    const struct reply *reply = peer_wait(&link_, 1);

    cr_expect_eq(reply->grpc, 3);
    cr_expect_not_null(strstr(reply->text, "type_url"));
    cr_expect_eq(atomic_load(&echo.opened), 0);
}

Test(calls, deadline_answers_and_tells_the_service)
{
    const char *const extra[] = {"grpc-timeout", "50m", NULL};
    const struct reply *reply = call(1, "/test.Echo/Hang", extra);

    cr_expect_eq(reply->grpc, 4);
    cr_expect(echo_reaches(&echo.closed, 1));
}

Test(calls, malformed_timeout_is_an_error)
{
    const char *const extra[] = {"grpc-timeout", "5x", NULL};

    cr_expect_eq(call(1, "/test.Echo/Unary", extra)->grpc, 13);
}

Test(calls, cancel_tells_the_service_and_kills_the_name)
{
    peer_headers(&link_, 1, "/test.Echo/Hang", NULL, false);
    peer_message(&link_, 1, echo_message("a", 8, bytes, sizeof(bytes)), true);
    (void)peer_send(&link_);
    cr_assert(echo_reaches(&echo.messages, 1));
    peer_reset(&link_, 1, NGHTTP2_CANCEL);
    (void)peer_send(&link_);
    cr_assert(echo_reaches(&echo.closed, 1));
    echo_wake(&echo);
    cr_expect(echo_reaches(&echo.dropped, 1));
}

Test(calls, lost_connection_tells_the_service)
{
    struct peer_link other;

    echo_connect(&echo, &other);
    peer_headers(&other, 1, "/test.Echo/Hang", NULL, false);
    peer_message(&other, 1, echo_message("a", 8, bytes, sizeof(bytes)), true);
    (void)peer_send(&other);
    cr_assert(echo_reaches(&echo.messages, 1));
    peer_close(&other);
    cr_expect(echo_reaches(&echo.closed, 1));
    echo_wake(&echo);
    cr_expect(echo_reaches(&echo.dropped, 1));
}

Test(calls, paused_stream_gets_one_message_at_a_time)
{
    peer_headers(&link_, 1, "/test.Echo/Brake", NULL, false);
    for (int i = 0; i < 3; i++) {
        peer_message(&link_, 1, echo_message("a", 8, bytes, sizeof(bytes)), i == 2);
    }
    (void)peer_send(&link_);
    for (unsigned i = 1; i <= 3; i++) {
        cr_assert(echo_reaches(&echo.braked, i));
        cr_assert_eq(echo_call(&link_, 101 + 2 * i), 0, "other calls go on");
        cr_expect_eq(atomic_load(&echo.braked), i);
        /* With the last message it has all, and is told so. */
        cr_expect_eq(atomic_load(&echo.half_closed), i == 3);
        echo.last.stream = 1; /* of the same connection */
        echo_wake(&echo);
    }
    cr_expect_eq(peer_wait(&link_, 1)->grpc, 0);
}

Test(calls, drain_lets_calls_end_and_says_goaway_twice)
{
    peer_headers(&link_, 1, "/test.Echo/Chat", NULL, false);
    peer_message(&link_, 1, echo_message("a", 8, bytes, sizeof(bytes)), false);
    (void)peer_send(&link_);
    cr_assert(echo_reaches(&echo.messages, 1));
    server_drain(echo.server);
    while (link_.goaways < 2 && peer_read(&link_)) {
        continue;
    }
    cr_expect_eq(link_.goaways, 2);
    cr_expect_eq(link_.goaway_code, NGHTTP2_NO_ERROR);
    cr_expect_eq(link_.goaway_last, 1);
    cr_expect_not(server_idle(echo.server));
    peer_data(&link_, 1, slice_of(NULL, 0), true);
    cr_expect_eq(peer_wait(&link_, 1)->grpc, 0);
    cr_expect(peer_wait_closed(&link_));
    cr_expect(server_idle(echo.server));
}

Test(calls, stop_ends_calls_in_flight)
{
    peer_headers(&link_, 1, "/test.Echo/Hang", NULL, false);
    peer_message(&link_, 1, echo_message("a", 8, bytes, sizeof(bytes)), true);
    (void)peer_send(&link_);
    cr_assert(echo_reaches(&echo.messages, 1));
    server_stop(echo.server);
    cr_expect_eq(atomic_load(&echo.closed), 1);
    cr_expect(peer_wait_closed(&link_));
}
