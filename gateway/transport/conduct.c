#include "gateway/transport/conduct.h"

#include "gateway/clock.h"
#include "gateway/transport/call.h"

enum { SECOND_US = 1000000, MINUTE_US = 60000000, PING_BURST = 5 };

static const struct server_limits *limits_of(const struct conn *conn)
{
    return &conn->loop->setup->limits;
}

int conduct_cut(struct conn *conn, uint32_t code, const char *why)
{
    if (conn->cut_why == NULL && !conn->cut) {
        conn->cut_code = code;
        conn->cut_why = why;
    }
    return NGHTTP2_ERR_CALLBACK_FAILURE;
}

int conduct_break(struct conn *conn, enum limit limit, const char *why)
{
    if (conn->cut_why == NULL && !conn->cut) {
        count_refused(conn->loop, limit);
    }
    return conduct_cut(conn, NGHTTP2_ENHANCE_YOUR_CALM, why);
}

/* Whether one more may come, of burst at once and as many in a period. */
static bool within(struct bucket *bucket, uint32_t burst, uint32_t many,
                   int64_t period_us)
{
    int64_t token_us = period_us / many;

    return bucket_draw(bucket, burst, token_us > 0 ? token_us : 1, clock_mono_us());
}

/* Things that the peer made us do or refuse: each is harmless, many are an attack. */
static void count_offence(struct conn *conn)
{
    const struct server_limits *limits = limits_of(conn);

    if (!within(&conn->offences, limits->offences, limits->offences_per_second,
                SECOND_US)) {
        (void)conduct_break(conn, LIMIT_OFFENCES, "the peer provokes resets without end");
    }
}

/* Counted at once, and not when the reset is sent: a peer that does not read makes us
 * wait with that. */
void conduct_invalid(struct conn *conn, const nghttp2_frame *frame, int error)
{
    if (frame->hd.type == NGHTTP2_HEADERS &&
        (error == NGHTTP2_ERR_REFUSED_STREAM ||
         conn->call_count >= limits_of(conn)->concurrent_streams)) {
        count_refused(conn->loop, LIMIT_STREAMS);
    }
    conn->prepaid++;
    count_offence(conn);
}

void conduct_reset_sent(struct conn *conn)
{
    if (conn->prepaid > 0) {
        conn->prepaid--;
    } else {
        count_offence(conn);
    }
}

static int too_many_pings(struct conn *conn, enum limit limit)
{
    return conduct_break(conn, limit, "too_many_pings");
}

/* Clients measure the way with PINGs around their DATA: so these are counted loosely. */
static int on_busy_ping(struct conn *conn)
{
    uint32_t many = limits_of(conn)->pings_per_second;

    return within(&conn->pings, PING_BURST * many, many, SECOND_US)
               ? 0
               : too_many_pings(conn, LIMIT_PINGS_BUSY);
}

/* The rule of doc/keepalive.md in gRPC. */
static int on_quiet_ping(struct conn *conn)
{
    const struct server_limits *limits = limits_of(conn);
    int64_t now_us = clock_mono_us();
    bool early = conn->ping_us != 0 &&
                 now_us - conn->ping_us < (int64_t)limits->ping_interval_ms * 1000;

    conn->ping_us = now_us;
    conn->strikes += early ? 1 : 0;
    return conn->strikes <= limits->ping_strikes ? 0 : too_many_pings(conn, LIMIT_PINGS);
}

int conduct_ping(struct conn *conn)
{
    return conn->call_count > 0 ? on_busy_ping(conn) : on_quiet_ping(conn);
}

void conduct_answered(struct conn *conn)
{
    conn->pings = (struct bucket){0};
    conn->ping_us = 0;
    conn->strikes = 0;
}

int conduct_settings(struct conn *conn)
{
    uint32_t many = limits_of(conn)->settings_per_minute;

    return within(&conn->settings, many, many, MINUTE_US)
               ? 0
               : conduct_break(conn, LIMIT_SETTINGS, "too many SETTINGS frames");
}

bool conduct_key_update(struct conn *conn)
{
    uint32_t many = limits_of(conn)->key_updates_per_minute;
    bool good = within(&conn->key_updates, many, many, MINUTE_US);

    if (!good) {
        (void)conduct_break(conn, LIMIT_KEY_UPDATES, "too many key updates of TLS");
    }
    return good;
}

int conduct_reset(struct conn *conn)
{
    const struct server_limits *limits = limits_of(conn);

    return within(&conn->resets, limits->resets, limits->resets_per_second, SECOND_US)
               ? 0
               : conduct_break(conn, LIMIT_PEER_RESETS, "too many calls are cancelled");
}

int conduct_empty_data(struct conn *conn, struct grpc_call *call)
{
    return ++call->empty_frames <= limits_of(conn)->empty_frames
               ? 0
               : conduct_break(conn, LIMIT_EMPTY_FRAMES, "too many empty DATA frames");
}

bool conduct_too_empty(struct grpc_call *call)
{
    if (call->deframer.need > 0) {
        call->empty_messages -= call->empty_messages > 0;
        return false;
    }
    bool many = ++call->empty_messages > limits_of(call->conn)->empty_messages;
    if (many) {
        count_refused(call->conn->loop, LIMIT_EMPTY_MESSAGES);
    }
    return many;
}

bool conduct_control(struct conn *conn, struct slice bytes)
{
    uint32_t many = limits_of(conn)->control_frames_per_second;

    for (uint32_t count = frames_control(&conn->frames, bytes); count > 0; count--) {
        if (!within(&conn->control, many, many, SECOND_US)) {
            (void)conduct_break(conn, LIMIT_CONTROL, "too many control frames");
            return false;
        }
    }
    return true;
}
