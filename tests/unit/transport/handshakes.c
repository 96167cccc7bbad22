#include <criterion/criterion.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "tests/unit/transport/support/bounds.h"
#include "tests/unit/transport/support/late.h"
#include "tests/unit/transport/support/mirror.h"

/* Many clients come at once, as after an outage. Each step of a handshake is work for the
 * processor; who is connected already must not wait for all of them. */

static struct bounds b;

static void init(void)
{
    b.limits = SERVER_LIMITS_DEFAULT;
    bounds_start(&b);
    for (size_t i = 0; i < MIRROR_WATCHED; i++) {
        mirror_watched[i] = (struct pollfd){
            .fd = plain_connect(server_port(b.echo.server, 0)), .events = POLLIN};
    }
    cr_assert(echo_counted(&b.echo, handshakes, MIRROR_WATCHED));
}

static void stop(void)
{
    for (size_t i = 0; i < MIRROR_WATCHED; i++) {
        (void)close(mirror_watched[i].fd);
    }
    bounds_stop(&b);
}

TestSuite(handshakes, .init = init, .fini = stop, .timeout = 30);

/* The first flight of a client, the same for all. */
static void greet_all(void)
{
    uint8_t hello[2048];
    SSL_CTX *tls = SSL_CTX_new(TLS_client_method());
    SSL *ssl = SSL_new(tls);
    BIO *out = BIO_new(BIO_s_mem());

    cr_assert(ssl != NULL && out != NULL);
    SSL_set_bio(ssl, BIO_new(BIO_s_mem()), out);
    SSL_set_connect_state(ssl);
    cr_assert_eq(SSL_set_alpn_protos(ssl, (const uint8_t *)"\2h2", 3), 0);
    cr_assert_lt(SSL_do_handshake(ssl), 0);
    int len = BIO_read(out, hello, sizeof(hello));
    cr_assert_gt(len, 0);
    for (size_t i = 0; i < MIRROR_WATCHED; i++) {
        cr_assert_eq(write(mirror_watched[i].fd, hello, (size_t)len), len);
    }
    SSL_free(ssl);
    SSL_CTX_free(tls);
}

static void say(struct peer_link *link, const char *what)
{
    uint8_t bytes[64];

    peer_headers(link, 1, "/test.Echo/Mirror", NULL, false);
    peer_message(link, 1, echo_message(what, 0, bytes, sizeof(bytes)), true);
    cr_assert(peer_send(link));
}

/* Until the loop does nothing else any more. */
static void hold_the_loop(void)
{
    const struct timespec nap = {.tv_nsec = 1000000};

    say(&b.over, "wait");
    for (unsigned i = 0; i < 2000 && !atomic_load(&mirror_waits); i++) {
        (void)nanosleep(&nap, NULL);
    }
    cr_assert(atomic_load(&mirror_waits));
}

/* What waits when the loop goes on: first the clients that come, then a call. */
Test(handshakes, a_call_does_not_wait_for_all_who_come_at_once)
{
    hold_the_loop();
    greet_all();
    say(&b.fine, "watch");
    atomic_store(&mirror_waits, false);
    const struct reply *reply = peer_wait(&b.fine, 1);
    /* Length prefix, then field 1 of Detail with its length. */
    long first = strtol((const char *)reply->head + 7, NULL, 10);
    cr_expect_gt(reply->bytes, 7);
    cr_expect_lt(first, 8, "%ld clients were served first", first);
}

Test(handshakes, all_who_come_at_once_are_served)
{
    greet_all();
    for (size_t i = 0; i < MIRROR_WATCHED; i++) {
        cr_expect_eq(poll(&mirror_watched[i], 1, 2000), 1, "client %zu", i);
    }
}

/* --- The gateway ends meanwhile ------------------------------------------------------
 */

static struct echo echo;
static struct peer_link late;

static void init_late(void)
{
    echo_start(&echo, NULL);
}

static void stop_late(void)
{
    peer_close(&late);
    echo_stop(&echo);
}

TestSuite(late, .init = init_late, .fini = stop_late, .timeout = 30);

static void drain(void)
{
    const struct timespec nap = {.tv_nsec = 1000000};

    server_drain(echo.server);
    for (unsigned i = 0; i < 5000 && !server_idle(echo.server); i++) {
        (void)nanosleep(&nap, NULL);
    }
    cr_assert(server_idle(echo.server));
}

/* The end of the handshake and a whole call come at once. */
Test(late, call_after_the_drain_is_not_served)
{
    const struct peer_options options = {.port = server_port(echo.server, 0),
                                         .cert = echo.pki.client,
                                         .key = echo.pki.client_key};
    uint8_t bytes[64];

    late_begin(&late, &options);
    drain();
    peer_headers(&late, 1, "/test.Echo/Unary", NULL, false);
    peer_message(&late, 1, echo_message("a", 8, bytes, sizeof(bytes)), true);
    late_finish(&late);
    cr_expect(peer_wait_closed(&late));
    cr_expect_eq(late.goaways, 1);
    cr_expect_eq(late.goaway_last, 0);
    cr_expect_eq(late.goaway_code, NGHTTP2_NO_ERROR);
    cr_expect_eq(atomic_load(&echo.opened), 0);
}
