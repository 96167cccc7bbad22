#include <criterion/criterion.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/unit/transport/support/echo.h"

/* Limits of the server's options, each exceeded. */

static struct echo echo;
static struct peer_link link_;
static uint8_t bytes[60000];

static void start_with(const struct server_limits *limits)
{
    echo_start(&echo, limits);
    echo_connect(&echo, &link_);
}

static void stop(void)
{
    peer_close(&link_);
    echo_stop(&echo);
}

TestSuite(limits, .fini = stop, .timeout = 30);

Test(limits, stalled_answer_cuts_the_connection)
{
    struct server_limits tight = SERVER_LIMITS_DEFAULT;
    struct peer_link slow;

    tight.write_stall_ms = 200;
    start_with(&tight);
    echo_connect_window(&echo, &slow, 0);
    peer_headers(&slow, 1, "/test.Echo/Repeat", NULL, false);
    peer_message(&slow, 1, echo_message("20", 0, bytes, sizeof(bytes)), true);
    cr_expect(peer_wait_closed(&slow));
    cr_expect_eq(slow.goaways, 1);
    cr_expect_eq(slow.goaway_code, NGHTTP2_ENHANCE_YOUR_CALM);
    cr_expect(echo_reaches(&echo.closed, 1));
    cr_expect(echo_counted(&echo, refused[LIMIT_STALL], 1));
    peer_close(&slow);
    cr_expect(echo_serves(&echo));
}

Test(limits, socket_that_is_not_read_cuts_the_connection)
{
    struct server_limits tight = SERVER_LIMITS_DEFAULT;
    struct peer_link deaf;

    tight.write_stall_ms = 200;
    tight.output_bytes = (size_t)64 << 20;
    start_with(&tight);
    echo_connect(&echo, &deaf);
    peer_headers(&deaf, 1, "/test.Echo/Spill", NULL, false);
    peer_message(&deaf, 1, echo_message("40", 0, bytes, sizeof(bytes)), true);
    (void)peer_send(&deaf);
    cr_expect(echo_reaches(&echo.closed, 1));
    cr_expect(echo_counted(&echo, connections_cut, 1));
    peer_close(&deaf);
    cr_expect(echo_serves(&echo));
}

Test(limits, silent_peer_loses_its_handshake)
{
    struct server_limits tight = SERVER_LIMITS_DEFAULT;
    uint8_t byte;

    tight.handshake_ms = 500; /* which those that speak must keep, on a busy machine */
    start_with(&tight);
    int fd = plain_connect(server_port(echo.server, 0));
    cr_expect_eq(recv(fd, &byte, 1, 0), 0);
    (void)close(fd);
    cr_expect(echo_counted(&echo, handshakes_failed, 1));
    cr_expect(echo_counted(&echo, refused[LIMIT_HANDSHAKE], 1));
    cr_expect(echo_serves(&echo));
}

Test(limits, idle_connection_is_told_to_go)
{
    struct server_limits tight = SERVER_LIMITS_DEFAULT;

    tight.idle_ms = 1500; /* the call comes first, on a busy machine too */
    start_with(&tight);
    cr_expect_eq(echo_call(&link_, 1), 0);
    cr_expect(peer_wait_closed(&link_));
    cr_expect_eq(link_.goaways, 2, "a notice first");
    cr_expect_eq(link_.goaway_code, NGHTTP2_NO_ERROR);
    cr_expect(echo_counted(&echo, refused[LIMIT_IDLE], 1));
}

Test(limits, connection_with_a_call_is_not_idle)
{
    struct server_limits tight = SERVER_LIMITS_DEFAULT;

    tight.idle_ms = 1500;
    tight.deadline_default_ms = 3000;
    start_with(&tight);
    peer_headers(&link_, 1, "/test.Echo/Hang", NULL, false);
    peer_message(&link_, 1, echo_message("a", 8, bytes, sizeof(bytes)), true);
    cr_expect_eq(peer_wait(&link_, 1)->grpc, 4);
}

Test(limits, connections_are_counted)
{
    struct server_limits tight = SERVER_LIMITS_DEFAULT;
    uint8_t byte;

    tight.connections = 1;
    start_with(&tight);
    cr_assert_eq(echo_call(&link_, 1), 0, "it is no unfinished handshake any more");
    int fd = plain_connect(server_port(echo.server, 0));
    cr_expect_leq(recv(fd, &byte, 1, 0), 0);
    (void)close(fd);
    cr_expect(echo_counted(&echo, connections_cut, 1));
    cr_expect(echo_counted(&echo, refused[LIMIT_CONNECTIONS], 1));
    cr_expect_eq(echo_call(&link_, 3), 0);
}

/* Twenty, where sixteen may be connected. */
static int crowd[20];

/* Half of all places, and what is rounded up on each of three loops. */
enum { MAY_STAY = 9 };

static void expect_served(void)
{
    cr_expect(echo_serves(&echo));
    cr_expect_eq(server_counts(echo.server).connections_cut, 0, "nobody was refused");
    for (size_t i = 0; i < SG_COUNT(crowd); i++) {
        (void)close(crowd[i]);
    }
}

static void crowd_in(unsigned loops)
{
    struct server_limits tight = SERVER_LIMITS_DEFAULT;

    tight.connections = 16;
    echo_start_loops(&echo, &tight, loops);
    echo_connect(&echo, &link_);
    for (size_t i = 0; i < SG_COUNT(crowd); i++) {
        crowd[i] = plain_connect(server_port(echo.server, 0));
    }
}

Test(limits, unfinished_handshakes_do_not_crowd_out_clients)
{
    crowd_in(1);
    expect_served();
}

Test(limits, unfinished_handshakes_on_several_loops_do_not_either)
{
    const uint64_t gone = SG_COUNT(crowd) - MAY_STAY;

    crowd_in(3);
    (void)echo_counted(&echo, refused[LIMIT_HANDSHAKES], gone);
    cr_expect_geq(
        echo_count(&echo, offsetof(struct server_counts, refused[LIMIT_HANDSHAKES])),
        gone);
    expect_served();
}

/* More than half of all places are those of clients. */
static void crowd_in_beside_clients(unsigned loops)
{
    struct peer_link clients[9];

    crowd_in(loops);
    for (size_t i = 0; i < SG_COUNT(clients); i++) {
        echo_connect(&echo, &clients[i]);
        cr_expect_eq(echo_call(&clients[i], 1), 0);
    }
    for (size_t i = 0; i < SG_COUNT(crowd); i++) {
        (void)close(crowd[i]);
        crowd[i] = plain_connect(server_port(echo.server, 0));
    }
    expect_served();
    for (size_t i = 0; i < SG_COUNT(clients); i++) {
        cr_expect_eq(echo_call(&clients[i], 3), 0, "client %zu", i);
        peer_close(&clients[i]);
    }
}

Test(limits, unfinished_handshakes_give_way_to_many_clients)
{
    crowd_in_beside_clients(1);
}

Test(limits, unfinished_handshakes_on_several_loops_give_way_to_many_clients)
{
    crowd_in_beside_clients(3);
}

/* Each of them is told what is wrong, and given a moment to read it. */
Test(limits, failed_handshakes_do_not_crowd_out_clients)
{
    static const char nonsense[] = "GET / HTTP/1.1\r\n\r\n";
    struct server_limits tight = SERVER_LIMITS_DEFAULT;

    tight.connections = 16;
    start_with(&tight);
    for (size_t i = 0; i < SG_COUNT(crowd); i++) {
        crowd[i] = plain_connect(server_port(echo.server, 0));
        cr_assert_gt(send(crowd[i], nonsense, sizeof(nonsense), MSG_NOSIGNAL), 0);
        cr_expect(echo_counted(&echo, handshakes_failed, i + 1));
    }
    expect_served();
}

/* Two of them are in; what becomes of the others is told, and not listened to. */
enum { PERSISTENT = 40 };

static struct peer_link persistent[PERSISTENT];

static void come_again(void (*leave)(struct peer_link *link), size_t from)
{
    const struct peer_options options = {.port = server_port(echo.server, 0),
                                         .ca = echo.pki.ca,
                                         .cert = echo.pki.stranger,
                                         .key = echo.pki.stranger_key};

    for (size_t i = 0; i < SG_COUNT(persistent); i++) {
        cr_assert(peer_open(&persistent[i], &options), "%zu", i);
        leave(&persistent[i]);
        cr_expect(i < from || peer_wait_closed(&persistent[i]), "%zu", i);
    }
    cr_expect(echo_serves(&echo));
    cr_expect_eq(
        echo_count(&echo, offsetof(struct server_counts, refused[LIMIT_CONNECTIONS])), 0,
        "somebody was refused");
    for (size_t i = 0; i < SG_COUNT(persistent); i++) {
        peer_close(&persistent[i]);
    }
}

static void start_crowded(void)
{
    struct server_limits tight = SERVER_LIMITS_DEFAULT;

    tight.connections = 16;
    tight.connections_per_caller = 2;
    start_with(&tight);
}

static void stay(struct peer_link *link)
{
    (void)peer_send(link);
}

static void say_goodbye(struct peer_link *link)
{
    const uint8_t no_error[8] = {0};

    peer_frame(link, NGHTTP2_GOAWAY, 0, 0, slice_of(no_error, sizeof(no_error)));
    (void)peer_send(link);
}

Test(limits, connections_beyond_a_callers_places_do_not_crowd_out_clients)
{
    start_crowded();
    come_again(stay, 2);
    cr_expect(echo_counted(&echo, refused[LIMIT_CALLER], PERSISTENT - 2));
}

Test(limits, connections_that_were_ended_do_not_crowd_out_clients)
{
    start_crowded();
    come_again(say_goodbye, 0);
    cr_expect(echo_counted(&echo, refused[LIMIT_CALLER], 0));
}

Test(limits, asked_deadline_is_clamped)
{
    struct server_limits tight = SERVER_LIMITS_DEFAULT;
    const char *const extra[] = {"grpc-timeout", "99999999H", NULL};

    tight.deadline_max_ms = 100;
    start_with(&tight);
    peer_headers(&link_, 1, "/test.Echo/Hang", extra, false);
    peer_message(&link_, 1, echo_message("a", 8, bytes, sizeof(bytes)), true);
    cr_expect_eq(peer_wait(&link_, 1)->grpc, 4);
}

Test(limits, single_answer_may_exceed_the_output_budget)
{
    struct server_limits tight = SERVER_LIMITS_DEFAULT;

    tight.output_bytes = 1000;
    start_with(&tight);
    peer_headers(&link_, 1, "/test.Echo/Unary", NULL, false);
    peer_message(&link_, 1, echo_message("a", 50000, bytes, sizeof(bytes)), true);
    cr_expect_eq(peer_wait(&link_, 1)->grpc, 0);
}

Test(limits, places_of_a_caller_are_counted_over_all_loops)
{
    struct server_limits tight = SERVER_LIMITS_DEFAULT;
    struct peer_link others[3];

    tight.connections_per_caller = 3;
    echo_start_loops(&echo, &tight, 2);
    echo_connect(&echo, &link_);
    cr_expect_eq(echo_call(&link_, 1), 0);
    for (size_t i = 0; i < SG_COUNT(others); i++) {
        echo_connect(&echo, &others[i]);
        cr_expect_eq(echo_call(&others[i], 1), i < 2 ? 0 : -1);
    }
    cr_expect(peer_wait_closed(&others[2]));
    cr_expect(echo_counted(&echo, refused[LIMIT_CALLER], 1));
    cr_expect_eq(atomic_load(&echo.opened), 3);
    for (size_t i = 0; i < SG_COUNT(others); i++) {
        peer_close(&others[i]);
    }
}

/* Their certificates are good, so that each of them costs a handshake. */
Test(limits, unknown_callers_share_one_callers_places)
{
    struct server_limits tight = SERVER_LIMITS_DEFAULT;
    struct peer_link first;
    struct peer_link second;

    tight.connections_per_caller = 1;
    start_with(&tight);
    cr_expect_eq(echo_call(&link_, 1), 0);
    const struct peer_options options = {.port = server_port(echo.server, 0),
                                         .ca = echo.pki.ca,
                                         .cert = echo.pki.stranger,
                                         .key = echo.pki.stranger_key};
    cr_assert(peer_open(&first, &options));
    cr_expect_eq(echo_call(&first, 1), 16);
    cr_assert(peer_open(&second, &options));
    cr_expect(peer_wait_closed(&second));
    cr_expect_eq(second.goaway_code, NGHTTP2_ENHANCE_YOUR_CALM);
    cr_expect(echo_counted(&echo, refused[LIMIT_CALLER], 1));
    peer_close(&first);
    peer_close(&second);
}
