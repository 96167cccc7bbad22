#include <criterion/criterion.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/unit/transport/support/bounds.h"

/* Limits of connections and calls, each kept to exactly and then exceeded by one: what
 * the peer sees, what is counted, and that no service sees it. */

static struct bounds b;

static void init(void)
{
    b.limits = SERVER_LIMITS_DEFAULT;
}

static void stop(void)
{
    bounds_stop(&b);
}

TestSuite(bounds, .init = init, .fini = stop, .timeout = 20);

/* --- Connections ------------------------------------------------------------------- */

Test(bounds, connections)
{
    uint8_t byte;

    b.limits.connections = 2;
    bounds_start(&b);
    cr_expect_eq(echo_call(&b.fine, 1), 0);
    cr_expect_eq(echo_call(&b.over, 1), 0);
    cr_expect_eq(server_counts(b.echo.server).connections, 2);
    int fd = plain_connect(server_port(b.echo.server, 0));
    cr_expect_leq(recv(fd, &byte, 1, 0), 0);
    (void)close(fd);
    bounds_counted(&b, LIMIT_CONNECTIONS, 1);
}

/* Three certificates of one caller (the echo service sees another face each time). */
Test(bounds, connections_of_a_caller)
{
    struct peer_link third;

    b.limits.connections_per_caller = 2;
    bounds_start(&b);
    cr_expect_eq(echo_call(&b.fine, 1), 0);
    cr_expect_eq(echo_call(&b.over, 1), 0);
    echo_connect(&b.echo, &third);
    bounds_begin(&third, 1, "/test.Echo/Unary");
    peer_message(&third, 1, bounds_small(), true);
    cr_expect(peer_wait_closed(&third));
    cr_expect_eq(third.goaways, 1);
    cr_expect_eq(third.goaway_code, NGHTTP2_ENHANCE_YOUR_CALM);
    cr_expect_eq(third.goaway_last, 0, "no call was looked at");
    cr_expect_eq(strncmp(third.goaway_text, "this caller has", 15), 0);
    cr_expect_eq(atomic_load(&b.echo.opened), 2);
    bounds_counted(&b, LIMIT_CALLER, 1);
    peer_close(&third);
    peer_close(&b.over);
    cr_expect(echo_sinks(&b.echo, connections, 1));
    echo_connect(&b.echo, &b.over);
    cr_expect_eq(echo_call(&b.over, 1), 0, "a place was given back");
}

Test(bounds, handshakes)
{
    int fds[4];
    uint8_t byte;

    b.limits.handshakes = 3;
    bounds_start(&b);
    cr_expect_eq(echo_call(&b.fine, 1), 0);
    cr_expect_eq(echo_call(&b.over, 1), 0);
    for (size_t i = 0; i < 3; i++) {
        fds[i] = plain_connect(server_port(b.echo.server, 0));
        cr_expect(echo_counted(&b.echo, handshakes, i + 1));
    }
    bounds_counted(&b, LIMIT_HANDSHAKES, 0);
    fds[3] = plain_connect(server_port(b.echo.server, 0));
    cr_expect_leq(recv(fds[0], &byte, 1, 0), 0, "the oldest has to go");
    bounds_counted(&b, LIMIT_HANDSHAKES, 1);
    cr_expect(echo_counted(&b.echo, handshakes, 3));
    for (size_t i = 0; i < SG_COUNT(fds); i++) {
        (void)close(fds[i]);
    }
}

/* --- Calls ------------------------------------------------------------------------- */

Test(bounds, streams_before_the_peer_knows_the_limit)
{
    b.limits.concurrent_streams = 3;
    bounds_start(&b);
    for (uint32_t i = 0; i < 4; i++) {
        bounds_hang(&b.over, 2 * i + 1);
    }
    cr_expect_eq(peer_wait(&b.over, 7)->reset, NGHTTP2_REFUSED_STREAM);
    cr_expect(echo_reaches(&b.echo.messages, 3));
    cr_expect_eq(atomic_load(&b.echo.opened), 3);
    cr_expect(echo_counted(&b.echo, calls, 3));
    bounds_counted(&b, LIMIT_STREAMS, 1);
    peer_reset(&b.over, 1, NGHTTP2_CANCEL);
    cr_expect_eq(echo_call(&b.over, 9), 0);
}

/* Who knows better and does it all the same breaks the protocol (nghttp2's rule). */
Test(bounds, streams_when_the_peer_knows_it)
{
    b.limits.concurrent_streams = 3;
    bounds_start(&b);
    cr_expect_eq(echo_call(&b.over, 1), 0);
    for (uint32_t i = 1; i < 4; i++) {
        bounds_hang(&b.over, 2 * i + 1);
    }
    (void)peer_send(&b.over);
    cr_expect(echo_reaches(&b.echo.messages, 4));
    cr_expect_eq(b.over.goaways, 0);
    bounds_hang(&b.over, 9);
    cr_expect(peer_wait_closed(&b.over));
    cr_expect_eq(b.over.goaway_code, NGHTTP2_PROTOCOL_ERROR);
    cr_expect_eq(atomic_load(&b.echo.opened), 4);
    bounds_counted(&b, LIMIT_STREAMS, 1);
}

/* RFC 9113 section 6.5.2, for what peer_headers sends: of a path of 16 bytes. */
enum {
    USUAL_FIELDS = 6,
    USUAL_BYTES = 6 * 32 + 7 + 4 + 7 + 5 + 5 + 16 + 10 + 9 + 2 + 8 + 12 + 16
};

static int call_with(uint32_t stream, const char *const *extra)
{
    peer_headers(&b.fine, stream, "/test.Echo/Unary", extra, false);
    peer_message(&b.fine, stream, bounds_small(), true);
    return peer_wait(&b.fine, stream)->grpc;
}

Test(bounds, header_bytes)
{
    static char value[2048];
    const char *const extra[] = {"x-pad", value, NULL};

    b.limits.header_list_bytes = 1500;
    bounds_start(&b);
    memset(value, 'v', 1500 - USUAL_BYTES - 32 - 5);
    cr_expect_eq(call_with(1, extra), 0);
    bounds_counted(&b, LIMIT_HEADER_BYTES, 0);
    value[strlen(value)] = 'v';
    cr_expect_eq(call_with(3, extra), 8);
    bounds_counted(&b, LIMIT_HEADER_BYTES, 1);
    cr_expect_eq(atomic_load(&b.echo.opened), 1);
}

Test(bounds, header_fields)
{
    const char *const two[] = {"x-a", "1", "x-b", "2", NULL};
    const char *const three[] = {"x-a", "1", "x-b", "2", "x-c", "3", NULL};

    b.limits.header_fields = USUAL_FIELDS + 2;
    bounds_start(&b);
    cr_expect_eq(call_with(1, two), 0);
    cr_expect_eq(call_with(3, three), 8);
    bounds_counted(&b, LIMIT_HEADER_FIELDS, 1);
    cr_expect_eq(atomic_load(&b.echo.opened), 1);
}

static void empty_frame(struct peer_link *link)
{
    peer_data(link, 1, slice_of(NULL, 0), false);
}

Test(bounds, empty_frames)
{
    b.limits.empty_frames = 10;
    bounds_start(&b);
    bounds_begin(&b.fine, 1, "/test.Echo/Unary");
    bounds_repeat(&b.fine, empty_frame, 10);
    peer_message(&b.fine, 1, bounds_small(), true);
    cr_expect_eq(peer_wait(&b.fine, 1)->grpc, 0);
    bounds_begin(&b.over, 1, "/test.Echo/Unary");
    bounds_repeat(&b.over, empty_frame, 11);
    bounds_cut(&b, LIMIT_EMPTY_FRAMES, "too many empty DATA frames");
    cr_expect_eq(atomic_load(&b.echo.opened), 2);
}

static void empty_message(struct peer_link *link)
{
    peer_message(link, 1, slice_of(NULL, 0), false);
}

Test(bounds, empty_messages)
{
    b.limits.empty_messages = 10;
    bounds_start(&b);
    bounds_begin(&b.fine, 1, "/test.Echo/Collect");
    bounds_repeat(&b.fine, empty_message, 10);
    peer_data(&b.fine, 1, slice_of(NULL, 0), true);
    cr_expect_eq(peer_wait(&b.fine, 1)->grpc, 0);
    bounds_begin(&b.over, 1, "/test.Echo/Collect");
    bounds_repeat(&b.over, empty_message, 11);
    cr_expect_eq(peer_wait(&b.over, 1)->grpc, 8);
    cr_expect_eq(atomic_load(&b.echo.messages), 20);
    bounds_counted(&b, LIMIT_EMPTY_MESSAGES, 1);
}
