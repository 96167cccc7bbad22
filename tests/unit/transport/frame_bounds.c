#include <criterion/criterion.h>
#include <time.h>

#include "tests/unit/transport/support/bounds.h"

/* The same for frames that cost a peer nothing. */

static struct bounds b;

static void init(void)
{
    b.limits = SERVER_LIMITS_DEFAULT;
}

static void stop(void)
{
    bounds_stop(&b);
}

TestSuite(frame_bounds, .init = init, .fini = stop, .timeout = 20);

static void await_pongs(struct peer_link *link, size_t count)
{
    (void)peer_send(link);
    while (link->pongs < count && peer_read(link)) {
        continue;
    }
    cr_expect_eq(link->pongs, count);
}

/* The first one is free, two more are strikes. */
Test(frame_bounds, quiet_pings)
{
    bounds_start(&b);
    bounds_repeat(&b.fine, peer_ping, 3);
    await_pongs(&b.fine, 3);
    bounds_repeat(&b.over, peer_ping, 4);
    bounds_cut(&b, LIMIT_PINGS, "too_many_pings");
    cr_expect_eq(atomic_load(&b.echo.opened), 1);
}

Test(frame_bounds, an_answer_excuses_pings)
{
    bounds_start(&b);
    for (uint32_t i = 0; i < 4; i++) {
        bounds_repeat(&b.over, peer_ping, 3);
        await_pongs(&b.over, 3 * (size_t)(i + 1));
        cr_expect_eq(echo_call(&b.over, 2 * i + 1), 0);
    }
    bounds_repeat(&b.over, peer_ping, 4);
    bounds_cut(&b, LIMIT_PINGS, "too_many_pings");
}

Test(frame_bounds, pings_that_keep_the_interval)
{
    b.limits.ping_interval_ms = 0;
    bounds_start(&b);
    bounds_repeat(&b.fine, peer_ping, 50);
    await_pongs(&b.fine, 50);
    bounds_counted(&b, LIMIT_PINGS, 0);
}

Test(frame_bounds, pings_while_calls_are_open)
{
    b.limits.pings_per_second = 2;
    bounds_start(&b);
    bounds_hang(&b.fine, 1);
    bounds_repeat(&b.fine, peer_ping, 10);
    await_pongs(&b.fine, 10);
    bounds_hang(&b.over, 1);
    bounds_repeat(&b.over, peer_ping, 11);
    (void)peer_send(&b.over);
    peer_reset(&b.fine, 1, NGHTTP2_CANCEL);
    (void)peer_send(&b.fine);
    bounds_cut(&b, LIMIT_PINGS_BUSY, "too_many_pings");
}

/* They have no deadline yet that belongs to a call. */
Test(frame_bounds, headers_that_do_not_end)
{
    const struct timespec half_second = {.tv_nsec = 500000000};

    b.limits.deadline_max_ms = 1500; /* of a call that is answered, too */
    bounds_start(&b);
    peer_headers(&b.fine, 1, "/test.Echo/Unary",
                 (const char *const[]){"connection", "x", NULL}, false);
    (void)peer_send(&b.fine);
    cr_expect_eq(echo_call(&b.over, 1), 0, "all settings are acknowledged");
    peer_frame(&b.over, NGHTTP2_HEADERS, 0, 3, slice_of("\x83", 1));
    (void)peer_send(&b.over);
    cr_expect(peer_wait_closed(&b.over));
    cr_expect_eq(b.over.goaway_code, NGHTTP2_ENHANCE_YOUR_CALM);
    cr_expect_str_eq(b.over.goaway_text, "headers take too long");
    (void)nanosleep(&half_second, NULL);
    cr_expect_eq(echo_call(&b.fine, 3), 0, "headers that are refused have ended");
}

static void settings(struct peer_link *link)
{
    peer_frame(link, NGHTTP2_SETTINGS, 0, 0, slice_of(NULL, 0));
}

/* One was sent by way of greeting. */
Test(frame_bounds, settings)
{
    b.limits.settings_per_minute = 5;
    bounds_start(&b);
    bounds_repeat(&b.fine, settings, 4);
    cr_expect_eq(echo_call(&b.fine, 1), 0);
    bounds_repeat(&b.over, settings, 5);
    bounds_cut(&b, LIMIT_SETTINGS, "too many SETTINGS frames");
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
    b.limits.control_frames_per_second = 20;
    bounds_start(&b);
    bounds_repeat(&b.fine, act, 17);
    cr_expect_eq(echo_call(&b.fine, 1), 0);
    bounds_repeat(&b.over, act, 19);
    bounds_cut(&b, LIMIT_CONTROL, "too many control frames");
}

Test(frame_bounds, priority_frames)
{
    expect_frames_are_counted(priority);
}

Test(frame_bounds, frames_of_unknown_types)
{
    expect_frames_are_counted(unknown);
}

static void cancel_calls(struct peer_link *link, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        bounds_hang(link, 2 * i + 1);
        peer_reset(link, 2 * i + 1, NGHTTP2_CANCEL);
    }
}

Test(frame_bounds, resets)
{
    b.limits.resets = 5;
    b.limits.resets_per_second = 1;
    bounds_start(&b);
    cancel_calls(&b.fine, 5);
    cr_expect_eq(echo_call(&b.fine, 101), 0);
    cancel_calls(&b.over, 6);
    bounds_cut(&b, LIMIT_PEER_RESETS, "too many calls are cancelled");
}

static void overflow_window(struct peer_link *link, uint32_t stream)
{
    bounds_begin(link, stream, "/test.Echo/Collect");
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
    b.limits.offences = 5;
    b.limits.offences_per_second = 1;
    bounds_start(&b);
    provoke(&b.fine, act, 5);
    cr_expect_eq(echo_call(&b.fine, 101), 0);
    cr_expect_eq(b.fine.resets, 5);
    provoke(&b.over, act, 6);
    bounds_cut(&b, LIMIT_OFFENCES, "the peer provokes resets without end");
}

Test(frame_bounds, resets_by_window_overflow)
{
    expect_offence(overflow_window);
}

Test(frame_bounds, resets_by_wrong_length)
{
    expect_offence(exceed_length);
}

Test(frame_bounds, resets_by_forbidden_fields)
{
    expect_offence(name_connection);
}

Test(frame_bounds, queued_frames)
{
    b.limits.queued_frames = 10;
    b.limits.ping_interval_ms = 0;
    bounds_start(&b);
    cr_expect_eq(echo_call(&b.fine, 1), 0);
    cr_expect_eq(echo_call(&b.over, 1), 0);
    bounds_repeat(&b.fine, peer_ping, 10);
    await_pongs(&b.fine, 10);
    bounds_repeat(&b.over, peer_ping, 11);
    bounds_cut(&b, LIMIT_QUEUED_FRAMES, "too many frames wait for the peer to read");
}
