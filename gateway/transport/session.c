#include "gateway/transport/session.h"

#include "gateway/clock.h"
#include "gateway/transport/call.h"
#include "gateway/transport/upkeep.h"

enum { SECOND_US = 1000000, MINUTE_US = 60000000, PING_BURST = 5 };

/* What our PINGs carry, so that their answers can be told apart from others. */
static const uint8_t ping_mark[8] = {'s', 'e', 'g', 'e', 'l', 'p', 'n', 'g'};

static const struct server_limits *limits_of(const struct conn *conn)
{
    return &conn->loop->setup->limits;
}

static struct grpc_call *call_of(nghttp2_session *session, int32_t stream)
{
    return (struct grpc_call *)nghttp2_session_get_stream_user_data(session, stream);
}

/* Remembers that the session is to be cut; done when nghttp2 has returned. */
static int order_cut(struct conn *conn, uint32_t code, const char *why)
{
    if (conn->cut_why == NULL && !conn->cut) {
        conn->cut_code = code;
        conn->cut_why = why;
    }
    return NGHTTP2_ERR_CALLBACK_FAILURE;
}

static int break_limit(struct conn *conn, enum limit limit, const char *why)
{
    if (conn->cut_why == NULL && !conn->cut) {
        count_refused(conn->loop, limit);
    }
    return order_cut(conn, NGHTTP2_ENHANCE_YOUR_CALM, why);
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
        (void)break_limit(conn, LIMIT_OFFENCES, "the peer provokes resets without end");
    }
}

static int on_begin_headers(nghttp2_session *session, const nghttp2_frame *frame,
                            void *context)
{
    struct conn *conn = (struct conn *)context;

    if (frame->hd.type != NGHTTP2_HEADERS || frame->headers.cat != NGHTTP2_HCAT_REQUEST) {
        return 0;
    }
    struct grpc_call *call = call_new(conn, frame->hd.stream_id);
    if (call == NULL) {
        return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    }
    return nghttp2_session_set_stream_user_data(session, frame->hd.stream_id, call);
}

/* NOLINTNEXTLINE(readability-function-size): the signature is nghttp2's */
static int on_header(nghttp2_session *session, const nghttp2_frame *frame,
                     const uint8_t *name, size_t name_len, const uint8_t *value,
                     size_t value_len, uint8_t flags, void *context)
{
    struct grpc_call *call = call_of(session, frame->hd.stream_id);

    (void)flags;
    (void)context;
    if (call != NULL && frame->hd.type == NGHTTP2_HEADERS &&
        frame->headers.cat == NGHTTP2_HCAT_REQUEST) {
        request_header(call, slice_of(name, name_len), slice_of(value, value_len));
    }
    return 0;
}

/* NOLINTNEXTLINE(readability-function-size): the signature is nghttp2's */
static int on_data_chunk(nghttp2_session *session, uint8_t flags, int32_t stream,
                         const uint8_t *data, size_t len, void *context)
{
    struct grpc_call *call = call_of(session, stream);

    (void)flags;
    (void)context;
    /* The connection's window is credited at once: a stream that is not read must not
     * hold up the others. */
    if (nghttp2_session_consume_connection(session, len) != 0) {
        return NGHTTP2_ERR_CALLBACK_FAILURE;
    }
    if (call == NULL) {
        return nghttp2_session_consume_stream(session, stream, len);
    }
    call_receive(call, slice_of(data, len));
    return 0;
}

static int too_many_pings(struct conn *conn, enum limit limit)
{
    return break_limit(conn, limit, "too_many_pings");
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

static int on_ping(struct conn *conn)
{
    return conn->call_count > 0 ? on_busy_ping(conn) : on_quiet_ping(conn);
}

static int on_pong(struct conn *conn, const nghttp2_ping *ping)
{
    if (memcmp(ping->opaque_data, ping_mark, sizeof(ping_mark)) == 0) {
        upkeep_answered(conn);
    }
    return 0;
}

static int on_settings(struct conn *conn)
{
    uint32_t many = limits_of(conn)->settings_per_minute;

    return within(&conn->settings, many, many, MINUTE_US)
               ? 0
               : break_limit(conn, LIMIT_SETTINGS, "too many SETTINGS frames");
}

static int on_reset(struct conn *conn)
{
    const struct server_limits *limits = limits_of(conn);

    return within(&conn->resets, limits->resets, limits->resets_per_second, SECOND_US)
               ? 0
               : break_limit(conn, LIMIT_PEER_RESETS, "too many calls are cancelled");
}

static int on_empty_data(struct conn *conn, struct grpc_call *call)
{
    return ++call->empty_frames <= limits_of(conn)->empty_frames
               ? 0
               : break_limit(conn, LIMIT_EMPTY_FRAMES, "too many empty DATA frames");
}

static int on_data(struct conn *conn, struct grpc_call *call, const nghttp2_frame *frame)
{
    bool last = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;

    if (!last && frame->hd.length == frame->data.padlen) {
        return on_empty_data(conn, call);
    }
    if (last) {
        call_half_close(call);
    }
    return 0;
}

static int on_headers(struct grpc_call *call, const nghttp2_frame *frame)
{
    bool last = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;

    if (frame->headers.cat == NGHTTP2_HCAT_REQUEST) {
        call->peer_done = last;
        request_complete(call);
    }
    if (last) {
        call_half_close(call);
    }
    return 0;
}

static int on_control(struct conn *conn, const nghttp2_frame *frame)
{
    bool ack = (frame->hd.flags & NGHTTP2_FLAG_ACK) != 0;

    if (frame->hd.type == NGHTTP2_PING) {
        return ack ? on_pong(conn, &frame->ping) : on_ping(conn);
    }
    if (frame->hd.type == NGHTTP2_RST_STREAM) {
        return on_reset(conn);
    }
    return frame->hd.type == NGHTTP2_SETTINGS && !ack ? on_settings(conn) : 0;
}

static int on_frame(nghttp2_session *session, const nghttp2_frame *frame, void *context)
{
    struct conn *conn = (struct conn *)context;

    if (frame->hd.type != NGHTTP2_DATA && frame->hd.type != NGHTTP2_HEADERS) {
        return on_control(conn, frame);
    }
    struct grpc_call *call = call_of(session, frame->hd.stream_id);
    if (call == NULL) {
        return 0;
    }
    return frame->hd.type == NGHTTP2_DATA ? on_data(conn, call, frame)
                                          : on_headers(call, frame);
}

static int on_invalid_frame(nghttp2_session *session, const nghttp2_frame *frame,
                            int error, void *context)
{
    struct conn *conn = (struct conn *)context;

    (void)session;
    if (frame->hd.type == NGHTTP2_HEADERS &&
        (error == NGHTTP2_ERR_REFUSED_STREAM ||
         conn->call_count >= limits_of(conn)->concurrent_streams)) {
        count_refused(conn->loop, LIMIT_STREAMS);
    }
    conn->prepaid++; /* the reset that comes of it */
    count_offence(conn);
    return 0;
}

/* Counted at once, as it comes: a peer that does not read makes us wait with resets. */
static void count_reset(struct conn *conn)
{
    if (conn->prepaid > 0) {
        conn->prepaid--;
    } else {
        count_offence(conn);
    }
}

/* An answer that is complete before the request: the rest of the request is not wanted.
 * The reset may be submitted only now; earlier it would have overtaken the answer. */
static int on_answer_sent(nghttp2_session *session, const nghttp2_frame *frame)
{
    struct grpc_call *call = call_of(session, frame->hd.stream_id);
    bool last = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;

    if (!last || call == NULL || call->peer_done) {
        return 0;
    }
    return nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, frame->hd.stream_id,
                                     NGHTTP2_NO_ERROR);
}

static bool reset_is_ours(uint32_t code)
{
    return code == NGHTTP2_NO_ERROR || code == NGHTTP2_CANCEL;
}

static int on_frame_sent(nghttp2_session *session, const nghttp2_frame *frame,
                         void *context)
{
    struct conn *conn = (struct conn *)context;

    if (frame->hd.type == NGHTTP2_RST_STREAM) {
        if (!reset_is_ours(frame->rst_stream.error_code)) {
            count_reset(conn);
        }
        return 0;
    }
    if (frame->hd.type != NGHTTP2_DATA && frame->hd.type != NGHTTP2_HEADERS) {
        return 0;
    }
    /* An answer excuses the pings before it. */
    conn->pings = (struct bucket){0};
    conn->ping_us = 0;
    conn->strikes = 0;
    return frame->hd.type == NGHTTP2_HEADERS ? on_answer_sent(session, frame) : 0;
}

static int on_stream_close(nghttp2_session *session, int32_t stream, uint32_t error,
                           void *context)
{
    struct grpc_call *call = call_of(session, stream);

    (void)error;
    (void)context;
    if (call != NULL) {
        (void)nghttp2_session_set_stream_user_data(session, stream, NULL);
        call_free(call);
    }
    return 0;
}

enum sg_status session_callbacks(nghttp2_session_callbacks **out)
{
    if (nghttp2_session_callbacks_new(out) != 0) {
        return SG_NO_MEMORY;
    }
    nghttp2_session_callbacks_set_on_begin_headers_callback(*out, on_begin_headers);
    nghttp2_session_callbacks_set_on_header_callback(*out, on_header);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(*out, on_data_chunk);
    nghttp2_session_callbacks_set_on_frame_recv_callback(*out, on_frame);
    nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(*out, on_invalid_frame);
    nghttp2_session_callbacks_set_on_frame_send_callback(*out, on_frame_sent);
    nghttp2_session_callbacks_set_on_stream_close_callback(*out, on_stream_close);
    return SG_OK;
}

enum sg_status session_open(struct conn *conn)
{
    const struct setup *setup = conn->loop->setup;
    const nghttp2_settings_entry settings[] = {
        {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, setup->limits.concurrent_streams},
        {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, STREAM_WINDOW},
        {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, setup->limits.header_list_bytes},
        {NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1},
    };

    if (nghttp2_session_server_new2(&conn->session, setup->callbacks, conn,
                                    setup->options) != 0) {
        return SG_NO_MEMORY;
    }
    bool good = nghttp2_submit_settings(conn->session, NGHTTP2_FLAG_NONE, settings,
                                        SG_COUNT(settings)) == 0 &&
                nghttp2_session_set_local_window_size(conn->session, NGHTTP2_FLAG_NONE, 0,
                                                      CONNECTION_WINDOW) == 0;
    return good ? SG_OK : SG_NO_MEMORY;
}

/* nghttp2_session_del tells nobody of the streams that it frees. */
void session_close(struct conn *conn)
{
    struct grpc_call *call;

    LIST_FOREACH(call, &conn->calls, link)
    {
        call->ended = true;
    }
    while ((call = LIST_FIRST(&conn->calls)) != NULL) {
        (void)nghttp2_session_set_stream_user_data(conn->session, call->stream, NULL);
        call_free(call);
    }
    nghttp2_session_del(conn->session);
    conn->session = NULL;
}

/* Before they cost anything. */
static bool too_much_control(struct conn *conn, struct slice bytes)
{
    uint32_t many = limits_of(conn)->control_frames_per_second;

    for (uint32_t count = frames_control(&conn->frames, bytes); count > 0; count--) {
        if (!within(&conn->control, many, many, SECOND_US)) {
            (void)break_limit(conn, LIMIT_CONTROL, "too many control frames");
            return true;
        }
    }
    return false;
}

static bool take_frames(struct conn *conn, struct slice bytes)
{
    static const char frames_wait[] = "too many frames wait for the peer to read";
    ssize_t taken = nghttp2_session_mem_recv(conn->session, bytes.data, bytes.len);

    if (taken == NGHTTP2_ERR_FLOODED) {
        (void)break_limit(conn, LIMIT_QUEUED_FRAMES, frames_wait);
    } else if (taken < 0) {
        (void)order_cut(conn, NGHTTP2_PROTOCOL_ERROR, nghttp2_strerror((int)taken));
    } else if (nghttp2_session_get_outbound_queue_size(conn->session) >
               limits_of(conn)->queued_frames) {
        (void)break_limit(conn, LIMIT_QUEUED_FRAMES, frames_wait);
    }
    return conn->cut_why == NULL;
}

bool session_receive(struct conn *conn, struct slice bytes)
{
    if (too_much_control(conn, bytes)) {
        return false;
    }
    return take_frames(conn, bytes);
}

bool session_produce(struct conn *conn, uint8_t *out, size_t soft_cap, size_t *len)
{
    const uint8_t *frame = NULL;

    *len = 0;
    while (*len < soft_cap) {
        ssize_t size = nghttp2_session_mem_send(conn->session, &frame);
        if (size == 0) {
            return true;
        }
        if (size < 0 || size > FRAME_BYTES_MAX) {
            return false;
        }
        memcpy(out + *len, frame, (size_t)size);
        *len += (size_t)size;
    }
    return true;
}

void session_terminate(struct conn *conn)
{
    const struct slice why = slice_str(conn->cut_why);

    /* The debug data: clients slow down when they read "too_many_pings". */
    (void)nghttp2_submit_goaway(conn->session, NGHTTP2_FLAG_NONE,
                                nghttp2_session_get_last_proc_stream_id(conn->session),
                                conn->cut_code, why.data, why.len);
}

bool session_over(const struct conn *conn)
{
    return nghttp2_session_want_read(conn->session) == 0 &&
           nghttp2_session_want_write(conn->session) == 0;
}

void session_notice(struct conn *conn)
{
    (void)nghttp2_submit_shutdown_notice(conn->session);
    session_ping(conn);
}

void session_ping(struct conn *conn)
{
    (void)nghttp2_submit_ping(conn->session, NGHTTP2_FLAG_NONE, ping_mark);
    loop_mark_dirty(conn->loop, conn);
}

void session_goaway(struct conn *conn)
{
    (void)nghttp2_submit_goaway(conn->session, NGHTTP2_FLAG_NONE,
                                nghttp2_session_get_last_proc_stream_id(conn->session),
                                NGHTTP2_NO_ERROR, NULL, 0);
    loop_mark_dirty(conn->loop, conn);
}
