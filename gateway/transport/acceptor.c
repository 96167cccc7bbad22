#include "gateway/transport/acceptor.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gateway/log.h"

enum { BACKLOG = 512, ACCEPTS_A_TURN = 64, PAUSE_MS = 100 };

union address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

static bool parse_address(const char *text, uint16_t port, union address *out,
                          socklen_t *len)
{
    *out = (union address){.v6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)}};
    *len = sizeof(out->v6);
    if (inet_pton(AF_INET6, text, &out->v6.sin6_addr) == 1) {
        return true;
    }
    *out = (union address){.v4 = {.sin_family = AF_INET, .sin_port = htons(port)}};
    *len = sizeof(out->v4);
    return inet_pton(AF_INET, text, &out->v4.sin_addr) == 1;
}

static uint16_t port_of(const union address *address)
{
    return ntohs(address->any.sa_family == AF_INET6 ? address->v6.sin6_port
                                                    : address->v4.sin_port);
}

static void write_address(const union address *address, char *out, size_t cap)
{
    char host[INET6_ADDRSTRLEN] = "";
    bool v6 = address->any.sa_family == AF_INET6;
    const void *bytes =
        v6 ? (const void *)&address->v6.sin6_addr : (const void *)&address->v4.sin_addr;

    (void)inet_ntop(address->any.sa_family, bytes, host, sizeof(host));
    (void)snprintf(out, cap, v6 ? "[%s]:%u" : "%s:%u", host, (unsigned)port_of(address));
}

static enum sg_status listen_failed(struct sg_error *why, const char *address,
                                    uint16_t port)
{
    char reason[128];
    const char *text = strerror_r(errno, reason, sizeof(reason));

    return sg_fail(why, SG_IO,
                   "cannot listen on %s port %u: %s; is another server running there?",
                   address, (unsigned)port, text);
}

enum sg_status acceptor_bind(struct acceptor *acceptor, const char *address,
                             uint16_t port, struct sg_error *why)
{
    const int on = 1;
    union address name;
    socklen_t len;

    acceptor->fd = -1;
    if (!parse_address(address, port, &name, &len)) {
        return sg_fail(
            why, SG_INVALID,
            "'%s' is not an IPv4 or IPv6 address; host names are not looked up", address);
    }
    acceptor->fd = socket(name.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
                          IPPROTO_TCP);
    bool good =
        acceptor->fd >= 0 &&
        setsockopt(acceptor->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0 &&
        bind(acceptor->fd, &name.any, len) == 0 && listen(acceptor->fd, BACKLOG) == 0 &&
        getsockname(acceptor->fd, &name.any, &len) == 0;
    if (!good) {
        return listen_failed(why, address, port);
    }
    acceptor->port = port_of(&name);
    return SG_OK;
}

/* The loop with the fewest connections; NULL when there are too many altogether. */
static struct loop *choose_loop(const struct acceptor *acceptor)
{
    struct loop *best = NULL;
    unsigned fewest = UINT32_MAX;
    unsigned all = 0;

    for (unsigned i = 0; i < acceptor->loop_count; i++) {
        unsigned here = atomic_load(&acceptor->loops[i].connections);
        all += here;
        if (here < fewest) {
            fewest = here;
            best = &acceptor->loops[i];
        }
    }
    return all < acceptor->limit ? best : NULL;
}

/* Full, but with connections that no loop has looked at yet: taking those in makes the
 * oldest unfinished handshakes give way. Refusing now would let a burst of them crowd out
 * an honest client, so whoever waits in the kernel's queue waits a moment longer. */
static bool room_to_come(const struct acceptor *acceptor)
{
    unsigned all = 0;
    unsigned on_the_way = 0;

    for (unsigned i = 0; i < acceptor->loop_count; i++) {
        all += atomic_load(&acceptor->loops[i].connections);
        on_the_way += atomic_load(&acceptor->loops[i].on_the_way);
    }
    return all >= acceptor->limit && on_the_way > 0;
}

static void refuse(struct acceptor *acceptor, int fd, const char *address)
{
    struct loop *loop = &acceptor->loops[0];
    char more[24];
    uint64_t skipped = 0;

    count_up(&loop->counts.cut);
    (void)close(fd);
    if (loop_may_log(loop, &skipped)) {
        (void)snprintf(more, sizeof(more), "%llu", (unsigned long long)skipped);
        log_event(LOG_WARN, "connection.refused", "peer", address, "why",
                  "as many connections as allowed are open", "lines_skipped", more, NULL);
    }
}

/* A peer that vanished without a word is noticed after two minutes, also when a stream
 * has nothing to say. */
static void set_socket(int fd)
{
    const int on = 1;
    const int idle_s = 60;
    const int between_s = 20;
    const int probes = 3;

    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    (void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
    (void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle_s, sizeof(idle_s));
    (void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &between_s, sizeof(between_s));
    (void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof(probes));
}

static void place(struct acceptor *acceptor, int fd, const union address *peer)
{
    char address[PEER_ADDRESS_SIZE];
    struct loop *loop = choose_loop(acceptor);

    write_address(peer, address, sizeof(address));
    if (loop == NULL) {
        refuse(acceptor, fd, address);
        return;
    }
    set_socket(fd);
    loop_adopt(loop, fd, address);
}

/* Without free descriptors accept would fail in a busy loop. */
static void pause_accepting(struct acceptor *acceptor)
{
    const struct timeval pause = {.tv_usec = PAUSE_MS * 1000L};

    (void)event_del(&acceptor->event);
    (void)event_add(&acceptor->pause, &pause);
    log_event(LOG_WARN, "accept.paused", "why",
              "no file descriptor is free; raise the limit of open files", NULL);
}

static void on_connection(evutil_socket_t fd, short what, void *context)
{
    struct acceptor *acceptor = (struct acceptor *)context;

    (void)what;
    for (unsigned i = 0; i < ACCEPTS_A_TURN && !room_to_come(acceptor); i++) {
        union address peer = {0};
        socklen_t len = sizeof(peer);
        int client = accept4(fd, &peer.any, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (client >= 0) {
            place(acceptor, client, &peer);
        } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS ||
                   errno == ENOMEM) {
            pause_accepting(acceptor);
            return;
        } else if (errno != ECONNABORTED && errno != EINTR) {
            return;
        }
    }
}

static void on_pause_over(evutil_socket_t fd, short what, void *context)
{
    struct acceptor *acceptor = (struct acceptor *)context;

    (void)fd;
    (void)what;
    (void)event_add(&acceptor->event, NULL);
}

static void on_drain(void *context)
{
    acceptor_close((struct acceptor *)context);
}

enum sg_status acceptor_attach(struct acceptor *acceptor)
{
    struct loop *first = &acceptor->loops[0];
    bool good = event_assign(&acceptor->event, first->base, acceptor->fd,
                             EV_READ | EV_PERSIST, on_connection, acceptor) == 0 &&
                event_assign(&acceptor->pause, first->base, -1, 0, on_pause_over,
                             acceptor) == 0 &&
                event_add(&acceptor->event, NULL) == 0;

    first->on_drain = on_drain;
    first->on_drain_context = acceptor;
    return good ? SG_OK : SG_NO_MEMORY;
}

void acceptor_close(struct acceptor *acceptor)
{
    if (acceptor->fd < 0) {
        return;
    }
    if (acceptor->loops != NULL && acceptor->loops[0].on_drain != NULL) {
        (void)event_del(&acceptor->event);
        (void)event_del(&acceptor->pause);
    }
    (void)close(acceptor->fd);
    acceptor->fd = -1;
}
