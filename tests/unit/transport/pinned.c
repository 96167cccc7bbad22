#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/transport/support/echo.h"

/* Peers that want the server to hold memory for them. It holds what the budgets allow, by
 * its own count and by that of the kernel. */

enum { STREAMS = 250, FEW = 60, MEGABYTE = 1 << 20, SLACK = 24 * MEGABYTE };

static struct echo echo;
static struct server_limits limits;
static struct peer_link links[12];
static size_t link_count;
static uint8_t bytes[100000];
static size_t resident_before;

static void init(void)
{
    limits = SERVER_LIMITS_DEFAULT;
    limits.concurrent_streams = STREAMS;
    limits.resets = 100000;
    limits.offences = 100000;
}

static void stop(void)
{
    for (size_t i = 0; i < link_count; i++) {
        peer_close(&links[i]);
    }
    echo_stop(&echo);
}

TestSuite(pinned, .init = init, .fini = stop, .timeout = 60);

/* Bytes of this process, server and peers, that are in memory: the second number. */
static size_t resident(void)
{
    char line[256] = "";
    FILE *file = fopen("/proc/self/statm", "re");

    cr_assert_not_null(file);
    cr_assert_not_null(fgets(line, sizeof(line), file));
    (void)fclose(file);
    const char *second = strchr(line, ' ');
    cr_assert_not_null(second);
    return strtoul(second, NULL, 10) * (size_t)sysconf(_SC_PAGESIZE);
}

static void start(size_t count, uint32_t window)
{
    echo_start(&echo, &limits);
    for (link_count = 0; link_count < count; link_count++) {
        echo_connect_window(&echo, &links[link_count], window);
        cr_assert(peer_send(&links[link_count]));
    }
    cr_expect(echo_counted(&echo, connections, count));
    cr_expect(echo_sinks(&echo, handshakes, 0));
    resident_before = resident();
}

static void expect_resident(size_t held)
{
    size_t now = resident();
    size_t more = now > resident_before ? now - resident_before : 0;

#ifdef __SANITIZE_ADDRESS__
    more = 0; /* it keeps what was freed */
#endif
    cr_expect_leq(more, held + SLACK, "%zu bytes more", more);
}

/* The peers' own buffers and what they sent are part of the slack. What is held shows
 * when the turn of the loop is over. */
static void expect_held(size_t offset, size_t cap)
{
    (void)echo_counts(&echo, offset, cap / 4);
    cr_expect_geq(echo_count(&echo, offset), cap / 4, "the attack is one");
    cr_expect_leq(echo_count(&echo, offset), cap);
    expect_resident(cap);
}

static void ask_for_much(struct peer_link *link, uint32_t stream)
{
    peer_headers(link, stream, "/test.Echo/Spill", NULL, false);
    peer_message(link, stream, echo_message("3", 0, bytes, sizeof(bytes)), true);
}

static void ask_on_streams(struct peer_link *link, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        ask_for_much(link, 2 * i + 1);
    }
    cr_expect(peer_send(link));
}

/* 750 MB are asked for. The last answer may exceed the budget by its own size. */
Test(pinned, answers_that_no_window_lets_out)
{
    start(1, 0);
    ask_on_streams(&links[0], STREAMS);
    cr_expect(echo_reaches(&echo.closed, STREAMS - 16));
    expect_held(offsetof(struct server_counts, output_bytes),
                limits.output_bytes + MEGABYTE + 64);
    cr_expect_gt(server_counts(echo.server).refused[LIMIT_OUTPUT], STREAMS - 16);
}

Test(pinned, answers_of_many_connections)
{
    limits.output_bytes_total = 20 * MEGABYTE;
    start(SG_COUNT(links), 0);
    for (size_t i = 0; i < link_count; i++) {
        ask_on_streams(&links[i], FEW);
    }
    cr_expect(echo_reaches(&echo.closed, (FEW - 20) * SG_COUNT(links)));
    expect_held(offsetof(struct server_counts, output_bytes), limits.output_bytes_total);
    cr_expect_gt(server_counts(echo.server).refused[LIMIT_OUTPUT_TOTAL], 0);
}

/* Every fourth connection is one caller's. */
static void start_of_four(uint32_t window)
{
    echo_faces_differ = true;
    start(9, window);
}

Test(pinned, answers_of_one_caller_leave_room_for_others)
{
    struct peer_link other;

    limits.output_bytes_total = 20 * MEGABYTE;
    start_of_four(0);
    for (size_t i = 0; i < link_count; i += 4) {
        ask_on_streams(&links[i], FEW);
    }
    cr_expect(echo_reaches(&echo.closed, (FEW - 8) * 3));
    echo_connect(&echo, &other);
    ask_for_much(&other, 1);
    cr_expect_eq(peer_wait(&other, 1)->grpc, 0, "three megabytes for another caller");
    peer_close(&other);
}

static void send_half(struct peer_link *link, uint32_t stream)
{
    memset(bytes, 0, sizeof(bytes));
    bytes[2] = 1; /* announces 65536 bytes */
    peer_headers(link, stream, "/test.Echo/Collect", NULL, false);
    peer_data(link, stream, slice_of(bytes, 40000), false);
}

static void send_halves(struct peer_link *link)
{
    for (uint32_t i = 0; i < STREAMS; i++) {
        send_half(link, 2 * i + 1);
        cr_expect(peer_send(link));
    }
}

Test(pinned, messages_that_are_never_whole)
{
    limits.input_bytes = 4 * MEGABYTE;
    start(1, 16U << 20);
    send_halves(&links[0]);
    cr_expect_eq(peer_wait(&links[0], 2 * STREAMS - 1)->grpc, 8);
    expect_held(offsetof(struct server_counts, input_bytes), limits.input_bytes);
    cr_expect_gt(server_counts(echo.server).refused[LIMIT_INPUT], 0);
    cr_expect_eq(atomic_load(&echo.messages), 0);
}

Test(pinned, messages_of_many_connections_that_are_never_whole)
{
    limits.input_bytes_total = 8 * MEGABYTE;
    start(4, 16U << 20);
    for (size_t i = 0; i < link_count; i++) {
        send_halves(&links[i]);
    }
    cr_expect_eq(peer_wait(&links[3], 2 * STREAMS - 1)->grpc, 8);
    expect_held(offsetof(struct server_counts, input_bytes), limits.input_bytes_total);
    cr_expect_gt(server_counts(echo.server).refused[LIMIT_INPUT_TOTAL], 0);
}

Test(pinned, messages_of_one_caller_leave_room_for_others)
{
    struct peer_link other;

    limits.input_bytes_total = 8 * MEGABYTE;
    start_of_four(16U << 20);
    for (size_t i = 0; i < link_count; i += 4) {
        send_halves(&links[i]);
    }
    cr_expect_eq(peer_wait(&links[8], 2 * STREAMS - 1)->grpc, 8);
    echo_connect(&echo, &other);
    for (uint32_t i = 0; i < 20; i++) {
        send_half(&other, 2 * i + 1);
        peer_data(&other, 2 * i + 1, slice_of(bytes, 65536 + 5 - 40000), true);
    }
    cr_expect_eq(peer_wait(&other, 39)->grpc, 3, "it was taken in whole, and looked at");
    peer_close(&other);
}

/* Sent to a service that has paused: what is within the window is held. */
Test(pinned, messages_that_the_service_does_not_take)
{
    struct slice message;

    limits.input_bytes = 2 * MEGABYTE;
    start(1, 16U << 20);
    for (uint32_t i = 0; i < 100; i++) {
        peer_headers(&links[0], 2 * i + 1, "/test.Echo/Brake", NULL, false);
        message = echo_message("a", 30000, bytes, sizeof(bytes));
        peer_message(&links[0], 2 * i + 1, message, false);
        peer_message(&links[0], 2 * i + 1, message, false);
        cr_expect(peer_send(&links[0]));
    }
    const struct reply *last = peer_wait(&links[0], 199);
    cr_expect(last->grpc == 8 || last->reset == NGHTTP2_ENHANCE_YOUR_CALM,
              "status %d, reset %d", last->grpc, (int)last->reset);
    expect_held(offsetof(struct server_counts, input_bytes), limits.input_bytes);
    cr_expect_gt(server_counts(echo.server).refused[LIMIT_INPUT], 0);
}

/* The window is wide open, but nothing is read from the socket. */
Test(pinned, answers_that_are_never_read)
{
    start(1, 1U << 30);
    ask_on_streams(&links[0], STREAMS);
    cr_expect(echo_reaches(&echo.closed, STREAMS / 2));
    expect_held(offsetof(struct server_counts, output_bytes),
                limits.output_bytes + MEGABYTE + 64);
}

/* Nothing is left of all this when the peers are gone. */
Test(pinned, memory_comes_back)
{
    start(1, 0);
    ask_on_streams(&links[0], STREAMS);
    cr_expect(echo_reaches(&echo.closed, STREAMS - 16));
    peer_close(&links[--link_count]);
    cr_expect(echo_reaches(&echo.closed, STREAMS));
    cr_expect(echo_sinks(&echo, output_bytes, 0));
    cr_expect(echo_sinks(&echo, input_bytes, 0));
    cr_expect(echo_sinks(&echo, calls, 0));
    cr_expect(echo_sinks(&echo, connections, 0));
    cr_expect(echo_serves(&echo));
}
