#include <criterion/criterion.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>
#include <zlib.h>

#include "tests/unit/transport/support/echo.h"

/* Each limit kept to exactly, and then exceeded by one: what the peer sees, what is
 * counted, and that no service sees it. */

static struct echo echo;
static struct server_limits limits;
static struct peer_link fine;
static struct peer_link over;
static uint8_t bytes[70000];

static void init(void)
{
    limits = SERVER_LIMITS_DEFAULT;
}

static void stop(void)
{
    peer_close(&fine);
    peer_close(&over);
    echo_stop(&echo);
}

TestSuite(bounds, .init = init, .fini = stop, .timeout = 20);

static void start(void)
{
    echo_start(&echo, &limits);
    echo_connect(&echo, &fine);
    echo_connect(&echo, &over);
}

static void expect_counted(enum limit limit, uint64_t count)
{
    cr_expect(
        echo_counts(&echo,
                    offsetof(struct server_counts, refused) + limit * sizeof(uint64_t),
                    count),
        "%s", limits_row(limit)->path);
}

/* The one that kept to the limit is served, the other is cut. */
static void expect_cut(enum limit limit, const char *text)
{
    cr_expect(peer_wait_closed(&over));
    cr_expect_eq(over.goaways, 1);
    cr_expect_eq(over.goaway_code, NGHTTP2_ENHANCE_YOUR_CALM, "%u", over.goaway_code);
    cr_expect_str_eq(over.goaway_text, text);
    expect_counted(limit, 1);
    cr_expect(echo_counted(&echo, connections_cut, 1));
    cr_expect(echo_reaches(&echo.closed, atomic_load(&echo.opened)));
    cr_expect_eq(echo_call(&fine, 9001), 0, "it kept to the limit");
    cr_expect_eq(fine.goaways, 0);
}

static struct slice small(void)
{
    return echo_message("a", 8, bytes, sizeof(bytes));
}

static void begin(struct peer_link *link, uint32_t stream, const char *path)
{
    peer_headers(link, stream, path, NULL, false);
}

static void hang(struct peer_link *link, uint32_t stream)
{
    begin(link, stream, "/test.Echo/Hang");
    peer_message(link, stream, small(), true);
}

static void repeat(struct peer_link *link, void (*act)(struct peer_link *link),
                   size_t count)
{
    while (count-- > 0) {
        act(link);
    }
}

/* --- Connections ------------------------------------------------------------------- */

Test(bounds, connections)
{
    uint8_t byte;

    limits.connections = 2;
    start();
    cr_expect_eq(echo_call(&fine, 1), 0);
    cr_expect_eq(echo_call(&over, 1), 0);
    cr_expect_eq(server_counts(echo.server).connections, 2);
    int fd = plain_connect(server_port(echo.server));
    cr_expect_leq(recv(fd, &byte, 1, 0), 0);
    (void)close(fd);
    expect_counted(LIMIT_CONNECTIONS, 1);
}

/* Three certificates of one caller (the echo service sees another face each time). */
Test(bounds, connections_of_a_caller)
{
    struct peer_link third;

    limits.connections_per_caller = 2;
    start();
    cr_expect_eq(echo_call(&fine, 1), 0);
    cr_expect_eq(echo_call(&over, 1), 0);
    echo_connect(&echo, &third);
    begin(&third, 1, "/test.Echo/Unary");
    peer_message(&third, 1, small(), true);
    cr_expect(peer_wait_closed(&third));
    cr_expect_eq(third.goaways, 1);
    cr_expect_eq(third.goaway_code, NGHTTP2_ENHANCE_YOUR_CALM);
    cr_expect_eq(third.goaway_last, 0, "no call was looked at");
    cr_expect_eq(strncmp(third.goaway_text, "this caller has", 15), 0);
    cr_expect_eq(atomic_load(&echo.opened), 2);
    expect_counted(LIMIT_CALLER, 1);
    peer_close(&third);
    peer_close(&over);
    cr_expect(echo_sinks(&echo, connections, 1));
    echo_connect(&echo, &over);
    cr_expect_eq(echo_call(&over, 1), 0, "a place was given back");
}

Test(bounds, handshakes)
{
    int fds[4];
    uint8_t byte;

    limits.handshakes = 3;
    start();
    cr_expect_eq(echo_call(&fine, 1), 0);
    cr_expect_eq(echo_call(&over, 1), 0);
    for (size_t i = 0; i < 3; i++) {
        fds[i] = plain_connect(server_port(echo.server));
        cr_expect(echo_counted(&echo, handshakes, i + 1));
    }
    expect_counted(LIMIT_HANDSHAKES, 0);
    fds[3] = plain_connect(server_port(echo.server));
    cr_expect_leq(recv(fds[0], &byte, 1, 0), 0, "the oldest has to go");
    expect_counted(LIMIT_HANDSHAKES, 1);
    cr_expect(echo_counted(&echo, handshakes, 3));
    for (size_t i = 0; i < SG_COUNT(fds); i++) {
        (void)close(fds[i]);
    }
}

/* --- Calls ------------------------------------------------------------------------- */

Test(bounds, streams_before_the_peer_knows_the_limit)
{
    limits.concurrent_streams = 3;
    start();
    for (uint32_t i = 0; i < 4; i++) {
        hang(&over, 2 * i + 1);
    }
    cr_expect_eq(peer_wait(&over, 7)->reset, NGHTTP2_REFUSED_STREAM);
    cr_expect(echo_reaches(&echo.messages, 3));
    cr_expect_eq(atomic_load(&echo.opened), 3);
    cr_expect(echo_counted(&echo, calls, 3));
    expect_counted(LIMIT_STREAMS, 1);
    peer_reset(&over, 1, NGHTTP2_CANCEL);
    cr_expect_eq(echo_call(&over, 9), 0);
}

/* Who knows better and does it all the same breaks the protocol (nghttp2's rule). */
Test(bounds, streams_when_the_peer_knows_it)
{
    limits.concurrent_streams = 3;
    start();
    cr_expect_eq(echo_call(&over, 1), 0);
    for (uint32_t i = 1; i < 4; i++) {
        hang(&over, 2 * i + 1);
    }
    (void)peer_send(&over);
    cr_expect(echo_reaches(&echo.messages, 4));
    cr_expect_eq(over.goaways, 0);
    hang(&over, 9);
    cr_expect(peer_wait_closed(&over));
    cr_expect_eq(over.goaway_code, NGHTTP2_PROTOCOL_ERROR);
    cr_expect_eq(atomic_load(&echo.opened), 4);
    expect_counted(LIMIT_STREAMS, 1);
}

/* RFC 9113 section 6.5.2, for what peer_headers sends: of a path of 16 bytes. */
enum {
    USUAL_FIELDS = 6,
    USUAL_BYTES = 6 * 32 + 7 + 4 + 7 + 5 + 5 + 16 + 10 + 9 + 2 + 8 + 12 + 16
};

static int call_with(uint32_t stream, const char *const *extra)
{
    peer_headers(&fine, stream, "/test.Echo/Unary", extra, false);
    peer_message(&fine, stream, small(), true);
    return peer_wait(&fine, stream)->grpc;
}

Test(bounds, header_bytes)
{
    static char value[2048];
    const char *const extra[] = {"x-pad", value, NULL};

    limits.header_list_bytes = 1500;
    start();
    memset(value, 'v', 1500 - USUAL_BYTES - 32 - 5);
    cr_expect_eq(call_with(1, extra), 0);
    expect_counted(LIMIT_HEADER_BYTES, 0);
    value[strlen(value)] = 'v';
    cr_expect_eq(call_with(3, extra), 8);
    expect_counted(LIMIT_HEADER_BYTES, 1);
    cr_expect_eq(atomic_load(&echo.opened), 1);
}

Test(bounds, header_fields)
{
    const char *const two[] = {"x-a", "1", "x-b", "2", NULL};
    const char *const three[] = {"x-a", "1", "x-b", "2", "x-c", "3", NULL};

    limits.header_fields = USUAL_FIELDS + 2;
    start();
    cr_expect_eq(call_with(1, two), 0);
    cr_expect_eq(call_with(3, three), 8);
    expect_counted(LIMIT_HEADER_FIELDS, 1);
    cr_expect_eq(atomic_load(&echo.opened), 1);
}

Test(bounds, message_bytes)
{
    struct slice message = echo_message("a", 1000, bytes, sizeof(bytes));

    limits.message_bytes = (uint32_t)message.len;
    start();
    begin(&fine, 1, "/test.Echo/Unary");
    peer_message(&fine, 1, message, true);
    cr_expect_eq(peer_wait(&fine, 1)->grpc, 0);
    begin(&fine, 3, "/test.Echo/Unary");
    peer_message(&fine, 3, echo_message("a", 1001, bytes, sizeof(bytes)), true);
    cr_expect_eq(peer_wait(&fine, 3)->grpc, 8);
    expect_counted(LIMIT_MESSAGE, 1);
    cr_expect_eq(atomic_load(&echo.opened), 1);
}

static struct slice gzip_of(struct slice in)
{
    static uint8_t out[4096];
    z_stream stream = {0};

    MUST(deflateInit2(&stream, 6, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY) == Z_OK);
    stream.next_in = (Bytef *)(uintptr_t)in.data;
    stream.avail_in = (uInt)in.len;
    stream.next_out = out;
    stream.avail_out = sizeof(out);
    MUST(deflate(&stream, Z_FINISH) == Z_STREAM_END);
    size_t len = sizeof(out) - stream.avail_out;
    (void)deflateEnd(&stream);
    return slice_of(out, len);
}

static int call_gzip(uint32_t stream, size_t value_len)
{
    const char *const in_gzip[] = {"grpc-encoding", "gzip", NULL};

    peer_headers(&fine, stream, "/test.Echo/Unary", in_gzip, false);
    peer_flagged(&fine, stream, 1,
                 gzip_of(echo_message("a", value_len, bytes, sizeof(bytes))), true);
    return peer_wait(&fine, stream)->grpc;
}

Test(bounds, inflated_bytes)
{
    limits.message_bytes = (uint32_t)echo_message("a", 1000, bytes, sizeof(bytes)).len;
    start();
    cr_expect_eq(call_gzip(1, 1000), 0);
    cr_expect_eq(call_gzip(3, 1001), 8);
    expect_counted(LIMIT_MESSAGE, 1);
    cr_expect_eq(atomic_load(&echo.opened), 1);
}

static void empty_frame(struct peer_link *link)
{
    peer_data(link, 1, slice_of(NULL, 0), false);
}

Test(bounds, empty_frames)
{
    limits.empty_frames = 10;
    start();
    begin(&fine, 1, "/test.Echo/Unary");
    repeat(&fine, empty_frame, 10);
    peer_message(&fine, 1, small(), true);
    cr_expect_eq(peer_wait(&fine, 1)->grpc, 0);
    begin(&over, 1, "/test.Echo/Unary");
    repeat(&over, empty_frame, 11);
    expect_cut(LIMIT_EMPTY_FRAMES, "too many empty DATA frames");
    cr_expect_eq(atomic_load(&echo.opened), 2);
}

static void empty_message(struct peer_link *link)
{
    peer_message(link, 1, slice_of(NULL, 0), false);
}

Test(bounds, empty_messages)
{
    limits.empty_messages = 10;
    start();
    begin(&fine, 1, "/test.Echo/Collect");
    repeat(&fine, empty_message, 10);
    peer_data(&fine, 1, slice_of(NULL, 0), true);
    cr_expect_eq(peer_wait(&fine, 1)->grpc, 0);
    begin(&over, 1, "/test.Echo/Collect");
    repeat(&over, empty_message, 11);
    cr_expect_eq(peer_wait(&over, 1)->grpc, 8);
    cr_expect_eq(atomic_load(&echo.messages), 20);
    expect_counted(LIMIT_EMPTY_MESSAGES, 1);
}

/* --- Frames ------------------------------------------------------------------------ */

static void await_pongs(struct peer_link *link, size_t count)
{
    (void)peer_send(link);
    while (link->pongs < count && peer_read(link)) {
        continue;
    }
    cr_expect_eq(link->pongs, count);
}

/* The first one is free, two more are strikes. */
Test(bounds, quiet_pings)
{
    start();
    repeat(&fine, peer_ping, 3);
    await_pongs(&fine, 3);
    repeat(&over, peer_ping, 4);
    expect_cut(LIMIT_PINGS, "too_many_pings");
    cr_expect_eq(atomic_load(&echo.opened), 1);
}

Test(bounds, an_answer_excuses_pings)
{
    start();
    for (uint32_t i = 0; i < 4; i++) {
        repeat(&over, peer_ping, 3);
        await_pongs(&over, 3 * (size_t)(i + 1));
        cr_expect_eq(echo_call(&over, 2 * i + 1), 0);
    }
    repeat(&over, peer_ping, 4);
    expect_cut(LIMIT_PINGS, "too_many_pings");
}

Test(bounds, pings_that_keep_the_interval)
{
    limits.ping_interval_ms = 0;
    start();
    repeat(&fine, peer_ping, 50);
    await_pongs(&fine, 50);
    expect_counted(LIMIT_PINGS, 0);
}

Test(bounds, pings_while_calls_are_open)
{
    limits.pings_per_second = 2;
    start();
    hang(&fine, 1);
    repeat(&fine, peer_ping, 10);
    await_pongs(&fine, 10);
    hang(&over, 1);
    repeat(&over, peer_ping, 11);
    (void)peer_send(&over);
    peer_reset(&fine, 1, NGHTTP2_CANCEL);
    (void)peer_send(&fine);
    expect_cut(LIMIT_PINGS_BUSY, "too_many_pings");
}

static void settings(struct peer_link *link)
{
    peer_frame(link, NGHTTP2_SETTINGS, 0, 0, slice_of(NULL, 0));
}

/* One was sent by way of greeting. */
Test(bounds, settings)
{
    limits.settings_per_minute = 5;
    start();
    repeat(&fine, settings, 4);
    cr_expect_eq(echo_call(&fine, 1), 0);
    repeat(&over, settings, 5);
    expect_cut(LIMIT_SETTINGS, "too many SETTINGS frames");
}

static void priority(struct peer_link *link)
{
    peer_frame(link, NGHTTP2_PRIORITY, 0, 1, slice_of("\0\0\0\0\0", 5));
}

static void unknown(struct peer_link *link)
{
    peer_frame(link, 0x33, 0, 0, slice_of(NULL, 0));
}

/* Two belong to the greeting, and one answers the server's settings. */
static void expect_frames_are_counted(void (*act)(struct peer_link *link))
{
    limits.control_frames_per_second = 20;
    start();
    repeat(&fine, act, 17);
    cr_expect_eq(echo_call(&fine, 1), 0);
    repeat(&over, act, 19);
    expect_cut(LIMIT_CONTROL, "too many control frames");
}

Test(bounds, priority_frames)
{
    expect_frames_are_counted(priority);
}

Test(bounds, frames_of_unknown_types)
{
    expect_frames_are_counted(unknown);
}

static void cancel_calls(struct peer_link *link, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        hang(link, 2 * i + 1);
        peer_reset(link, 2 * i + 1, NGHTTP2_CANCEL);
    }
}

Test(bounds, resets)
{
    limits.resets = 5;
    limits.resets_per_second = 1;
    start();
    cancel_calls(&fine, 5);
    cr_expect_eq(echo_call(&fine, 101), 0);
    cancel_calls(&over, 6);
    expect_cut(LIMIT_PEER_RESETS, "too many calls are cancelled");
}

static void overflow_window(struct peer_link *link, uint32_t stream)
{
    begin(link, stream, "/test.Echo/Collect");
    peer_credit(link, stream, INT32_MAX);
}

static void exceed_length(struct peer_link *link, uint32_t stream)
{
    const char *const extra[] = {"content-length", "3", NULL};

    peer_headers(link, stream, "/test.Echo/Collect", extra, false);
    peer_data(link, stream, slice_of("\0\0\0\0", 4), true);
}

static void name_connection(struct peer_link *link, uint32_t stream)
{
    const char *const extra[] = {"connection", "x", NULL};

    peer_headers(link, stream, "/test.Echo/Collect", extra, true);
}

static void provoke(struct peer_link *link, void (*act)(struct peer_link *, uint32_t),
                    uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        act(link, 2 * i + 1);
    }
}

static void expect_offence(void (*act)(struct peer_link *link, uint32_t stream))
{
    limits.offences = 5;
    limits.offences_per_second = 1;
    start();
    provoke(&fine, act, 5);
    cr_expect_eq(echo_call(&fine, 101), 0);
    cr_expect_eq(fine.resets, 5);
    provoke(&over, act, 6);
    expect_cut(LIMIT_OFFENCES, "the peer provokes resets without end");
}

Test(bounds, resets_by_window_overflow)
{
    expect_offence(overflow_window);
}

Test(bounds, resets_by_wrong_length)
{
    expect_offence(exceed_length);
}

Test(bounds, resets_by_forbidden_fields)
{
    expect_offence(name_connection);
}

Test(bounds, queued_frames)
{
    limits.queued_frames = 10;
    limits.ping_interval_ms = 0;
    start();
    cr_expect_eq(echo_call(&fine, 1), 0);
    cr_expect_eq(echo_call(&over, 1), 0);
    repeat(&fine, peer_ping, 10);
    await_pongs(&fine, 10);
    repeat(&over, peer_ping, 11);
    expect_cut(LIMIT_QUEUED_FRAMES, "too many frames wait for the peer to read");
}

/* --- Bytes ------------------------------------------------------------------------- */

/* Of a peer that takes no data: the answer of each call waits. */
enum { ANSWER = 50000 };

static struct peer_link deaf;

static void ask(uint32_t stream)
{
    begin(&deaf, stream, "/test.Echo/Unary");
    peer_message(&deaf, stream, echo_message("a", ANSWER, bytes, sizeof(bytes)), true);
}

static size_t cost_of_answer(void)
{
    return echo_message("a", ANSWER, bytes, sizeof(bytes)).len + 5;
}

static void expect_third_answer_refused(enum limit limit)
{
    start();
    echo_connect_window(&echo, &deaf, 0);
    ask(1);
    ask(3);
    (void)peer_send(&deaf);
    cr_expect(echo_counted(&echo, output_bytes, 2 * cost_of_answer()));
    expect_counted(limit, 0);
    ask(5);
    cr_expect_eq(peer_wait(&deaf, 5)->reset, NGHTTP2_ENHANCE_YOUR_CALM);
    expect_counted(limit, 1);
    cr_expect(echo_counted(&echo, output_bytes, 2 * cost_of_answer()));
    peer_close(&deaf);
    cr_expect(echo_sinks(&echo, output_bytes, 0));
}

Test(bounds, output_bytes)
{
    limits.output_bytes = (uint32_t)(2 * cost_of_answer());
    expect_third_answer_refused(LIMIT_OUTPUT);
}

Test(bounds, output_bytes_in_all)
{
    limits.output_bytes_total = (uint32_t)(3 * cost_of_answer() - 1);
    expect_third_answer_refused(LIMIT_OUTPUT_TOTAL);
}

/* Each half of a message takes the smallest buffer. */
enum { HALF = 4096 };

static void send_half(struct peer_link *link, uint32_t stream)
{
    begin(link, stream, "/test.Echo/Unary");
    peer_data(link, stream, slice_of("\0\0\1\0\0half", 9), false);
}

static void expect_fifth_half_refused(enum limit limit)
{
    start();
    for (uint32_t i = 0; i < 4; i++) {
        send_half(&over, 2 * i + 1);
    }
    (void)peer_send(&over);
    cr_expect(echo_counted(&echo, input_bytes, 4 * HALF));
    expect_counted(limit, 0);
    send_half(&over, 9);
    cr_expect_eq(peer_wait(&over, 9)->grpc, 8);
    expect_counted(limit, 1);
    cr_expect_eq(atomic_load(&echo.opened), 0);
}

Test(bounds, input_bytes)
{
    limits.input_bytes = 5 * HALF - 1;
    expect_fifth_half_refused(LIMIT_INPUT);
}

Test(bounds, input_bytes_in_all)
{
    limits.input_bytes_total = 5 * HALF - 1;
    expect_fifth_half_refused(LIMIT_INPUT_TOTAL);
}
