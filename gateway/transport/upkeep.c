#include "gateway/transport/upkeep.h"

#include <stdlib.h>

#include "gateway/clock.h"
#include "gateway/transport/handshake.h"
#include "gateway/transport/session.h"

enum { TICK_MIN_MS = 20, TICK_MAX_MS = 10000, TICKS = 4, JITTER = 10 };

static const struct server_limits *limits_of(const struct conn *conn)
{
    return &conn->loop->setup->limits;
}

static bool over(int64_t since_us, int64_t now_us, uint32_t ms)
{
    return now_us - since_us >= (int64_t)ms * 1000;
}

/* The shorter of two times; 0 = none. */
static uint32_t sooner(uint32_t a, uint32_t b)
{
    return b == 0 || (a != 0 && a < b) ? a : b;
}

/* Connections are looked after now and then: exact enough, and no timer is moved on the
 * way of a call. */
static uint32_t tick_ms(const struct conn *conn)
{
    const struct server_limits *limits = limits_of(conn);
    uint32_t ms = sooner(limits->idle_ms, limits->write_stall_ms);

    ms = sooner(ms, limits->deadline_max_ms);
    ms = sooner(ms, limits->keepalive_ms);
    ms = sooner(ms, conn->asked_us == 0 ? 0 : limits->keepalive_timeout_ms);
    ms = sooner(ms, conn->aged ? limits->age_grace_ms : limits->age_ms);
    ms /= TICKS;
    ms = ms < TICK_MIN_MS ? TICK_MIN_MS : ms;
    return ms > TICK_MAX_MS ? TICK_MAX_MS : ms;
}

/* Clients that came together shall not all come again together. */
static int64_t any_age_us(uint32_t age_ms)
{
    int64_t age_us = (int64_t)age_ms * 1000;
    int64_t span_us = age_us / JITTER;

    return age_us - span_us + (int64_t)arc4random_uniform(1001) * 2 * span_us / 1000;
}

void upkeep_begin(struct conn *conn)
{
    int64_t now_us = clock_mono_us();

    conn->idle_since_us = now_us;
    conn->heard_us = now_us;
    conn->grows_old_us =
        limits_of(conn)->age_ms == 0 ? 0 : now_us + any_age_us(limits_of(conn)->age_ms);
    conn_arm(conn, tick_ms(conn));
}

static void cut(struct conn *conn, enum limit limit, uint32_t code, const char *why)
{
    count_refused(conn->loop, limit);
    conn->cut_code = code;
    conn->cut_why = why;
    conn_cut(conn);
}

static void check_output(struct conn *conn, int64_t now_us)
{
    uint32_t stall_ms = limits_of(conn)->write_stall_ms;

    if ((conn->blocked && over(conn->output_moved_us, now_us, stall_ms)) ||
        (conn->output.used > 0 && over(conn->data_moved_us, now_us, stall_ms))) {
        cut(conn, LIMIT_STALL, NGHTTP2_ENHANCE_YOUR_CALM,
            "the peer does not read its answers");
    }
}

/* Whatever comes is a sign of life. */
static void check_life(struct conn *conn, int64_t now_us)
{
    const struct server_limits *limits = limits_of(conn);

    if (conn->heard) {
        conn->heard = false;
        conn->heard_us = now_us;
        conn->asked_us = 0;
    } else if (conn->asked_us == 0 &&
               over(conn->heard_us, now_us, limits->keepalive_ms)) {
        conn->asked_us = now_us;
        session_ping(conn);
    } else if (conn->asked_us != 0 &&
               over(conn->asked_us, now_us, limits->keepalive_timeout_ms)) {
        cut(conn, LIMIT_KEEPALIVE_TIMEOUT, NGHTTP2_NO_ERROR,
            "the peer gives no sign of life");
    }
}

/* A call has its deadline once its headers are whole; until then this is its only one. */
static void check_block(struct conn *conn, int64_t now_us)
{
    if (conn->block_stream != 0 &&
        over(conn->block_us, now_us, limits_of(conn)->deadline_max_ms)) {
        cut(conn, LIMIT_DEADLINE, NGHTTP2_ENHANCE_YOUR_CALM, "headers take too long");
    }
}

static void check_idle(struct conn *conn, int64_t now_us)
{
    if (conn->stay == CONN_STAYS && conn->call_count == 0 &&
        over(conn->idle_since_us, now_us, limits_of(conn)->idle_ms)) {
        count_refused(conn->loop, LIMIT_IDLE);
        upkeep_ask_to_go(conn);
    }
}

static void check_age(struct conn *conn, int64_t now_us)
{
    uint32_t grace_ms = limits_of(conn)->age_grace_ms;

    if (conn->aged && grace_ms > 0 && over(conn->asked_to_go_us, now_us, grace_ms)) {
        cut(conn, LIMIT_GRACE, NGHTTP2_NO_ERROR,
            "the connection has reached its age and its calls do not end");
    } else if (conn->stay == CONN_STAYS && conn->grows_old_us != 0 &&
               now_us >= conn->grows_old_us) {
        count_refused(conn->loop, LIMIT_AGE);
        conn->aged = true;
        upkeep_ask_to_go(conn);
    }
}

/* Its client may have nothing more to ask, and go on listening with a certificate that
 * has run out. */
static void check_client(struct conn *conn, int64_t now_us)
{
    (void)now_us;
    if (conn->call_count > 0 && conn->caller != NULL) {
        handshake_judge(conn);
    }
}

void upkeep_tick(struct conn *conn)
{
    static void (*const checks[])(struct conn * conn, int64_t now_us) = {
        check_output, check_life, check_block, check_client, check_idle, check_age};
    int64_t now_us = clock_mono_us();

    if (conn->stay == CONN_ASKED) {
        upkeep_send_away(conn);
    }
    conn_arm(conn, tick_ms(conn));
    for (size_t i = 0; i < SG_COUNT(checks) && conn->state == CONN_OPEN; i++) {
        checks[i](conn, now_us);
    }
}

void upkeep_answered(struct conn *conn)
{
    if (conn->stay == CONN_ASKED) {
        upkeep_send_away(conn);
    }
}

void upkeep_ask_to_go(struct conn *conn)
{
    if (conn->state != CONN_OPEN || conn->stay != CONN_STAYS) {
        return;
    }
    if (conn->last_stream < INT32_MAX) {
        upkeep_send_away(conn); /* it was told already */
        return;
    }
    conn->stay = CONN_ASKED;
    conn->asked_to_go_us = clock_mono_us();
    conn->loop->asked_count++;
    session_notice(conn);
    conn_arm(conn, GOAWAY_GAP_MS);
}

void upkeep_send_away(struct conn *conn)
{
    if (conn->state != CONN_OPEN || conn->stay == CONN_SENT_AWAY) {
        return;
    }
    session_goaway(conn);
    upkeep_end(conn);
}

void upkeep_end(struct conn *conn)
{
    bool asked = conn->stay == CONN_ASKED;

    conn->stay = CONN_SENT_AWAY;
    if (asked) {
        conn->loop->asked_count--;
        loop_look_at_drain(conn->loop);
    }
}
