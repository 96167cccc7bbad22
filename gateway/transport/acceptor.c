#define _GNU_SOURCE  /* NOLINT(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) \
                      */
#include "gateway/transport/acceptor.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gateway/log.h"
#include "gateway/transport/passed.h"

enum { BACKLOG = 512, ACCEPTS_A_TURN = 8, PAUSE_MS = 100 };

static enum sg_status listen_failed(struct sg_error *why,
                                    const struct server_listener *listener)
{
    char reason[128];
    const char *text = strerror_r(errno, reason, sizeof(reason));

    return sg_fail(why, SG_IO,
                   "cannot listen on %s port %u: %s; is another server running there?",
                   listener->address, (unsigned)listener->port, text);
}

static uint16_t port_of(int fd)
{
    struct address address = {.len = sizeof(address.local)};

    return getsockname(fd, &address.any, &address.len) == 0 ? address_port(&address) : 0;
}

static bool bind_port(struct acceptor *acceptor, struct address *address)
{
    const int on = 1;

    return setsockopt(acceptor->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0 &&
           bind(acceptor->fd, &address->any, address->len) == 0 &&
           listen(acceptor->fd, BACKLOG) == 0 &&
           getsockname(acceptor->fd, &address->any, &address->len) == 0;
}

static const char passed_prefix[] = "fd:";

static bool is_passed(const struct server_listener *listener)
{
    return strncmp(listener->address, passed_prefix, sizeof(passed_prefix) - 1) == 0;
}

enum sg_status acceptor_check(const struct server_listener *listener,
                              struct sg_error *why)
{
    struct address address;

    return is_passed(listener)
               ? SG_OK
               : address_parse(listener->address, listener->port, &address, why);
}

enum sg_status acceptor_bind(struct acceptor *acceptor,
                             const struct server_listener *listener, mode_t unix_mode,
                             struct sg_error *why)
{
    struct address address;

    acceptor->fd = -1;
    acceptor->plain = listener->plain;
    if (is_passed(listener)) {
        TRY(passed_take(listener->address + sizeof(passed_prefix) - 1, acceptor->plain,
                        &acceptor->fd, why));
        acceptor->port = port_of(acceptor->fd);
        return SG_OK;
    }
    TRY(address_parse(listener->address, listener->port, &address, why));
    acceptor->fd =
        socket(address.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (acceptor->fd < 0) {
        return listen_failed(why, listener);
    }
    if (address_is_local(&address)) {
        TRY(socket_file_bind(&acceptor->file, acceptor->fd, &address, unix_mode, why));
        return listen(acceptor->fd, BACKLOG) == 0 ? SG_OK : listen_failed(why, listener);
    }
    if (!bind_port(acceptor, &address)) {
        return listen_failed(why, listener);
    }
    acceptor->port = address_port(&address);
    return SG_OK;
}

/* Connections come first, because each stays for long; calls under way decide between
 * loops that have as many. */
static uint64_t load_of(const struct loop *loop)
{
    return (uint64_t)atomic_load(&loop->connections) << 32 | atomic_load(&loop->busy);
}

/* The least loaded loop; NULL when there are too many connections altogether. */
static struct loop *choose_loop(const struct acceptor *acceptor)
{
    struct loop *best = NULL;
    uint64_t least = UINT64_MAX;
    unsigned all = 0;

    for (unsigned i = 0; i < acceptor->loop_count; i++) {
        struct loop *loop = &acceptor->loops[i];
        uint64_t load = load_of(loop);
        all += (unsigned)(load >> 32);
        if (load < least) {
            least = load;
            best = loop;
        }
    }
    return all < acceptor->limit ? best : NULL;
}

static bool give_way(struct loop *loop)
{
    atomic_fetch_add(&loop->giving_way, 1);
    bool told = loop_tell(loop, NOTE_GIVE_WAY);
    atomic_fetch_sub(&loop->giving_way, told ? 0 : 1);
    return told;
}

/* Asks the loop that has most of them to let one unfinished handshake go, unless one was
 * asked already. False: there is none. */
static bool ask_to_give_way(const struct acceptor *acceptor)
{
    struct loop *crowded = NULL;
    uint64_t most = 0;

    for (unsigned i = 0; i < acceptor->loop_count; i++) {
        struct loop *loop = &acceptor->loops[i];
        uint64_t handshakes = atomic_load(&loop->counts.handshakes);
        if (atomic_load(&loop->giving_way) > 0) {
            return true;
        }
        if (handshakes > most) {
            most = handshakes;
            crowded = loop;
        }
    }
    return crowded != NULL && give_way(crowded);
}

/* Full, but with connections that no loop has looked at yet, or that have not proved
 * anything yet: taking those in makes the oldest unfinished handshakes give way. Refusing
 * now would let them crowd out an honest client, so whoever waits in the kernel's queue
 * waits a moment longer. */
static bool room_to_come(const struct acceptor *acceptor)
{
    unsigned all = 0;
    unsigned on_the_way = 0;

    for (unsigned i = 0; i < acceptor->loop_count; i++) {
        all += atomic_load(&acceptor->loops[i].connections);
        on_the_way += atomic_load(&acceptor->loops[i].on_the_way);
    }
    return all >= acceptor->limit && (on_the_way > 0 || ask_to_give_way(acceptor));
}

static void refuse(struct acceptor *acceptor, int fd, const char *address)
{
    struct loop *loop = &acceptor->loops[0];
    char more[24];
    uint64_t skipped = 0;

    count_up(&loop->counts.cut);
    count_refused(loop, LIMIT_CONNECTIONS);
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

static void place(struct acceptor *acceptor, int fd, const struct address *peer)
{
    char address[PEER_ADDRESS_SIZE];
    struct loop *loop = choose_loop(acceptor);

    address_write(peer, address, sizeof(address));
    if (loop == NULL) {
        refuse(acceptor, fd, address);
        return;
    }
    if (!address_is_local(peer)) {
        set_socket(fd);
    }
    loop_adopt(loop, fd, acceptor->plain, address);
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
        struct address peer = {.len = sizeof(peer.local)};
        int client = accept4(fd, &peer.any, &peer.len, SOCK_NONBLOCK | SOCK_CLOEXEC);
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

enum sg_status acceptor_attach(struct acceptor *acceptor)
{
    struct loop *first = &acceptor->loops[0];
    bool good = event_assign(&acceptor->event, first->base, acceptor->fd,
                             EV_READ | EV_PERSIST, on_connection, acceptor) == 0 &&
                event_assign(&acceptor->pause, first->base, -1, 0, on_pause_over,
                             acceptor) == 0 &&
                event_add(&acceptor->event, NULL) == 0;

    acceptor->attached = good;
    return good ? SG_OK : SG_NO_MEMORY;
}

void acceptor_close(struct acceptor *acceptor)
{
    if (acceptor->fd < 0) {
        return;
    }
    if (acceptor->attached) {
        (void)event_del(&acceptor->event);
        (void)event_del(&acceptor->pause);
    }
    socket_file_remove(&acceptor->file);
    (void)close(acceptor->fd);
    acceptor->fd = -1;
}
