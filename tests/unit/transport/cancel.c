#include <criterion/criterion.h>
#include <stdio.h>

#include "tests/unit/transport/support/echo.h"

/* Calls that their clients give up: at every step, in every kind. The service is told
 * once, and nothing stays behind. */

static struct echo echo;
static struct peer_link link_;
static uint8_t bytes[100000];
static uint32_t next;

enum { WINDOW = 20 }; /* answers stick in the queue */

static void start(void)
{
    echo_start(&echo, NULL);
    echo_connect_window(&echo, &link_, WINDOW);
    link_.keep = true;
    next = 1;
}

static void stop(void)
{
    peer_close(&link_);
    echo_stop(&echo);
}

TestSuite(cancel, .init = start, .fini = stop, .timeout = 30);

/* How far a request has come when it is given up. */
enum step { HEADERS, PREFIX, HALF, WHOLE, ENDED, STEPS };

static const char *const paths[] = {
    "/test.Echo/Unary",   "/test.Echo/Hang", "/test.Echo/Repeat", "/test.Echo/Spill",
    "/test.Echo/Collect", "/test.Echo/Chat", "/test.Echo/Brake",  "/test.Echo/Mirror",
};
static const char *const extra[] = {"grpc-accept-encoding",
                                    "gzip",
                                    "grpc-timeout",
                                    "9S",
                                    "x-key",
                                    "k",
                                    "x-trail-bin",
                                    "Zg",
                                    NULL};

static void begin(uint32_t stream, const char *path, enum step step)
{
    /* A number for Repeat and Spill, a command for Mirror. */
    const char *text = strstr(path, "Mirror") != NULL ? "gzip" : "4";
    struct slice message = echo_message(text, 30000, bytes, sizeof(bytes));
    uint8_t framed[40000] = {0, 0, 0, (uint8_t)(message.len >> 8), (uint8_t)message.len};
    const size_t lengths[STEPS] = {0, 3, message.len / 2, message.len + 5,
                                   message.len + 5};

    memcpy(framed + 5, message.data, message.len);
    peer_headers(&link_, stream, path, extra, false);
    if (step == ENDED && strstr(path, "Brake") != NULL) {
        peer_data(&link_, stream, slice_of(framed, message.len + 5), false);
        peer_data(&link_, stream, slice_of(framed, message.len + 5), false); /* held */
    }
    if (step > HEADERS) {
        peer_data(&link_, stream, slice_of(framed, lengths[step]), step == ENDED);
    }
}

static uint32_t new_stream(void)
{
    uint32_t stream = next;

    next += 2;
    return stream;
}

/* What the server holds for this connection and for its loop. */
static void expect_nothing_held(const char *path, enum step step)
{
    uint32_t stream = new_stream();

    peer_headers(&link_, stream, "/test.Echo/Mirror", NULL, false);
    peer_credit(&link_, stream, 1000);
    peer_message(&link_, stream, echo_message("held", 0, bytes, sizeof(bytes)), true);
    const struct reply *reply = peer_wait(&link_, stream);
    cr_assert_eq(reply->grpc, 0);
    cr_expect(memcmp(reply->body + 7, "0 0 1", 5) == 0, "%s at step %d: %.*s", path,
              (int)step, (int)reply->bytes - 7, (const char *)reply->body + 7);
}

static void expect_told_once(const char *path)
{
    cr_expect(echo_reaches(&echo.closed, atomic_load(&echo.opened)), "%s", path);
    cr_expect_eq(atomic_load(&echo.closed), atomic_load(&echo.opened), "%s", path);
}

/* together: the reset comes in the same read as the request. */
static void give_up(const char *path, enum step step, bool together)
{
    uint32_t stream = new_stream();

    begin(stream, path, step);
    if (!together) {
        uint32_t other = new_stream();
        peer_headers(&link_, other, "/test.Echo/Missing", NULL, true);
        cr_assert_eq(peer_wait(&link_, other)->grpc, 12);
    }
    peer_reset(&link_, stream, NGHTTP2_CANCEL);
    expect_nothing_held(path, step);
    expect_told_once(path);
}

static void give_up_everything(bool together)
{
    for (size_t i = 0; i < SG_COUNT(paths); i++) {
        for (int step = HEADERS; step < STEPS; step++) {
            give_up(paths[i], (enum step)step, together);
        }
    }
}

Test(cancel, at_any_step_of_any_kind_leaves_nothing)
{
    give_up_everything(false);
    cr_expect_gt(atomic_load(&echo.opened), 30);
}

Test(cancel, in_the_same_breath_leaves_nothing)
{
    give_up_everything(true);
}

Test(cancel, with_a_part_of_the_answer_taken_leaves_nothing)
{
    for (size_t i = 0; i < SG_COUNT(paths); i++) {
        uint32_t stream = new_stream();
        begin(stream, paths[i], ENDED);
        peer_credit(&link_, stream, 500);
        uint32_t other = new_stream();
        peer_headers(&link_, other, "/test.Echo/Missing", NULL, true);
        cr_assert_eq(peer_wait(&link_, other)->grpc, 12);
        peer_reset(&link_, stream, NGHTTP2_CANCEL);
        expect_nothing_held(paths[i], ENDED);
        expect_told_once(paths[i]);
    }
}

Test(cancel, all_at_once_with_the_connection_leaves_nothing)
{
    for (size_t i = 0; i < SG_COUNT(paths); i++) {
        for (int step = HEADERS; step < STEPS; step++) {
            begin(new_stream(), paths[i], (enum step)step);
        }
    }
    uint32_t other = new_stream();
    peer_headers(&link_, other, "/test.Echo/Missing", NULL, true);
    cr_assert_eq(peer_wait(&link_, other)->grpc, 12);
    peer_close(&link_);
    expect_told_once("all");
    echo_connect_window(&echo, &link_, WINDOW);
    link_.keep = true;
    next = 1;
    expect_nothing_held("all", ENDED);
}
