/* A host name with several addresses, not all of which can be connected to. */
#define _GNU_SOURCE /* NOLINT: the name is the C library's; SOCK_NONBLOCK */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <netdb.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "client/channel/channel.h"
#include "client/channel/moment.h"
#include "tests/unit/client/support/link.h"

LINK_BEFORE_ALL_TESTS
LINK_AFTER_ALL_TESTS

enum { ADDRESSES = 2, WAITING = 8, PATIENCE_MS = 3000 };

static struct sockaddr_in places[ADDRESSES];
static struct addrinfo found[ADDRESSES];

/* Instead of the C library's. */
/* NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name) */
int getaddrinfo(const char *host, const char *port, const struct addrinfo *wanted,
                struct addrinfo **out)
{
    (void)host;
    (void)port;
    for (size_t i = 0; i < ADDRESSES; i++) {
        found[i] = (struct addrinfo){.ai_family = AF_INET,
                                     .ai_socktype = wanted->ai_socktype,
                                     .ai_addr = (struct sockaddr *)(void *)&places[i],
                                     .ai_addrlen = sizeof(places[i]),
                                     .ai_next = i + 1 < ADDRESSES ? &found[i + 1] : NULL};
    }
    *out = found;
    return 0;
}

/* NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name) */
void freeaddrinfo(struct addrinfo *list)
{
    (void)list;
}

static struct sockaddr_in local(uint16_t port)
{
    return (struct sockaddr_in){.sin_family = AF_INET,
                                .sin_port = htons(port),
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

/* A listener whose queue is full: the kernel drops what asks for more. */
static struct sockaddr_in make_full(void)
{
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in at = local(0);
    socklen_t len = sizeof(at);

    cr_assert(listener >= 0 &&
              bind(listener, (struct sockaddr *)(void *)&at, sizeof(at)) == 0 &&
              listen(listener, 0) == 0 &&
              getsockname(listener, (struct sockaddr *)(void *)&at, &len) == 0);
    for (int i = 0; i < WAITING; i++) {
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        cr_assert_geq(fd, 0);
        (void)connect(fd, (struct sockaddr *)(void *)&at, sizeof(at));
    }
    return at; /* the sockets end with this process */
}

Test(addresses, one_that_answers_nothing_leaves_time_for_the_next, .init = find_server)
{
    places[0] = make_full();
    places[1] = local((uint16_t)strtoul(strchr(address, ':') + 1, NULL, 10));
    options.address = "localhost:1";
    options.connect_ms = PATIENCE_MS;
    cr_assert_eq(channel_open(&options, &channel, &why), SG_OK, "%s", why.text);
    channel_close(channel);
}

Test(addresses, all_that_answer_nothing_end_at_the_time_to_connect, .init = find_server)
{
    struct channel *none = NULL;

    places[0] = make_full();
    places[1] = places[0];
    options.address = "localhost:1";
    options.connect_ms = 400;
    int64_t begun_us = moment_mono_us();
    cr_expect_eq(channel_open(&options, &none, &why), SG_IO);
    int64_t took_us = moment_mono_us() - begun_us;
    cr_expect_geq(took_us, 300000);
    cr_expect_lt(took_us, 5000000);
    cr_expect_not_null(strstr(why.text, "no answer came"), "%s", why.text);
}

/* TCP knows no broadcast: for the kernel there is no way to it. */
static struct sockaddr_in nowhere(void)
{
    struct sockaddr_in at = local(1);

    at.sin_addr.s_addr = htonl(INADDR_BROADCAST);
    return at;
}

static void expect_failure(const char *words)
{
    struct channel *none = NULL;

    options.address = "localhost:1";
    options.connect_ms = PATIENCE_MS;
    cr_expect_eq(channel_open(&options, &none, &why), SG_IO);
    cr_expect_not_null(strstr(why.text, words), "%s", why.text);
}

Test(addresses, the_failure_that_says_most_is_told, .init = find_server)
{
    places[0] = nowhere();
    places[1] = nowhere();
    expect_failure("there is no way to that host");
    server_address(&server, "nobody", address);
    places[0] = local((uint16_t)strtoul(strchr(address, ':') + 1, NULL, 10));
    expect_failure("nobody listens there");
    places[1] = places[0];
    places[0] = nowhere();
    expect_failure("nobody listens there");
}
