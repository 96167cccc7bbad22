#include <criterion/criterion.h>
#include <openssl/err.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/unit/transport/support/echo.h"

/* What peers with other intentions get; and that others do not notice. */

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

TestSuite(hostile, .init = start, .fini = stop, .timeout = 30);

static void begin_call(uint32_t stream)
{
    peer_headers(&link_, stream, "/test.Echo/Unary", NULL, false);
}

static void expect_cut(uint32_t code)
{
    cr_expect(peer_wait_closed(&link_));
    cr_expect_eq(link_.goaways, 1);
    cr_expect_eq(link_.goaway_code, code, "%u: %s", link_.goaway_code, link_.goaway_text);
    cr_expect(echo_serves(&echo));
}

static void expect_garbage_is_closed(struct slice garbage)
{
    uint8_t answer[512];
    int fd = plain_connect(server_port(echo.server, 0));
    ssize_t len = 1;

    cr_assert_eq(send(fd, garbage.data, garbage.len, MSG_NOSIGNAL), (ssize_t)garbage.len);
    while (len > 0) {
        len = recv(fd, answer, sizeof(answer), 0);
    }
    cr_expect_eq(len, 0, "closed, not reset");
    (void)close(fd);
    cr_expect(echo_counted(&echo, handshakes_failed, 1));
    cr_expect(echo_serves(&echo));
    cr_expect_eq(echo_call(&link_, 1), 0);
}

/* Load balancers ask so whether anybody listens. The one that speaks is counted behind
 * them: by then they were seen. */
Test(hostile, who_leaves_before_its_first_byte_is_no_failed_handshake)
{
    for (int i = 0; i < 20; i++) {
        (void)close(plain_connect(server_port(echo.server, 0)));
    }
    expect_garbage_is_closed(slice_str("nonsense"));
}

Test(hostile, plain_http_is_closed_and_counted)
{
    expect_garbage_is_closed(slice_str("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"));
}

Test(hostile, plain_http2_is_closed_and_counted)
{
    expect_garbage_is_closed(slice_str("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"));
}

Test(hostile, noise_is_closed_and_counted)
{
    memset(bytes, 0xA5, 4096);
    expect_garbage_is_closed(slice_of(bytes, 4096));
}

Test(hostile, client_without_certificate_reads_the_alert)
{
    struct peer_link other;
    const struct peer_options options = {.port = server_port(echo.server, 0),
                                         .ca = echo.pki.ca};

    /* In TLS 1.3 the client is done before the server has seen its certificate. */
    if (peer_open(&other, &options)) {
        (void)peer_send(&other);
        (void)peer_read(&other);
    }
    cr_expect_eq(ERR_GET_REASON(ERR_peek_error()),
                 SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED);
    peer_close(&other);
    cr_expect(echo_counted(&echo, handshakes_failed, 1));
    cr_expect(echo_serves(&echo));
}

Test(hostile, certificate_of_another_issuer_reads_the_alert)
{
    struct peer_link other;
    const struct peer_options options = {.port = server_port(echo.server, 0),
                                         .ca = echo.pki.ca,
                                         .cert = echo.pki.other,
                                         .key = echo.pki.other_key};

    if (peer_open(&other, &options)) {
        (void)peer_send(&other);
        (void)peer_read(&other);
    }
    cr_expect_eq(ERR_GET_REASON(ERR_peek_error()), SSL_R_TLSV1_ALERT_UNKNOWN_CA);
    peer_close(&other);
    cr_expect(echo_serves(&echo));
}

static void expect_no_h2(const char *alpn)
{
    struct peer_link other;
    const struct peer_options options = {.port = server_port(echo.server, 0),
                                         .ca = echo.pki.ca,
                                         .cert = echo.pki.client,
                                         .key = echo.pki.client_key,
                                         .alpn = alpn};

    if (peer_open(&other, &options)) {
        (void)peer_send(&other);
        cr_expect(peer_wait_closed(&other));
    }
    peer_close(&other);
    cr_expect(echo_counted(&echo, handshakes_failed, 1));
    cr_expect(echo_serves(&echo));
}

Test(hostile, other_protocol_by_alpn_is_refused)
{
    expect_no_h2("http/1.1");
}

Test(hostile, no_alpn_at_all_is_refused)
{
    expect_no_h2("");
}

Test(hostile, unknown_caller_is_told_so_on_each_call)
{
    struct peer_link other;
    const struct peer_options options = {.port = server_port(echo.server, 0),
                                         .ca = echo.pki.ca,
                                         .cert = echo.pki.stranger,
                                         .key = echo.pki.stranger_key};

    cr_assert(peer_open(&other, &options));
    cr_expect_eq(echo_call(&other, 1), 16);
    cr_expect_str_eq(peer_reply(&other, 1)->text, "'stranger' is no caller here");
    cr_expect_eq(echo_call(&other, 3), 16);
    peer_close(&other);
    cr_expect_eq(atomic_load(&echo.opened), 0);
}

Test(hostile, rapid_resets_are_bounded)
{
    for (uint32_t i = 0; i < 4000; i++) {
        begin_call(i * 2 + 1);
        peer_message(&link_, i * 2 + 1, echo_message("a", 8, bytes, sizeof(bytes)), true);
        peer_reset(&link_, i * 2 + 1, NGHTTP2_CANCEL);
    }
    cr_expect(peer_wait_closed(&link_));
    cr_expect_eq(link_.goaways, 1);
    cr_expect_lt(atomic_load(&echo.messages), 4000);
    cr_expect(echo_serves(&echo));
    cr_expect_eq(atomic_load(&echo.opened), atomic_load(&echo.closed));
}

Test(hostile, provoked_resets_are_bounded)
{
    for (uint32_t i = 0; i < 3000; i++) {
        begin_call(i * 2 + 1);
        peer_message(&link_, i * 2 + 1, echo_message("a", 8, bytes, sizeof(bytes)), true);
        peer_frame(&link_, NGHTTP2_WINDOW_UPDATE, 0, i * 2 + 1,
                   slice_of("\x7f\xff\xff\xff", 4));
    }
    expect_cut(NGHTTP2_ENHANCE_YOUR_CALM);
    cr_expect_lt(link_.resets, 600);
}

Test(hostile, streams_beyond_the_limit_are_refused_and_bounded)
{
    for (uint32_t i = 0; i < 3000; i++) {
        begin_call(i * 2 + 1);
    }
    expect_cut(NGHTTP2_ENHANCE_YOUR_CALM);
    cr_expect_eq(peer_reply(&link_, 129 * 2 + 1)->reset, NGHTTP2_REFUSED_STREAM);
}

Test(hostile, pings_without_end_are_too_many)
{
    for (uint32_t i = 0; i < 5000; i++) {
        peer_frame(&link_, NGHTTP2_PING, 0, 0, slice_of("12345678", 8));
    }
    expect_cut(NGHTTP2_ENHANCE_YOUR_CALM);
    cr_expect_str_eq(link_.goaway_text, "too_many_pings");
}

Test(hostile, settings_without_end_are_too_many)
{
    for (uint32_t i = 0; i < 200; i++) {
        peer_frame(&link_, NGHTTP2_SETTINGS, 0, 0, slice_of(NULL, 0));
    }
    expect_cut(NGHTTP2_ENHANCE_YOUR_CALM);
}

Test(hostile, empty_frames_without_end_are_too_many)
{
    begin_call(1);
    for (uint32_t i = 0; i < 200; i++) {
        peer_data(&link_, 1, slice_of(NULL, 0), false);
    }
    expect_cut(NGHTTP2_ENHANCE_YOUR_CALM);
}

Test(hostile, padding_alone_counts_as_empty)
{
    memset(bytes, 0, 256);
    bytes[0] = 0xff;
    begin_call(1);
    for (uint32_t i = 0; i < 200; i++) {
        peer_frame(&link_, NGHTTP2_DATA, NGHTTP2_FLAG_PADDED, 1, slice_of(bytes, 256));
    }
    expect_cut(NGHTTP2_ENHANCE_YOUR_CALM);
}

static void begin_request(uint8_t *block, size_t *len)
{
    const char *const pairs[][2] = {{":method", "POST"},
                                    {":scheme", "https"},
                                    {":path", "/test.Echo/Unary"},
                                    {":authority", "localhost"},
                                    {"te", "trailers"},
                                    {"content-type", "application/grpc"}};

    for (size_t i = 0; i < SG_COUNT(pairs); i++) {
        peer_header_block(slice_str(pairs[i][0]), slice_str(pairs[i][1]), block, len);
    }
}

/* A field that enters the table, and count times the byte that stands for it. */
static void bomb(uint8_t *block, size_t *len, size_t count)
{
    uint8_t value[3900];
    size_t at = *len;

    memset(value, 'z', sizeof(value));
    peer_header_block(slice_str("a"), slice_of(value, sizeof(value)), block, len);
    block[at] = 0x40;
    memset(block + *len, 0xbe, count);
    *len += count;
}

/* 47 MB in 16 KB: HTTP/2 would look at each byte before we could refuse. */
Test(hostile, header_bomb_cuts_the_connection)
{
    uint8_t block[16384];
    size_t len = 0;

    begin_request(block, &len);
    bomb(block, &len, 12000);
    peer_frame(&link_, NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS, 1,
               slice_of(block, len));
    expect_cut(NGHTTP2_ENHANCE_YOUR_CALM);
    cr_expect_str_eq(link_.goaway_text, "headers far beyond the limit");
    cr_expect_eq(atomic_load(&echo.opened), 1, "by echo_serves");
}

Test(hostile, small_header_bomb_is_refused)
{
    uint8_t block[16384];
    size_t len = 0;

    begin_request(block, &len);
    bomb(block, &len, 14);
    peer_frame(&link_, NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS, 1,
               slice_of(block, len));
    cr_expect_eq(peer_wait(&link_, 1)->grpc, 8);
    cr_expect_eq(echo_call(&link_, 3), 0);
}

Test(hostile, bomb_in_trailers_cuts_the_connection)
{
    uint8_t block[16384];
    size_t len = 0;

    peer_headers(&link_, 1, "/test.Echo/Chat", NULL, false);
    bomb(block, &len, 12000);
    peer_frame(&link_, NGHTTP2_HEADERS,
               NGHTTP2_FLAG_END_HEADERS | NGHTTP2_FLAG_END_STREAM, 1,
               slice_of(block, len));
    expect_cut(NGHTTP2_ENHANCE_YOUR_CALM);
}

Test(hostile, many_small_fields_are_refused)
{
    const char *extra[2 * 120 + 1] = {NULL};

    for (size_t i = 0; i < 120; i++) {
        extra[2 * i] = "x-a";
        extra[2 * i + 1] = "1";
    }
    peer_headers(&link_, 1, "/test.Echo/Unary", extra, false);
    cr_expect_eq(peer_wait(&link_, 1)->grpc, 8);
}

Test(hostile, bytes_that_are_no_frames_end_the_connection)
{
    memset(bytes, 0xff, 100);
    peer_frame(&link_, NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS, 1,
               slice_of(bytes, 100));
    cr_expect(peer_wait_closed(&link_));
    cr_expect(echo_serves(&echo));
}

Test(hostile, abandoned_uploads_give_the_window_back)
{
    memset(bytes, 0, sizeof(bytes));
    bytes[2] = 1; /* announces 65536 bytes */
    for (uint32_t i = 0; i < 250; i++) {
        peer_headers(&link_, i * 2 + 1, "/test.Echo/Collect", NULL, false);
        peer_data(&link_, i * 2 + 1, slice_of(bytes, 60000), false);
        peer_reset(&link_, i * 2 + 1, NGHTTP2_CANCEL);
        (void)peer_send(&link_);
    }
    cr_expect_eq(echo_call(&link_, 1001), 0);
}

Test(hostile, refused_uploads_give_the_window_back)
{
    memset(bytes, 0, sizeof(bytes));
    for (uint32_t i = 0; i < 250; i++) {
        peer_headers(&link_, i * 2 + 1, "/test.Echo/Nothing", NULL, false);
        peer_data(&link_, i * 2 + 1, slice_of(bytes, 60000), true);
        cr_assert_eq(peer_wait(&link_, i * 2 + 1)->grpc, 12);
    }
    cr_expect_eq(echo_call(&link_, 1001), 0);
}

Test(hostile, answers_that_nobody_takes_are_bounded)
{
    struct peer_link slow;

    echo_connect_window(&echo, &slow, 0);
    peer_headers(&slow, 1, "/test.Echo/Spill", NULL, false);
    peer_message(&slow, 1, echo_message("1000", 0, bytes, sizeof(bytes)), true);
    const struct reply *reply = peer_wait(&slow, 1);
    cr_expect_eq(reply->reset, NGHTTP2_ENHANCE_YOUR_CALM);
    cr_expect_eq(reply->bytes, 0);
    cr_expect(echo_reaches(&echo.closed, 1));
    cr_expect(echo_serves(&echo));
    peer_close(&slow);
}

Test(hostile, slow_reader_gets_all_in_the_end)
{
    struct peer_link slow;

    echo_connect_window(&echo, &slow, 1000);
    peer_headers(&slow, 1, "/test.Echo/Repeat", NULL, false);
    peer_message(&slow, 1, echo_message("20", 0, bytes, sizeof(bytes)), true);
    (void)peer_send(&slow);
    for (int i = 0; i < 40 && !peer_reply(&slow, 1)->ended; i++) {
        size_t before = peer_reply(&slow, 1)->bytes;
        while (peer_reply(&slow, 1)->bytes == before && !peer_reply(&slow, 1)->ended &&
               peer_read(&slow)) {
            continue;
        }
        peer_frame(&slow, NGHTTP2_WINDOW_UPDATE, 0, 1, slice_of("\0\0\3\xe8", 4));
        (void)peer_send(&slow);
    }
    const struct reply *reply = peer_wait(&slow, 1);
    cr_expect_eq(reply->grpc, 0);
    cr_expect_eq(reply->bytes, 20UL * 1008);
    peer_close(&slow);
}
