#include <criterion/criterion.h>
#include <zlib.h>

#include "tests/unit/transport/support/bounds.h"

/* The same for bytes: of a message, and of what is held for a peer. */

static struct bounds b;

static void init(void)
{
    b.limits = SERVER_LIMITS_DEFAULT;
}

static void stop(void)
{
    bounds_stop(&b);
}

TestSuite(byte_bounds, .init = init, .fini = stop, .timeout = 20);

static uint8_t bytes[70000];

Test(byte_bounds, message_bytes)
{
    struct slice message = echo_message("a", 1000, bytes, sizeof(bytes));

    b.limits.message_bytes = (uint32_t)message.len;
    bounds_start(&b);
    bounds_begin(&b.fine, 1, "/test.Echo/Unary");
    peer_message(&b.fine, 1, message, true);
    cr_expect_eq(peer_wait(&b.fine, 1)->grpc, 0);
    bounds_begin(&b.fine, 3, "/test.Echo/Unary");
    peer_message(&b.fine, 3, echo_message("a", 1001, bytes, sizeof(bytes)), true);
    cr_expect_eq(peer_wait(&b.fine, 3)->grpc, 8);
    bounds_counted(&b, LIMIT_MESSAGE, 1);
    cr_expect_eq(atomic_load(&b.echo.opened), 1);
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

    peer_headers(&b.fine, stream, "/test.Echo/Unary", in_gzip, false);
    peer_flagged(&b.fine, stream, 1,
                 gzip_of(echo_message("a", value_len, bytes, sizeof(bytes))), true);
    return peer_wait(&b.fine, stream)->grpc;
}

Test(byte_bounds, inflated_bytes)
{
    b.limits.message_bytes = (uint32_t)echo_message("a", 1000, bytes, sizeof(bytes)).len;
    bounds_start(&b);
    cr_expect_eq(call_gzip(1, 1000), 0);
    cr_expect_eq(call_gzip(3, 1001), 8);
    bounds_counted(&b, LIMIT_MESSAGE, 1);
    cr_expect_eq(atomic_load(&b.echo.opened), 1);
}

/* In units of 64 KiB, each paid for before the next message: two at once, so that the
 * fourth message is refused. */
Test(byte_bounds, inflated_bytes_of_a_connection)
{
    b.limits.inflated_bytes = 131072;
    b.limits.inflated_bytes_per_second = 65536;
    bounds_start(&b);
    for (uint32_t i = 0; i < 3; i++) {
        cr_expect_eq(call_gzip(2 * i + 1, 65536), 0);
    }
    bounds_counted(&b, LIMIT_INFLATE, 0);
    cr_expect_eq(call_gzip(7, 65536), 8);
    bounds_counted(&b, LIMIT_INFLATE, 1);
    cr_expect_eq(atomic_load(&b.echo.opened), 3);
}

/* Of a peer that takes no data: the answer of each call waits. */
enum { ANSWER = 50000 };

static struct peer_link deaf;

static void ask(uint32_t stream)
{
    bounds_begin(&deaf, stream, "/test.Echo/Unary");
    peer_message(&deaf, stream, echo_message("a", ANSWER, bytes, sizeof(bytes)), true);
}

static size_t cost_of_answer(void)
{
    return echo_message("a", ANSWER, bytes, sizeof(bytes)).len + 5;
}

static void expect_third_answer_refused(enum limit limit)
{
    bounds_start(&b);
    echo_connect_window(&b.echo, &deaf, 0);
    ask(1);
    ask(3);
    (void)peer_send(&deaf);
    cr_expect(echo_counted(&b.echo, output_bytes, 2 * cost_of_answer()));
    bounds_counted(&b, limit, 0);
    ask(5);
    cr_expect_eq(peer_wait(&deaf, 5)->reset, NGHTTP2_ENHANCE_YOUR_CALM);
    bounds_counted(&b, limit, 1);
    cr_expect(echo_counted(&b.echo, output_bytes, 2 * cost_of_answer()));
    peer_close(&deaf);
    cr_expect(echo_sinks(&b.echo, output_bytes, 0));
}

Test(byte_bounds, output_bytes)
{
    b.limits.output_bytes = (uint32_t)(2 * cost_of_answer());
    expect_third_answer_refused(LIMIT_OUTPUT);
}

/* The total of which one caller may have so much: three quarters. */
static uint32_t whole_of(size_t part)
{
    return (uint32_t)(part + part / 3);
}

Test(byte_bounds, output_bytes_in_all)
{
    b.limits.output_bytes_total = whole_of(3 * cost_of_answer() - 1);
    expect_third_answer_refused(LIMIT_OUTPUT_TOTAL);
}

/* Each half of a message takes the smallest buffer. */
#define HALF UINT32_C(4096)

static void send_half(struct peer_link *link, uint32_t stream)
{
    bounds_begin(link, stream, "/test.Echo/Unary");
    peer_data(link, stream, slice_of("\0\0\1\0\0half", 9), false);
}

static void expect_fifth_half_refused(enum limit limit)
{
    bounds_start(&b);
    for (uint32_t i = 0; i < 4; i++) {
        send_half(&b.over, 2 * i + 1);
    }
    (void)peer_send(&b.over);
    cr_expect(echo_counted(&b.echo, input_bytes, UINT64_C(4) * HALF));
    bounds_counted(&b, limit, 0);
    send_half(&b.over, 9);
    cr_expect_eq(peer_wait(&b.over, 9)->grpc, 8);
    bounds_counted(&b, limit, 1);
    cr_expect_eq(atomic_load(&b.echo.opened), 0);
}

Test(byte_bounds, input_bytes)
{
    b.limits.input_bytes = 5 * HALF - 1;
    expect_fifth_half_refused(LIMIT_INPUT);
}

Test(byte_bounds, input_bytes_in_all)
{
    b.limits.input_bytes_total = whole_of(5 * HALF - 1);
    expect_fifth_half_refused(LIMIT_INPUT_TOTAL);
}
