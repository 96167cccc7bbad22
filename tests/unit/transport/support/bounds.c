#include "tests/unit/transport/support/bounds.h"

#include <criterion/criterion.h>

void bounds_start(struct bounds *bounds)
{
    echo_start(&bounds->echo, &bounds->limits);
    echo_connect(&bounds->echo, &bounds->fine);
    echo_connect(&bounds->echo, &bounds->over);
}

void bounds_stop(struct bounds *bounds)
{
    peer_close(&bounds->fine);
    peer_close(&bounds->over);
    echo_stop(&bounds->echo);
}

void bounds_counted(struct bounds *bounds, enum limit limit, uint64_t count)
{
    size_t offset = offsetof(struct server_counts, refused) + limit * sizeof(uint64_t);

    cr_expect(echo_counts(&bounds->echo, offset, count), "%s", limits_row(limit)->path);
}

void bounds_cut(struct bounds *bounds, enum limit limit, const char *text)
{
    struct peer_link *over = &bounds->over;

    cr_expect(peer_wait_closed(over));
    cr_expect_eq(over->goaways, 1);
    cr_expect_eq(over->goaway_code, NGHTTP2_ENHANCE_YOUR_CALM, "%u", over->goaway_code);
    cr_expect_str_eq(over->goaway_text, text);
    bounds_counted(bounds, limit, 1);
    cr_expect(echo_counted(&bounds->echo, connections_cut, 1));
    cr_expect(echo_reaches(&bounds->echo.closed, atomic_load(&bounds->echo.opened)));
    cr_expect_eq(echo_call(&bounds->fine, 9001), 0, "it kept to the limit");
    cr_expect_eq(bounds->fine.goaways, 0);
}

struct slice bounds_small(void)
{
    static uint8_t bytes[64];

    return echo_message("a", 8, bytes, sizeof(bytes));
}

void bounds_begin(struct peer_link *link, uint32_t stream, const char *path)
{
    peer_headers(link, stream, path, NULL, false);
}

void bounds_hang(struct peer_link *link, uint32_t stream)
{
    bounds_begin(link, stream, "/test.Echo/Hang");
    peer_message(link, stream, bounds_small(), true);
}

void bounds_repeat(struct peer_link *link, void (*act)(struct peer_link *link),
                   size_t count)
{
    while (count-- > 0) {
        act(link);
    }
}
