#include "gateway/transport/loop.h"

#include "gateway/clock.h"
#include "gateway/transport/call.h"

/* Turns of a loop: events collect what is to be done, the end of the turn does it. */

static const struct rate log_rate = {.burst = 20, .per_second = 2};
static const struct timeval at_once = {0};

static void run_ready(struct loop *loop)
{
    struct grpc_call *call;
    size_t count = 0;

    /* Those that become ready meanwhile wait for the next turn. */
    TAILQ_FOREACH(call, &loop->ready, ready_link)
    {
        count++;
    }
    while (count-- > 0 && (call = TAILQ_FIRST(&loop->ready)) != NULL) {
        TAILQ_REMOVE(&loop->ready, call, ready_link);
        call->ready = false;
        call_ready(call);
    }
}

static void publish(struct loop *loop)
{
    struct loop_counts *counts = &loop->counts;

    atomic_store_explicit(&counts->handshakes, loop->handshake_count,
                          memory_order_relaxed);
    atomic_store_explicit(&counts->calls, loop->call_count, memory_order_relaxed);
    atomic_store_explicit(&counts->output_bytes, loop->output.used, memory_order_relaxed);
    atomic_store_explicit(&counts->input_bytes, loop->input.used, memory_order_relaxed);
}

/* The end of a turn: whatever was queued by many events is written once. */
void loop_settle(evutil_socket_t fd, short what, void *context)
{
    struct loop *loop = (struct loop *)context;
    struct conn *conn;

    (void)fd;
    (void)what;
    loop->settling = true;
    run_ready(loop);
    while ((conn = TAILQ_FIRST(&loop->dirty)) != NULL) {
        TAILQ_REMOVE(&loop->dirty, conn, dirty_link);
        conn->dirty = false;
        conn_flush(conn);
    }
    while ((conn = TAILQ_FIRST(&loop->dead)) != NULL) {
        TAILQ_REMOVE(&loop->dead, conn, dead_link);
        conn_free(conn);
    }
    loop->settling = false;
    loop->settle_pending = false;
    publish(loop);
    if (loop->stop_over || (loop->stopping && atomic_load(&loop->connections) == 0)) {
        (void)event_base_loopbreak(loop->base);
    }
}

void loop_touch(struct loop *loop)
{
    if (!loop->settle_pending) {
        loop->settle_pending = true;
        event_active(&loop->settle, 0, 0);
    }
}

void loop_go_on(evutil_socket_t fd, short what, void *context)
{
    struct loop *loop = (struct loop *)context;
    struct conn *conn;
    size_t count = 0;

    (void)fd;
    (void)what;
    TAILQ_FOREACH(conn, &loop->again, again_link)
    {
        count++;
    }
    while (count-- > 0 && (conn = TAILQ_FIRST(&loop->again)) != NULL) {
        TAILQ_REMOVE(&loop->again, conn, again_link);
        conn->queued_again = false;
        loop_mark_dirty(loop, conn);
        conn_read(conn);
    }
    loop_touch(loop);
}

void loop_mark_dirty(struct loop *loop, struct conn *conn)
{
    if (!conn->dirty && conn->state != CONN_DEAD) {
        conn->dirty = true;
        TAILQ_INSERT_TAIL(&loop->dirty, conn, dirty_link);
        loop_touch(loop);
    }
}

void loop_mark_again(struct loop *loop, struct conn *conn)
{
    if (!conn->queued_again) {
        conn->queued_again = true;
        TAILQ_INSERT_TAIL(&loop->again, conn, again_link);
        (void)event_add(&loop->again_timer, &at_once);
    }
}

void loop_mark_step(struct loop *loop, struct conn *conn)
{
    if (!conn->queued_step) {
        conn->queued_step = true;
        TAILQ_INSERT_TAIL(&loop->steps, conn, step_link);
        (void)event_del(&conn->read_event);
        (void)event_add(&loop->step_timer, &at_once);
    }
}

void loop_next_step(evutil_socket_t fd, short what, void *context)
{
    struct loop *loop = (struct loop *)context;
    struct conn *conn = TAILQ_FIRST(&loop->steps);

    (void)fd;
    (void)what;
    if (conn != NULL) {
        TAILQ_REMOVE(&loop->steps, conn, step_link);
        conn->queued_step = false;
        conn_step(conn);
    }
    if (!TAILQ_EMPTY(&loop->steps)) {
        (void)event_add(&loop->step_timer, &at_once);
    }
}

void loop_mark_ready(struct loop *loop, struct grpc_call *call)
{
    if (call->ready) {
        return;
    }
    call->ready = true;
    TAILQ_INSERT_TAIL(&loop->ready, call, ready_link);
    if (loop->settling) {
        (void)event_add(&loop->again_timer, &at_once);
    } else {
        loop_touch(loop);
    }
}

void loop_forget(struct loop *loop, struct conn *conn)
{
    if (conn->dirty) {
        conn->dirty = false;
        TAILQ_REMOVE(&loop->dirty, conn, dirty_link);
    }
    if (conn->queued_again) {
        conn->queued_again = false;
        TAILQ_REMOVE(&loop->again, conn, again_link);
    }
    if (conn->queued_step) {
        conn->queued_step = false;
        TAILQ_REMOVE(&loop->steps, conn, step_link);
    }
    if (conn->listed_handshake) {
        conn->listed_handshake = false;
        loop->handshake_count--;
        TAILQ_REMOVE(&loop->handshaking, conn, handshake_link);
        loop_touch(loop);
    }
    if (conn->listed_lingering) {
        conn->listed_lingering = false;
        loop->lingering_count--;
        TAILQ_REMOVE(&loop->lingering, conn, handshake_link);
    }
}

void loop_linger(struct loop *loop, struct conn *conn)
{
    conn->listed_lingering = true;
    TAILQ_INSERT_TAIL(&loop->lingering, conn, handshake_link);
    if (++loop->lingering_count > loop->setup->lingering) {
        conn_close(TAILQ_FIRST(&loop->lingering), false);
    }
}

bool loop_may_log(struct loop *loop, uint64_t *skipped)
{
    if (!bucket_take(&loop->log_bucket, &log_rate, clock_mono_us())) {
        loop->log_skipped++;
        return false;
    }
    *skipped = loop->log_skipped;
    loop->log_skipped = 0;
    return true;
}
