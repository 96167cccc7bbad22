#include "gateway/transport/server.h"

#include <stdlib.h>

#include "gateway/clock.h"
#include "gateway/transport/acceptor.h"
#include "gateway/transport/call.h"
#include "gateway/transport/tls.h"

struct server {
    struct setup setup;
    struct acceptor acceptors[SERVER_LISTENERS_MAX];
    size_t acceptor_count;
    struct loop *loops; /* owned */
    unsigned loop_count;
};

static enum sg_status make_loops(struct server *server, unsigned count)
{
    server->loops = (struct loop *)calloc(count, sizeof(*server->loops));
    if (server->loops == NULL) {
        return SG_NO_MEMORY;
    }
    for (unsigned i = 0; i < count; i++) {
        server->loop_count = i + 1;
        TRY(loop_init(&server->loops[i], &server->setup, i));
    }
    return SG_OK;
}

static enum sg_status bind_all(struct server *server,
                               const struct server_options *options, struct sg_error *why)
{
    for (size_t i = 0; i < options->listener_count; i++) {
        server->acceptor_count = i + 1;
        TRY(acceptor_bind(&server->acceptors[i], &options->listeners[i],
                          options->unix_mode, why));
    }
    return SG_OK;
}

/* On the first loop: closes all listeners. */
static void close_listeners(void *context)
{
    struct server *server = (struct server *)context;

    for (size_t i = 0; i < server->acceptor_count; i++) {
        acceptor_close(&server->acceptors[i]);
    }
}

static enum sg_status attach_all(struct server *server,
                                 const struct server_options *options,
                                 struct sg_error *why)
{
    for (size_t i = 0; i < server->acceptor_count; i++) {
        struct acceptor *acceptor = &server->acceptors[i];
        acceptor->loops = server->loops;
        acceptor->loop_count = server->loop_count;
        acceptor->limit = options->limits.connections;
        if (acceptor_attach(acceptor) != SG_OK) {
            return sg_fail(why, SG_NO_MEMORY, "there is no memory for the listener");
        }
    }
    server->loops[0].on_drain = close_listeners;
    server->loops[0].on_drain_context = server;
    return SG_OK;
}

static enum sg_status build(struct server *server, const struct server_options *options,
                            struct sg_error *why)
{
    MUST(options->listener_count >= 1 && options->listener_count <= SERVER_LISTENERS_MAX);
    TRY(setup_init(&server->setup, options, why));
    TRY(bind_all(server, options, why));
    if (make_loops(server, options->loops == 0 ? 1 : options->loops) != SG_OK) {
        return sg_fail(why, SG_NO_MEMORY, "there is no memory for the I/O loops");
    }
    return attach_all(server, options, why);
}

enum sg_status server_new(const struct server_options *options, struct server **out,
                          struct sg_error *why)
{
    struct server *server = (struct server *)calloc(1, sizeof(*server));

    if (server == NULL) {
        return sg_fail(why, SG_NO_MEMORY, "there is no memory for the server");
    }
    enum sg_status status = build(server, options, why);
    if (status != SG_OK) {
        server_free(server);
        return status;
    }
    *out = server;
    return SG_OK;
}

static enum sg_status check_listeners(const struct server_options *options,
                                      struct sg_error *why)
{
    for (size_t i = 0; i < options->listener_count; i++) {
        TRY(acceptor_check(&options->listeners[i], why));
    }
    return SG_OK;
}

enum sg_status server_check(const struct server_options *options, struct sg_error *why)
{
    SSL_CTX *tls = NULL;

    TRY(check_listeners(options, why));
    enum sg_status status = tls_context(options, &tls, why);
    SSL_CTX_free(tls);
    return status;
}

enum sg_status server_check_dates(const struct server_options *options,
                                  struct sg_error *why)
{
    SSL_CTX *tls = NULL;

    if (!setup_speaks_tls(options)) {
        return SG_OK;
    }
    TRY(tls_context(options, &tls, why));
    enum sg_status status = tls_check_dates(options, tls, why);
    SSL_CTX_free(tls);
    return status;
}

void server_validity(const struct server *server, struct validity *out)
{
    trust_validity(server->setup.trust, out);
}

struct server_renewal {
    SSL_CTX *tls; /* owned; NULL: no listener speaks TLS */
};

void server_renewal_free(struct server_renewal *renewal)
{
    if (renewal != NULL) {
        SSL_CTX_free(renewal->tls);
        free(renewal);
    }
}

/* Whether TLS is spoken was decided when the listeners were made. The files must be good
 * all the same: the next start reads them. */
enum sg_status server_prepare(const struct server *server,
                              const struct server_options *options,
                              struct server_renewal **out, struct sg_error *why)
{
    struct server_renewal *renewal = (struct server_renewal *)calloc(1, sizeof(*renewal));

    if (renewal == NULL) {
        return sg_fail(why, SG_NO_MEMORY, "there is no memory for a reload");
    }
    enum sg_status status = check_listeners(options, why);
    if (status == SG_OK) {
        status = tls_context(options, &renewal->tls, why);
    }
    if (status == SG_OK && server->setup.speaks_tls) {
        status = tls_check_dates(options, renewal->tls, why);
    }
    if (status != SG_OK) {
        server_renewal_free(renewal);
        return status;
    }
    if (!server->setup.speaks_tls) {
        SSL_CTX_free(renewal->tls);
        renewal->tls = NULL;
    }
    *out = renewal;
    return SG_OK;
}

void server_renew(struct server *server, struct server_renewal *renewal)
{
    MUST(renewal != NULL);
    trust_renew(server->setup.trust, renewal->tls);
    free(renewal);
    for (unsigned i = 0; i < server->loop_count; i++) {
        /* Without memory they are judged when they call next. */
        (void)loop_tell(&server->loops[i], NOTE_JUDGE);
    }
}

enum sg_status server_reload(struct server *server, const struct server_options *options,
                             struct sg_error *why)
{
    struct server_renewal *renewal = NULL;

    TRY(server_prepare(server, options, &renewal, why));
    server_renew(server, renewal);
    return SG_OK;
}

uint16_t server_port(const struct server *server, size_t listener)
{
    MUST(listener < server->acceptor_count);
    return server->acceptors[listener].port;
}

static void on_watched(evutil_socket_t fd, short what, void *context)
{
    struct loop *loop = (struct loop *)context;

    (void)fd;
    (void)what;
    loop->on_wake(loop->wake_context);
}

void server_watch(struct server *server, unsigned loop_index, int fd,
                  void (*on_wake)(void *context), void *context)
{
    MUST(loop_index < server->loop_count);
    struct loop *loop = &server->loops[loop_index];
    MUST(loop->watch == NULL && !loop->running);

    loop->on_wake = on_wake;
    loop->wake_context = context;
    loop->watch = event_new(loop->base, fd, EV_READ | EV_PERSIST, on_watched, loop);
    MUST(loop->watch != NULL && event_add(loop->watch, NULL) == 0);
}

static void on_period(evutil_socket_t fd, short what, void *context)
{
    struct loop *loop = (struct loop *)context;

    (void)fd;
    (void)what;
    atomic_store_explicit(&loop->beat_us, clock_mono_us(), memory_order_relaxed);
    loop->on_tick(loop->tick_context);
}

void server_every(struct server *server, unsigned loop_index, unsigned period_ms,
                  void (*on_tick)(void *context), void *context)
{
    const struct timeval period = {.tv_sec = period_ms / 1000,
                                   .tv_usec = (suseconds_t)(period_ms % 1000) * 1000};

    MUST(loop_index < server->loop_count);
    struct loop *loop = &server->loops[loop_index];
    MUST(loop->tick == NULL && !loop->running);

    loop->on_tick = on_tick;
    loop->tick_context = context;
    loop->tick = event_new(loop->base, -1, EV_PERSIST, on_period, loop);
    MUST(loop->tick != NULL && event_add(loop->tick, &period) == 0);
}

enum sg_status server_start(struct server *server, struct sg_error *why)
{
    for (unsigned i = 0; i < server->loop_count; i++) {
        atomic_store(&server->loops[i].beat_us, clock_mono_us());
        if (loop_start(&server->loops[i]) != SG_OK) {
            server_stop(server);
            return sg_fail(why, SG_NO_MEMORY,
                           "I/O thread %u could not be started; is the limit of threads "
                           "reached?",
                           i);
        }
    }
    return SG_OK;
}

int64_t server_beat_us(const struct server *server)
{
    int64_t oldest_us = INT64_MAX;

    for (unsigned i = 0; i < server->loop_count; i++) {
        int64_t beat_us =
            atomic_load_explicit(&server->loops[i].beat_us, memory_order_relaxed);
        oldest_us = beat_us < oldest_us ? beat_us : oldest_us;
    }
    return oldest_us;
}

struct grpc_call *server_call(struct server *server, struct grpc_name name)
{
    if (name.loop >= server->loop_count ||
        name.connection >= server->loops[name.loop].slot_count) {
        return NULL;
    }
    const struct conn_slot *slot = &server->loops[name.loop].slots[name.connection];
    if (slot->conn == NULL || slot->generation != name.generation ||
        slot->conn->session == NULL || name.stream > INT32_MAX) {
        return NULL;
    }
    struct grpc_call *call = (struct grpc_call *)nghttp2_session_get_stream_user_data(
        slot->conn->session, (int32_t)name.stream);
    return call == NULL || call->ended ? NULL : call;
}

void server_drain(struct server *server)
{
    for (unsigned i = 0; i < server->loop_count; i++) {
        loop_drain(&server->loops[i]);
    }
}

/* Between the two GOAWAY of a drain a client may still begin a call in good faith. */
static bool loop_idle(const struct loop *loop)
{
    bool settled = !atomic_load(&loop->drain_asked) || atomic_load(&loop->drain_told);

    return settled && atomic_load(&loop->busy) == 0;
}

bool server_idle(const struct server *server)
{
    for (unsigned i = 0; i < server->loop_count; i++) {
        if (!loop_idle(&server->loops[i])) {
            return false;
        }
    }
    return true;
}

void server_stop(struct server *server)
{
    for (unsigned i = 0; i < server->loop_count; i++) {
        if (server->loops[i].running) {
            loop_stop(&server->loops[i]);
        }
    }
    for (unsigned i = 0; i < server->loop_count; i++) {
        loop_join(&server->loops[i]);
    }
}

void server_free(struct server *server)
{
    if (server == NULL) {
        return;
    }
    server_stop(server);
    close_listeners(server);
    for (unsigned i = 0; i < server->loop_count; i++) {
        loop_fini(&server->loops[i]);
    }
    setup_fini(&server->setup);
    free(server->loops);
    free(server);
}

static uint64_t sum(const struct server *server, size_t offset)
{
    uint64_t total = 0;

    for (unsigned i = 0; i < server->loop_count; i++) {
        const char *counts = (const char *)&server->loops[i].counts;
        total += atomic_load_explicit(
            (const atomic_uint_fast64_t *)(const void *)(counts + offset),
            memory_order_relaxed);
    }
    return total;
}

struct server_counts server_counts(const struct server *server)
{
    struct server_counts counts = {
        .connections_opened = sum(server, offsetof(struct loop_counts, opened)),
        .handshakes_failed = sum(server, offsetof(struct loop_counts, handshakes_failed)),
        .calls_started = sum(server, offsetof(struct loop_counts, started)),
        .calls_refused = sum(server, offsetof(struct loop_counts, refused)),
        .connections_cut = sum(server, offsetof(struct loop_counts, cut)),
        .handshakes = sum(server, offsetof(struct loop_counts, handshakes)),
        .calls = sum(server, offsetof(struct loop_counts, calls)),
        .output_bytes = sum(server, offsetof(struct loop_counts, output_bytes)),
        .input_bytes = sum(server, offsetof(struct loop_counts, input_bytes)),
    };

    for (size_t i = 0; i < LIMIT_COUNT; i++) {
        counts.refused[i] = sum(server, offsetof(struct loop_counts, limits) +
                                            i * sizeof(atomic_uint_fast64_t));
    }
    for (unsigned i = 0; i < server->loop_count; i++) {
        counts.connections += atomic_load(&server->loops[i].connections);
    }
    return counts;
}
