#include "gateway/transport/conn.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gateway/clock.h"
#include "gateway/transport/handshake.h"
#include "gateway/transport/link.h"
#include "gateway/transport/output.h"
#include "gateway/transport/session.h"
#include "gateway/transport/tls.h"

enum { TICK_MIN_MS = 20, TICK_MAX_MS = 10000, TICKS = 4 };

static struct timeval milliseconds(uint32_t ms)
{
    return (struct timeval){.tv_sec = ms / 1000,
                            .tv_usec = (suseconds_t)(ms % 1000) * 1000};
}

static void arm_timer(struct conn *conn, uint32_t ms)
{
    struct timeval time = milliseconds(ms);

    (void)event_add(&conn->timer, &time);
}

/* Idle and stalled connections are looked for now and then: exact enough, and no timer is
 * moved on the way of a call. */
static uint32_t tick_ms(const struct conn *conn)
{
    const struct server_limits *limits = &conn->loop->setup->limits;
    uint32_t ms = limits->idle_ms < limits->write_stall_ms ? limits->idle_ms
                                                           : limits->write_stall_ms;

    ms /= TICKS;
    ms = ms < TICK_MIN_MS ? TICK_MIN_MS : ms;
    return ms > TICK_MAX_MS ? TICK_MAX_MS : ms;
}

static void bury(struct conn *conn)
{
    (void)event_del(&conn->read_event);
    (void)event_del(&conn->write_event);
    (void)event_del(&conn->timer);
    output_block(conn, false);
    output_drop(conn);
    conn->state = CONN_DEAD;
    (void)close(conn->fd);
    loop_leave(conn->loop, conn);
}

void conn_free(struct conn *conn)
{
    SSL_free(conn->ssl);
    free(conn->stranger);
    free(conn);
}

/* The last words (an alert, a GOAWAY) reach the peer only if the socket is closed after
 * the peer has read them: closing with unread input makes the kernel reset. */
static void linger_on(struct conn *conn)
{
    (void)event_del(&conn->write_event);
    output_block(conn, false);
    output_drop(conn);
    conn->state = CONN_LINGER;
    loop_forget(conn->loop, conn);
    (void)shutdown(conn->fd, SHUT_WR);
    arm_timer(conn, LINGER_MS);
}

void conn_close(struct conn *conn, bool linger)
{
    if (conn->state == CONN_DEAD || (linger && conn->state == CONN_LINGER)) {
        return;
    }
    if (conn->session != NULL) {
        session_close(conn);
    }
    if (conn->state == CONN_OPEN && linger) {
        link_shut(conn);
    }
    if (linger) {
        linger_on(conn);
    } else {
        bury(conn);
    }
}

static void on_writable(evutil_socket_t fd, short what, void *context)
{
    struct conn *conn = (struct conn *)context;

    (void)fd;
    (void)what;
    if (conn->state == CONN_HANDSHAKE) {
        handshake_step(conn);
        return;
    }
    loop_mark_dirty(conn->loop, conn);
    conn_read(conn);
}

/* What a read brought. False: reading ends for this turn. */
static bool take_record(struct conn *conn)
{
    uint8_t *record = conn->loop->record;
    size_t len = 0;

    switch (link_read(conn, record, TLS_RECORD, &len)) {
    case TLS_DONE:
        break;
    case TLS_WANTS_READ:
        return false;
    case TLS_WANTS_WRITE:
        output_block(conn, true);
        return false;
    case TLS_PEER_LEFT:
    case TLS_BROKEN:
        conn_close(conn, false);
        return false;
    }
    loop_mark_dirty(conn->loop, conn);
    if (!session_receive(conn, slice_of(record, len))) {
        conn_cut(conn);
        return false;
    }
    return true;
}

static void read_open(struct conn *conn)
{
    for (unsigned i = 0; i < READS_A_TURN; i++) {
        if (!take_record(conn)) {
            return;
        }
        /* The socket tells when it has more; OpenSSL's own buffer does not. */
        if (!link_pending(conn)) {
            return;
        }
    }
    loop_mark_again(conn->loop, conn);
}

static void read_lingering(struct conn *conn)
{
    ssize_t len = read(conn->fd, conn->loop->record, TLS_RECORD);

    if (len > 0) {
        conn->lingered += (size_t)len;
    }
    if (len == 0 || conn->lingered > LINGER_BYTES) {
        conn_close(conn, false);
    }
}

void conn_read(struct conn *conn)
{
    switch (conn->state) {
    case CONN_HANDSHAKE:
        handshake_step(conn);
        break;
    case CONN_OPEN:
        read_open(conn);
        break;
    case CONN_LINGER:
        read_lingering(conn);
        break;
    case CONN_DEAD:
        break;
    }
}

static void on_readable(evutil_socket_t fd, short what, void *context)
{
    struct conn *conn = (struct conn *)context;

    (void)fd;
    (void)what;
    conn_read(conn);
    if (conn->state == CONN_OPEN && conn->stage_from < conn->stage_to) {
        loop_mark_dirty(conn->loop, conn);
    }
}

static void look_after(struct conn *conn)
{
    const struct server_limits *limits = &conn->loop->setup->limits;
    int64_t now_us = clock_mono_us();
    int64_t stall_us = (int64_t)limits->write_stall_ms * 1000;
    bool stalled = (conn->blocked && now_us - conn->output_moved_us >= stall_us) ||
                   (conn->output.used > 0 && now_us - conn->data_moved_us >= stall_us);

    if (stalled) {
        conn->cut_code = NGHTTP2_ENHANCE_YOUR_CALM;
        conn->cut_why = "the peer does not read its answers";
        conn_cut(conn);
        return;
    }
    if (conn->call_count == 0 &&
        now_us - conn->idle_since_us >= (int64_t)limits->idle_ms * 1000) {
        session_goaway(conn);
    }
    arm_timer(conn, tick_ms(conn));
}

static void on_timer(evutil_socket_t fd, short what, void *context)
{
    struct conn *conn = (struct conn *)context;

    (void)fd;
    (void)what;
    switch (conn->state) {
    case CONN_HANDSHAKE:
        handshake_timed_out(conn);
        break;
    case CONN_OPEN:
        look_after(conn);
        break;
    case CONN_LINGER:
    case CONN_DEAD:
        conn_close(conn, false);
        break;
    }
}

/* The handshake is over. */
void conn_opened(struct conn *conn)
{
    loop_forget(conn->loop, conn);
    conn->state = CONN_OPEN;
    conn->idle_since_us = clock_mono_us();
    conn->input = (struct budget){.cap = INPUT_BYTES, .parent = &conn->loop->input};
    conn->output = (struct budget){.cap = conn->loop->setup->limits.output_bytes,
                                   .parent = &conn->loop->output};
    (void)event_del(&conn->write_event);
    arm_timer(conn, tick_ms(conn));
    if (session_open(conn) != SG_OK) {
        conn_close(conn, false);
        return;
    }
    loop_mark_dirty(conn->loop, conn);
    if (atomic_load(&conn->loop->drain_told)) {
        session_goaway(conn);
    }
    conn_read(conn);
}

static bool prepare(struct conn *conn, bool plain)
{
    struct event_base *base = conn->loop->base;

    if (!plain) {
        conn->ssl = trust_connection(conn->loop->setup->trust, &conn->trusted);
    }
    bool good = plain || (conn->ssl != NULL && SSL_set_fd(conn->ssl, conn->fd) == 1);
    return good &&
           event_assign(&conn->read_event, base, conn->fd, EV_READ | EV_PERSIST,
                        on_readable, conn) == 0 &&
           event_assign(&conn->write_event, base, conn->fd, EV_WRITE, on_writable,
                        conn) == 0 &&
           event_assign(&conn->timer, base, -1, 0, on_timer, conn) == 0 &&
           loop_enter(conn->loop, conn) == SG_OK;
}

void conn_open(struct loop *loop, int fd, bool plain, const char *address)
{
    struct conn *conn = (struct conn *)calloc(1, sizeof(*conn));

    if (conn != NULL) {
        *conn = (struct conn){.loop = loop, .fd = fd};
        LIST_INIT(&conn->calls);
        memcpy(conn->address, address, sizeof(conn->address));
    }
    if (conn == NULL || !prepare(conn, plain)) {
        if (conn != NULL) {
            conn_free(conn);
        }
        (void)close(fd);
        atomic_fetch_sub(&loop->connections, 1);
        return;
    }
    count_up(&loop->counts.opened);
    arm_timer(conn, loop->setup->limits.handshake_ms);
    (void)event_add(&conn->read_event, NULL);
    if (plain) {
        handshake_skip(conn);
    } else {
        handshake_make_room(loop);
    }
}
