#include "gateway/transport/server.h"

#include <criterion/criterion.h>
#include <unistd.h>

#include "tests/unit/transport/support/doorway.h"
#include "tests/unit/transport/support/echo.h"

/* Starting, spreading over loops, stopping. */

TestSuite(server, .init = doorway_make, .fini = doorway_clear, .timeout = 30);

static void expect_refused(const struct server_options *options, enum sg_status status,
                           const char *names)
{
    struct sg_error why = {0};

    cr_expect_eq(server_new(options, &door.server, &why), status);
    cr_expect_null(door.server);
    cr_expect_not_null(strstr(why.text, names), "%s", why.text);
}

Test(server, starts_and_stops_without_a_peer)
{
    struct sg_error why = {0};

    cr_assert_eq(server_new(&door.options, &door.server, &why), SG_OK, "%s", why.text);
    cr_expect_gt(server_port(door.server, 0), 0);
    cr_assert_eq(server_start(door.server, &why), SG_OK);
    cr_expect(server_idle(door.server));
    server_drain(door.server);
    server_drain(door.server);
    for (int i = 0; i < 500 && !server_idle(door.server); i++) {
        (void)usleep(2000);
    }
    cr_expect(server_idle(door.server));
    server_stop(door.server);
    server_stop(door.server);
}

Test(server, may_be_freed_without_a_start)
{
    cr_assert_eq(server_new(&door.options, &door.server, NULL), SG_OK);
}

Test(server, names_the_missing_certificate)
{
    door.options.certificate = "/nowhere/server.pem";
    expect_refused(&door.options, SG_NOT_FOUND, "/nowhere/server.pem");
}

Test(server, names_the_file_that_is_no_certificate)
{
    door.options.certificate = door.pki.server_key;
    expect_refused(&door.options, SG_INVALID, door.pki.server_key);
}

Test(server, refuses_the_key_of_another_certificate)
{
    door.options.private_key = door.pki.client_key;
    expect_refused(&door.options, SG_INVALID, door.pki.client_key);
}

Test(server, refuses_client_issuers_without_a_certificate)
{
    door.options.client_ca = door.pki.server_key;
    expect_refused(&door.options, SG_INVALID, door.pki.server_key);
}

Test(server, refuses_a_host_name_as_address)
{
    door.listener.address = "localhost";
    expect_refused(&door.options, SG_INVALID, "localhost");
}

Test(server, says_that_the_port_is_taken)
{
    struct server *other = NULL;

    cr_assert_eq(server_new(&door.options, &other, NULL), SG_OK);
    door.listener.port = server_port(other, 0);
    expect_refused(&door.options, SG_IO, "another server");
    server_free(other);
}

Test(server, listens_on_ipv6)
{
    struct sg_error why = {0};

    door.listener.address = "::1";
    enum sg_status status = server_new(&door.options, &door.server, &why);
    cr_expect(status == SG_OK || strstr(why.text, "assign") != NULL ||
                  strstr(why.text, "family") != NULL,
              "%s", why.text);
}

Test(server, stop_does_not_wait_for_unfinished_handshakes)
{
    cr_assert_eq(server_new(&door.options, &door.server, NULL), SG_OK);
    cr_assert_eq(server_start(door.server, NULL), SG_OK);
    int fd = plain_connect(server_port(door.server, 0));
    for (int i = 0; i < 100 && server_counts(door.server).connections_opened == 0; i++) {
        (void)usleep(2000);
    }
    server_stop(door.server);
    cr_expect_eq(server_counts(door.server).connections_opened, 1);
    (void)close(fd);
}

Test(server, stop_does_not_wait_for_a_peer_that_reads_nothing)
{
    struct echo echo;
    struct peer_link deaf;
    uint8_t bytes[64];

    echo_start(&echo, NULL);
    echo_connect(&echo, &deaf);
    peer_headers(&deaf, 1, "/test.Echo/Spill", NULL, false);
    peer_message(&deaf, 1, echo_message("6", 0, bytes, sizeof(bytes)), true);
    (void)peer_send(&deaf);
    cr_assert(echo_reaches(&echo.opened, 1));
    server_stop(echo.server);
    cr_expect_eq(atomic_load(&echo.closed), 1);
    peer_close(&deaf);
    echo_stop(&echo);
}

Test(server, connections_are_spread_over_the_loops)
{
    struct echo echo;
    struct peer_link links[6];
    unsigned on_first = 0;

    echo_start_loops(&echo, NULL, 2);
    for (uint32_t i = 0; i < SG_COUNT(links); i++) {
        echo_connect(&echo, &links[i]);
        cr_expect_eq(echo_call(&links[i], 1), 0);
        on_first += echo.last.loop == 0 ? 1 : 0;
    }
    cr_expect_eq(on_first, 3);
    cr_expect_eq(server_counts(echo.server).calls_started, 6);
    for (size_t i = 0; i < SG_COUNT(links); i++) {
        peer_close(&links[i]);
    }
    echo_stop(&echo);
}

Test(server, calls_decide_between_loops_with_as_many_connections)
{
    struct echo echo;
    struct peer_link links[3];

    echo_start_loops(&echo, NULL, 2);
    for (uint32_t i = 0; i < 2; i++) {
        echo_connect(&echo, &links[i]);
        cr_expect_eq(echo_call(&links[i], 1), 0);
    }
    cr_expect_eq(echo.last.loop, 1);
    peer_headers(&links[0], 3, "/test.Echo/Chat", NULL, false);
    (void)peer_send(&links[0]);
    cr_assert(echo_reaches(&echo.opened, 3));
    cr_expect_eq(echo.last.loop, 0, "that one is busy now");
    echo_connect(&echo, &links[2]);
    cr_expect_eq(echo_call(&links[2], 1), 0);
    cr_expect_eq(echo.last.loop, 1);
    for (size_t i = 0; i < SG_COUNT(links); i++) {
        peer_close(&links[i]);
    }
    echo_stop(&echo);
}

Test(server, name_of_nothing_resolves_to_nothing)
{
    cr_assert_eq(server_new(&door.options, &door.server, NULL), SG_OK);
    cr_expect_null(server_call(door.server, (struct grpc_name){0}));
    cr_expect_null(server_call(door.server, (struct grpc_name){.loop = 9}));
    cr_expect_null(
        server_call(door.server, (struct grpc_name){.connection = UINT32_MAX}));
}

struct ticking {
    atomic_uint count;
    pthread_t main_thread;
    atomic_bool elsewhere;
};

static void on_tick(void *context)
{
    struct ticking *ticking = (struct ticking *)context;

    atomic_store(&ticking->elsewhere,
                 pthread_equal(pthread_self(), ticking->main_thread) == 0);
    (void)atomic_fetch_add(&ticking->count, 1);
}

Test(server, ticks_again_and_again_on_the_thread_of_the_loop)
{
    static struct ticking ticking;

    ticking.main_thread = pthread_self();
    cr_assert_eq(server_new(&door.options, &door.server, NULL), SG_OK);
    server_every(door.server, 0, 10, on_tick, &ticking);
    cr_assert_eq(server_start(door.server, NULL), SG_OK);
    cr_expect(echo_reaches(&ticking.count, 3));
    cr_expect(atomic_load(&ticking.elsewhere));
    server_stop(door.server);
}
