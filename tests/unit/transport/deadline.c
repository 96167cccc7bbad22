#include <criterion/criterion.h>

#include "tests/unit/transport/support/echo.h"

/* Deadlines that pass, and certificates that are revoked, when the answer has begun. */

static struct echo echo;
static struct peer_link link_;
static uint8_t bytes[200];
static const char *const extra[] = {"grpc-timeout", "150m", NULL};

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

TestSuite(deadline, .init = start, .fini = stop, .timeout = 20);

Test(deadline, after_the_headers_is_told_in_trailers)
{
    peer_headers(&link_, 1, "/test.Echo/Mirror", extra, false);
    peer_message(&link_, 1, echo_message("headers", 0, bytes, sizeof(bytes)), false);
    const struct reply *reply = peer_wait(&link_, 1);
    cr_expect_eq(reply->http, 200);
    cr_expect_eq(reply->grpc, 4);
    cr_expect_eq(reply->blocks, 2, "headers and trailers");
    cr_expect_eq(reply->reset, NGHTTP2_NO_ERROR);
    cr_expect(echo_reaches(&echo.closed, 1));
}

Test(deadline, of_a_peer_that_takes_nothing_is_a_cancel)
{
    struct peer_link narrow;

    echo_connect_window(&echo, &narrow, 1500);
    peer_headers(&narrow, 1, "/test.Echo/Repeat", extra, false);
    peer_message(&narrow, 1, echo_message("10", 0, bytes, sizeof(bytes)), true);
    const struct reply *reply = peer_wait(&narrow, 1);
    cr_expect_eq(reply->http, 200);
    cr_expect_eq(reply->grpc, -1);
    cr_expect_eq(reply->reset, NGHTTP2_CANCEL);
    peer_close(&narrow);
    cr_expect(echo_reaches(&echo.closed, 1));
}

Test(deadline, after_an_answer_is_told_behind_it)
{
    peer_headers(&link_, 1, "/test.Echo/Chat", extra, false);
    peer_message(&link_, 1, echo_message("a", 10, bytes, sizeof(bytes)), false);
    const struct reply *reply = peer_wait(&link_, 1);
    cr_expect_gt(reply->bytes, 10, "the answer");
    cr_expect_eq(reply->grpc, 4);
    cr_expect_eq(reply->blocks, 2);
    cr_expect_eq(reply->reset, NGHTTP2_NO_ERROR);
    cr_expect(echo_reaches(&echo.closed, 1));
}

/* The loop is held up while the deadline passes, and then learns of the service's answer
 * and of the deadline in the same turn. */
Test(deadline, does_not_take_back_an_answer)
{
    static const char *const soon[] = {"grpc-timeout", "40m", NULL};
    struct peer_link other;

    echo_connect(&echo, &other);
    peer_headers(&other, 1, "/test.Echo/Mirror", soon, false);
    cr_assert(peer_send(&other));
    cr_assert(echo_reaches(&echo.opened, 1));
    peer_headers(&link_, 1, "/test.Echo/Mirror", NULL, false);
    for (unsigned i = 0; i < 4; i++) {
        peer_message(&link_, 1, echo_message("nap", 0, bytes, sizeof(bytes)), i == 3);
    }
    cr_assert(peer_send(&link_));
    cr_assert(echo_reaches(&echo.opened, 2));
    peer_message(&other, 1, echo_message("fail", 0, bytes, sizeof(bytes)), false);
    const struct reply *reply = peer_wait(&other, 1);
    cr_expect(reply->grpc == 7 || reply->grpc == 4, "%d", reply->grpc);
    cr_expect_neq(reply->reset, NGHTTP2_CANCEL);
    peer_close(&other);
}

/* It could stay for as long as it answers our PINGs. */
Test(deadline, nobody_revoked_stays_by_taking_nothing)
{
    const struct server_options others = {.certificate = echo.pki.server,
                                          .private_key = echo.pki.server_key,
                                          .client_ca = echo.pki.ca};
    struct peer_link narrow;

    echo_connect_window(&echo, &narrow, 1500);
    peer_headers(&narrow, 1, "/test.Echo/Repeat", NULL, false);
    peer_message(&narrow, 1, echo_message("10", 0, bytes, sizeof(bytes)), true);
    cr_assert(peer_send(&narrow));
    struct reply *reply = peer_reply(&narrow, 1);
    while (reply->bytes < 1500 && peer_read(&narrow)) {
        continue;
    }
    pki_rekey(&echo.pki, true);
    cr_assert_eq(server_reload(echo.server, &others, NULL), SG_OK);
    cr_expect_eq(peer_wait(&narrow, 1)->reset, NGHTTP2_CANCEL);
    peer_close(&narrow);
    cr_expect(echo_reaches(&echo.closed, 1));
}
