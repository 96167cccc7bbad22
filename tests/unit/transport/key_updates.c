#include <criterion/criterion.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <time.h>

#include "tests/unit/transport/support/bounds.h"

/* A client may ask for new keys at any time (RFC 8446 section 4.6.3). OpenSSL does the
 * work within a read that has no data to return, and answers before it goes on. */

static struct bounds b;
static atomic_bool over;

static void init(void)
{
    b.limits = SERVER_LIMITS_DEFAULT;
    atomic_store(&over, false);
}

static void stop(void)
{
    bounds_stop(&b);
}

TestSuite(key_updates, .init = init, .fini = stop, .timeout = 120);

static bool update(struct peer_link *link, int kind)
{
    return SSL_key_update(link->ssl, kind) == 1 && SSL_do_handshake(link->ssl) == 1;
}

static void repeat(struct peer_link *link, int kind, size_t count)
{
    while (count-- > 0) {
        cr_assert(update(link, kind));
    }
}

Test(key_updates, limit_is_kept_or_exceeded_by_one)
{
    b.limits.key_updates_per_minute = 5;
    bounds_start(&b);
    repeat(&b.fine, SSL_KEY_UPDATE_REQUESTED, 5);
    cr_expect_eq(echo_call(&b.fine, 1), 0);
    repeat(&b.over, SSL_KEY_UPDATE_REQUESTED, 6);
    bounds_cut(&b, LIMIT_KEY_UPDATES, "too many key updates of TLS");
}

static void *flood(void *context)
{
    struct peer_link *link = (struct peer_link *)context;

    while (!atomic_load(&over) && update(link, SSL_KEY_UPDATE_REQUESTED)) {
        continue;
    }
    return NULL;
}

/* Whoever is served at all is served within the two seconds that a peer waits. */
Test(key_updates, who_floods_with_them_has_no_loop_for_himself)
{
    pthread_t thread;
    struct timespec nap = {.tv_nsec = 20000000};

    b.limits.key_updates_per_minute = 1000000;
    bounds_start(&b);
    cr_assert_eq(pthread_create(&thread, NULL, flood, &b.over), 0);
    for (uint32_t i = 0; i < 40; i++) {
        cr_expect_eq(echo_call(&b.fine, 2 * i + 1), 0, "call %u", i);
        (void)nanosleep(&nap, NULL);
    }
    atomic_store(&over, true);
    cr_assert_eq(pthread_join(thread, NULL), 0);
}

static int64_t cpu_ms(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static in_port_t port_of(int (*name)(int, struct sockaddr *, socklen_t *), int fd)
{
    struct sockaddr_in in = {.sin_family = AF_UNSPEC};
    socklen_t len = sizeof(in);

    return name(fd, (struct sockaddr *)(void *)&in, &len) == 0 && in.sin_family == AF_INET
               ? in.sin_port
               : 0;
}

/* The server is in this process: its end is the one whose peer has our port. Otherwise
 * the kernel would take megabytes from it, record by record. */
static void let_the_server_send_little(void)
{
    enum { FILES = 1024 };
    const int bytes = 4096;
    in_port_t ours = port_of(getsockname, b.over.fd);
    unsigned found = 0;

    for (int fd = 0; fd < FILES; fd++) {
        if (fd != b.over.fd && port_of(getpeername, fd) == ours) {
            cr_assert_eq(setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes)), 0);
            found++;
        }
    }
    cr_assert_eq(found, 1);
}

/* Another one in the place of over, for which the kernel takes little on both sides. */
static void take_little(void)
{
    const struct peer_options options = {.port = server_port(b.echo.server, 0),
                                         .ca = b.echo.pki.ca,
                                         .cert = b.echo.pki.client,
                                         .key = b.echo.pki.client_key,
                                         .receive_bytes = 4096};

    peer_close(&b.over);
    cr_assert(peer_open(&b.over, &options));
    let_the_server_send_little();
}

static bool some_updates(size_t count)
{
    while (count > 0 && update(&b.over, SSL_KEY_UPDATE_REQUESTED)) {
        count--;
    }
    return count == 0;
}

/* Until the server has to wait with its own, and some more, which stay in its socket. The
 * peer may have to wait itself: then it gives up. */
static void update_until_it_waits(void)
{
    enum { LOOKS = 20 }; /* one alone may see it wait for the kernel's sake */
    const struct timespec nap = {.tv_nsec = 3000000};
    unsigned waits = 0;

    for (size_t i = 0; i < 2000 && waits < LOOKS; i++) {
        waits = server_idle(b.echo.server) ? 0 : waits + 1;
        if (waits == 0 && !some_updates(20)) {
            break;
        }
        (void)nanosleep(&nap, NULL);
    }
    cr_assert_eq(waits, LOOKS, "the server never waited");
    (void)some_updates(50);
}

/* The server cannot write its keys, and so not read either; meanwhile its socket stays
 * readable. */
Test(key_updates, who_does_not_read_their_answers_costs_nothing_and_is_cut)
{
    const struct timespec half_second = {.tv_nsec = 500000000};

    b.limits.key_updates_per_minute = 1000000;
    b.limits.write_stall_ms = 1500;
    bounds_start(&b);
    take_little();
    update_until_it_waits();
    int64_t before = cpu_ms();
    (void)nanosleep(&half_second, NULL);
    cr_expect_lt(cpu_ms() - before, 100, "%lld ms for nothing",
                 (long long)(cpu_ms() - before));
    cr_expect_eq(echo_call(&b.fine, 1), 0);
    bounds_counted(&b, LIMIT_STALL, 1);
}
