#include <criterion/criterion.h>
#include <time.h>

#include "tests/unit/transport/support/echo.h"

/* What the identify hook returns goes back by the release hook, once for each. */

static struct echo echo;
static struct peer_link link_;

static void start(void)
{
    echo_start(&echo, NULL);
    echo_connect(&echo, &link_);
    cr_assert_eq(echo_call(&link_, 1), 0);
    cr_assert_eq(atomic_load(&echo.known), 1);
}

TestSuite(callers, .init = start, .timeout = 30);

static bool sinks_to(unsigned count)
{
    const struct timespec nap = {.tv_nsec = 1000000};

    for (int i = 0; i < 5000 && atomic_load(&echo.known) > count; i++) {
        (void)nanosleep(&nap, NULL);
    }
    return atomic_load(&echo.known) == count;
}

Test(callers, are_released_with_their_connections)
{
    struct peer_link other;

    echo_connect(&echo, &other);
    cr_assert_eq(echo_call(&other, 1), 0);
    cr_expect_eq(atomic_load(&echo.known), 2);
    peer_close(&other);
    cr_expect(sinks_to(1));
    peer_close(&link_);
    cr_expect(sinks_to(0));
    echo_stop(&echo);
}

/* Who it is is asked again: the one before is released. */
Test(callers, are_released_when_others_take_their_place)
{
    const struct server_options options = {.certificate = echo.pki.server,
                                           .private_key = echo.pki.server_key,
                                           .client_ca = echo.pki.ca};
    struct sg_error why = {0};

    for (uint32_t i = 1; i <= 3; i++) {
        cr_assert_eq(server_reload(echo.server, &options, &why), SG_OK, "%s", why.text);
        cr_expect_eq(echo_call(&link_, 2 * i + 1), 0);
        cr_expect_eq(atomic_load(&echo.face), i + 1, "it was asked again");
        cr_expect_eq(atomic_load(&echo.known), 1);
    }
    peer_close(&link_);
    echo_stop(&echo);
}
