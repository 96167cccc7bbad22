#include "gateway/transport/conn.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gateway/clock.h"
#include "gateway/transport/handshake.h"
#include "gateway/transport/link.h"
#include "gateway/transport/output.h"
#include "gateway/transport/session.h"
#include "gateway/transport/tls.h"
#include "gateway/transport/upkeep.h"

static struct timeval milliseconds(uint32_t ms)
{
    return (struct timeval){.tv_sec = ms / 1000,
                            .tv_usec = (suseconds_t)(ms % 1000) * 1000};
}

void conn_arm(struct conn *conn, uint32_t ms)
{
    struct timeval time = milliseconds(ms);

    (void)event_add(&conn->timer, &time);
}

static void bury(struct conn *conn)
{
    (void)event_del(&conn->read_event);
    (void)event_del(&conn->write_event);
    (void)event_del(&conn->timer);
    conn->state = CONN_DEAD;
    output_block(conn, false);
    output_drop(conn);
    (void)close(conn->fd);
    loop_leave(conn->loop, conn);
}

void conn_set_caller(struct conn *conn, void *caller)
{
    const struct setup *setup = conn->loop->setup;

    if (conn->caller != NULL && setup->release != NULL) {
        setup->release(conn->caller);
    }
    conn->caller = caller;
}

void conn_free(struct conn *conn)
{
    conn_set_caller(conn, NULL);
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
    (void)event_del(&conn->read_event);
    conn->state = CONN_LINGER;
    loop_forget(conn->loop, conn);
    (void)shutdown(conn->fd, SHUT_WR);
    conn->linger_ms = LINGER_FIRST_MS;
    conn_arm(conn, conn->linger_ms);
}

/* All callers that nobody knows are one. */
static const void *guest_of(const struct conn *conn)
{
    const struct setup *setup = conn->loop->setup;

    return conn->caller != NULL && setup->identity != NULL ? setup->identity(conn->caller)
                                                           : conn->caller;
}

/* False: the caller has as many connections as it may, or there is no memory. */
static bool take_place(struct conn *conn)
{
    const struct setup *setup = conn->loop->setup;

    conn->placed = guests_enter(setup->guests, conn->guest,
                                setup->limits.connections_per_caller) == SG_OK;
    if (!conn->placed) {
        count_refused(conn->loop, LIMIT_CALLER);
        conn->cut_code = NGHTTP2_ENHANCE_YOUR_CALM;
        conn->cut_why = "this caller has as many connections as it may have; calls can "
                        "share one";
    }
    return conn->placed;
}

static void leave_place(struct conn *conn)
{
    if (conn->placed) {
        conn->placed = false;
        guests_leave(conn->loop->setup->guests, conn->guest);
    }
}

void conn_close(struct conn *conn, bool linger)
{
    if (conn->state == CONN_DEAD || (linger && conn->state == CONN_LINGER)) {
        return;
    }
    leave_place(conn);
    upkeep_end(conn);
    if (conn->session != NULL) {
        session_close(conn);
    }
    if (conn->share != NULL) {
        share_leave(&conn->loop->shared, conn->share);
        conn->share = NULL;
    }
    if (conn->state == CONN_OPEN && linger) {
        link_shut(conn);
    }
    if (!linger) {
        bury(conn);
        return;
    }
    linger_on(conn);
    /* It counts for its caller no more. Who comes in while all go is in nobody's way. */
    if (!conn->loop->draining && !conn->loop->stopping) {
        loop_linger(conn->loop, conn);
    }
}

static void on_writable(evutil_socket_t fd, short what, void *context)
{
    struct conn *conn = (struct conn *)context;

    (void)fd;
    (void)what;
    if (conn->state == CONN_HANDSHAKE) {
        loop_mark_step(conn->loop, conn);
        return;
    }
    loop_mark_dirty(conn->loop, conn);
    conn_read(conn);
}

/* TLS has nothing to give for now; the peer may have broken a rule within it. */
static bool end_read(struct conn *conn)
{
    if (conn->cut_why != NULL) {
        conn_cut(conn);
    }
    return false;
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
        return end_read(conn);
    case TLS_WANTS_WRITE:
        output_block(conn, true);
        (void)event_add(&conn->write_event, NULL);
        (void)event_del(&conn->read_event);
        return end_read(conn);
    case TLS_PEER_LEFT:
    case TLS_BROKEN:
        conn_close(conn, false);
        return false;
    }
    loop_mark_dirty(conn->loop, conn);
    conn->heard = true;
    if (!session_receive(conn, slice_of(record, len))) {
        conn_cut(conn);
        return false;
    }
    return true;
}

/* What a record inflates to can be a thousand times its size. */
static void read_open(struct conn *conn)
{
    uint64_t before = conn->share->inflated;
    unsigned reads = 0;

    while (reads++ < READS_A_TURN && conn->share->inflated - before < INFLATED_A_TURN) {
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

void conn_read(struct conn *conn)
{
    if (conn->state == CONN_OPEN) {
        read_open(conn);
    }
}

/* A step costs up to a millisecond of cryptography: many clients that come at once have
 * theirs one by one, between the turns of those that are there. */
static void on_readable(evutil_socket_t fd, short what, void *context)
{
    struct conn *conn = (struct conn *)context;

    (void)fd;
    (void)what;
    if (conn->state == CONN_HANDSHAKE) {
        loop_mark_step(conn->loop, conn);
        return;
    }
    conn_read(conn);
    if (conn->state == CONN_OPEN && conn->stage_from < conn->stage_to) {
        loop_mark_dirty(conn->loop, conn);
    }
}

void conn_step(struct conn *conn)
{
    handshake_step(conn);
    if (conn->state == CONN_HANDSHAKE || conn->state == CONN_OPEN) {
        (void)event_add(&conn->read_event, NULL);
    }
}

/* Looked at now and then, not whenever something comes: a peer that goes on sending is
 * not worth a turn of the loop for each packet. False: it is over. */
static bool linger_more(struct conn *conn)
{
    ssize_t len = 0;

    while (conn->lingered <= LINGER_BYTES &&
           (len = recv(conn->fd, conn->loop->record, TLS_RECORD, MSG_DONTWAIT)) > 0) {
        conn->lingered += (size_t)len;
    }
    conn->linger_ms *= 2;
    return len < 0 && (errno == EAGAIN || errno == EINTR) &&
           conn->linger_ms <= LINGER_LAST_MS;
}

static void linger_tick(struct conn *conn)
{
    if (linger_more(conn)) {
        conn_arm(conn, conn->linger_ms);
    } else {
        conn_close(conn, false);
    }
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
        upkeep_tick(conn);
        break;
    case CONN_LINGER:
        linger_tick(conn);
        break;
    case CONN_DEAD:
        break;
    }
}

static bool set_budgets(struct conn *conn)
{
    struct loop *loop = conn->loop;
    const struct server_limits *limits = &loop->setup->limits;

    conn->guest = guest_of(conn);
    conn->share = share_enter(&loop->shared, conn->guest);
    if (conn->share == NULL) {
        return false;
    }
    conn->input = (struct budget){.cap = limits->input_bytes,
                                  .parent = &conn->share->input,
                                  .refusals = &loop->counts.limits[LIMIT_INPUT]};
    conn->output = (struct budget){.cap = limits->output_bytes,
                                   .parent = &conn->share->output,
                                   .refusals = &loop->counts.limits[LIMIT_OUTPUT]};
    return true;
}

/* The handshake is over. */
void conn_opened(struct conn *conn)
{
    struct loop *loop = conn->loop;

    loop_forget(loop, conn);
    conn->state = CONN_OPEN;
    (void)event_del(&conn->write_event);
    if (!set_budgets(conn) || session_open(conn) != SG_OK) {
        conn_close(conn, false);
        return;
    }
    upkeep_begin(conn);
    loop_mark_dirty(loop, conn);
    if (!take_place(conn)) {
        conn_cut(conn);
        return;
    }
    if (atomic_load(&loop->drain_told)) {
        upkeep_send_away(conn);
    } else if (loop->draining) {
        upkeep_ask_to_go(conn);
    }
    conn_read(conn);
}

static bool prepare(struct conn *conn, bool plain)
{
    struct event_base *base = conn->loop->base;

    if (plain) {
        conn->trusted = trust_generation(conn->loop->setup->trust);
    } else {
        conn->ssl = trust_connection(conn->loop->setup->trust, &conn->trusted);
    }
    return (plain || conn->ssl != NULL) && link_begin(conn) &&
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
    conn_arm(conn, loop->setup->limits.handshake_ms);
    (void)event_add(&conn->read_event, NULL);
    if (plain) {
        handshake_skip(conn);
    } else {
        handshake_make_room(loop);
    }
}
