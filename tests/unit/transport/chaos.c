#include <criterion/criterion.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "tests/unit/transport/support/echo.h"

/* Connections that do anything at all, always in the same order: nothing may break, leak
 * a call or keep others from being served. */

enum { CONNECTIONS = 120, STEPS = 60 };

static struct echo echo;
static uint64_t state = 7;

static uint32_t below(uint32_t limit)
{
    state = state * 6364136223846793005ULL + 1442695040888963407ULL;
    return (uint32_t)(state >> 33) % limit;
}

/* Mostly one that was opened: others end the connection at once. */
static uint32_t any_stream(uint32_t next)
{
    return below(200) == 0 ? next : below(next / 2) * 2 + 1;
}

static void open_stream(struct peer_link *link, uint32_t stream)
{
    static const char *const paths[] = {
        "/test.Echo/Unary", "/test.Echo/Refuse", "/test.Echo/Repeat",
        "/test.Echo/Spill", "/test.Echo/Hang",   "/test.Echo/Collect",
        "/test.Echo/Chat",  "/test.Echo/Brake",  "/test.Echo/Missing"};
    const char *const hurry[] = {"grpc-timeout", "3m", NULL};

    peer_headers(link, stream, paths[below(SG_COUNT(paths))],
                 below(3) == 0 ? hurry : NULL, below(10) == 0);
}

static void send_message(struct peer_link *link, uint32_t stream)
{
    uint8_t bytes[4096];

    peer_message(link, stream, echo_message("3", below(4000), bytes, sizeof(bytes)),
                 below(3) == 0);
}

static void send_noise(struct peer_link *link, uint32_t stream)
{
    uint8_t bytes[300];
    size_t len = below(sizeof(bytes));

    for (size_t i = 0; i < len; i++) {
        bytes[i] = (uint8_t)below(256);
    }
    if (below(50) == 0) {
        peer_frame(link, (uint8_t)below(12), (uint8_t)below(256), stream,
                   slice_of(bytes, len));
    } else {
        peer_data(link, stream, slice_of(bytes, len), below(4) == 0);
    }
}

static void send_window(struct peer_link *link, uint32_t stream)
{
    const uint8_t size[4] = {(uint8_t)(below(30) == 0 ? 0x7f : 0), 0, 1, 0};

    peer_frame(link, NGHTTP2_WINDOW_UPDATE, 0, below(2) == 0 ? 0 : stream,
               slice_of(size, sizeof(size)));
}

static void step(struct peer_link *link, uint32_t *next)
{
    switch (below(8)) {
    case 0:
    case 1:
        open_stream(link, *next);
        *next += 2;
        break;
    case 2:
    case 3:
        send_message(link, *next - 2);
        break;
    case 4:
        send_noise(link, any_stream(*next));
        break;
    case 5:
        peer_reset(link, any_stream(*next), below(14));
        break;
    case 6:
        send_window(link, any_stream(*next));
        break;
    default:
        echo_wake(&echo);
        (void)peer_send(link);
        break;
    }
}

static void misbehave(void)
{
    const struct timeval patience = {.tv_usec = 1000};
    struct peer_link link;
    uint32_t next = 1;

    echo_connect_window(&echo, &link, below(2) == 0 ? 16U << 20 : below(3000));
    (void)setsockopt(link.fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    open_stream(&link, next);
    next += 2;
    for (unsigned i = 0; i < STEPS; i++) {
        step(&link, &next);
    }
    if (below(2) == 0) {
        (void)peer_send(&link);
        (void)peer_read(&link);
    }
    peer_close(&link);
}

Test(chaos, breaks_nothing, .timeout = 30)
{
    struct server_limits limits = SERVER_LIMITS_DEFAULT;

    limits.output_bytes = 100000;
    echo_start(&echo, &limits);
    for (unsigned i = 0; i < CONNECTIONS; i++) {
        misbehave();
    }
    cr_expect(echo_serves(&echo));
    cr_expect(echo_reaches(&echo.closed, atomic_load(&echo.opened)));
    for (int i = 0; i < 100 && !server_idle(echo.server); i++) {
        echo_wake(&echo);
        cr_expect(echo_serves(&echo));
    }
    cr_expect(server_idle(echo.server));
    cr_expect_gt(atomic_load(&echo.opened), CONNECTIONS);
    echo_stop(&echo);
    cr_expect_eq(atomic_load(&echo.opened), atomic_load(&echo.closed));
}
