#include "gateway/transport/session.h"

#include "gateway/clock.h"
#include "gateway/transport/call.h"
#include "gateway/transport/conduct.h"
#include "gateway/transport/upkeep.h"

/* What our PINGs carry, so that their answers can be told apart. */
static const uint8_t life_mark[8] = {'s', 'e', 'g', 'e', 'l', 'p', 'n', 'g'};
static const uint8_t notice_mark[8] = {'s', 'e', 'g', 'e', 'l', 'b', 'y', 'e'};

static struct grpc_call *call_of(nghttp2_session *session, int32_t stream)
{
    return (struct grpc_call *)nghttp2_session_get_stream_user_data(session, stream);
}

static int on_begin_headers(nghttp2_session *session, const nghttp2_frame *frame,
                            void *context)
{
    struct conn *conn = (struct conn *)context;

    conn->block_stream = frame->hd.stream_id;
    conn->block_us = clock_mono_us();
    if (frame->hd.type != NGHTTP2_HEADERS || frame->headers.cat != NGHTTP2_HCAT_REQUEST) {
        return 0;
    }
    if (frame->hd.stream_id > conn->last_stream) {
        return 0; /* nghttp2 takes it until our GOAWAY is sent, and drops it then */
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
    if (call == NULL || frame->hd.type != NGHTTP2_HEADERS) {
        return 0;
    }
    if (!request_bearable(call, slice_of(name, name_len), slice_of(value, value_len))) {
        return conduct_break((struct conn *)context, LIMIT_HEADER_BYTES,
                             "headers far beyond the limit");
    }
    if (frame->headers.cat == NGHTTP2_HCAT_REQUEST) {
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

static int on_pong(struct conn *conn, const nghttp2_ping *ping)
{
    if (slice_equal(slice_of(ping->opaque_data, sizeof(notice_mark)),
                    slice_of(notice_mark, sizeof(notice_mark)))) {
        upkeep_answered(conn);
    }
    return 0;
}

static int on_data(struct conn *conn, struct grpc_call *call, const nghttp2_frame *frame)
{
    bool last = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;

    if (!last && frame->hd.length == frame->data.padlen) {
        return conduct_empty_data(conn, call);
    }
    if (last) {
        call_half_close(call);
    }
    return 0;
}

/* Headers are whole, or nothing comes of them. */
static void end_block(struct conn *conn, int32_t stream)
{
    if (conn->block_stream == stream) {
        conn->block_stream = 0;
    }
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
        return ack ? on_pong(conn, &frame->ping) : conduct_ping(conn);
    }
    if (frame->hd.type == NGHTTP2_RST_STREAM) {
        return conduct_reset(conn);
    }
    return frame->hd.type == NGHTTP2_SETTINGS && !ack ? conduct_settings(conn) : 0;
}

static int on_frame(nghttp2_session *session, const nghttp2_frame *frame, void *context)
{
    struct conn *conn = (struct conn *)context;

    if (frame->hd.type != NGHTTP2_DATA && frame->hd.type != NGHTTP2_HEADERS) {
        return on_control(conn, frame);
    }
    end_block(conn, frame->hd.stream_id);
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
    (void)session;
    end_block((struct conn *)context, frame->hd.stream_id);
    conduct_invalid((struct conn *)context, frame, error);
    return 0;
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

/* The notice has gone out. A PING submitted with it would have gone before it, and its
 * answer would prove nothing. */
static int on_goaway_sent(const struct conn *conn, const nghttp2_goaway *goaway)
{
    if (conn->stay != CONN_ASKED || goaway->last_stream_id != INT32_MAX) {
        return 0;
    }
    return nghttp2_submit_ping(conn->session, NGHTTP2_FLAG_NONE, notice_mark);
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
            conduct_reset_sent(conn);
        }
        return 0;
    }
    if (frame->hd.type == NGHTTP2_GOAWAY) {
        return on_goaway_sent(conn, &frame->goaway);
    }
    if (frame->hd.type != NGHTTP2_DATA && frame->hd.type != NGHTTP2_HEADERS) {
        return 0;
    }
    conduct_answered(conn);
    return frame->hd.type == NGHTTP2_HEADERS ? on_answer_sent(session, frame) : 0;
}

static int on_stream_close(nghttp2_session *session, int32_t stream, uint32_t error,
                           void *context)
{
    struct grpc_call *call = call_of(session, stream);

    (void)error;
    end_block((struct conn *)context, stream);
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
    conn->last_stream = INT32_MAX;
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

/* taken: what nghttp2 said to the last bytes. */
static bool flooded(const struct conn *conn, ssize_t taken)
{
    return taken == NGHTTP2_ERR_FLOODED ||
           nghttp2_session_get_outbound_queue_size(conn->session) >
               conn->loop->setup->limits.queued_frames;
}

static bool take_frames(struct conn *conn, struct slice bytes)
{
    ssize_t taken = nghttp2_session_mem_recv(conn->session, bytes.data, bytes.len);

    if (flooded(conn, taken)) {
        (void)conduct_break(conn, LIMIT_QUEUED_FRAMES,
                            "too many frames wait for the peer to read");
    } else if (taken < 0) {
        (void)conduct_cut(conn, NGHTTP2_PROTOCOL_ERROR, nghttp2_strerror((int)taken));
    }
    return conn->cut_why == NULL;
}

bool session_receive(struct conn *conn, struct slice bytes)
{
    return conduct_control(conn, bytes) && take_frames(conn, bytes);
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

/* What one GOAWAY said, a later one does not take back. */
static int32_t last_stream(const struct conn *conn)
{
    int32_t last = nghttp2_session_get_last_proc_stream_id(conn->session);

    return last < conn->last_stream ? last : conn->last_stream;
}

void session_terminate(struct conn *conn)
{
    const struct slice why = slice_str(conn->cut_why);

    /* The debug data: clients slow down when they read "too_many_pings". */
    (void)nghttp2_submit_goaway(conn->session, NGHTTP2_FLAG_NONE, last_stream(conn),
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
    loop_mark_dirty(conn->loop, conn);
}

void session_ping(struct conn *conn)
{
    (void)nghttp2_submit_ping(conn->session, NGHTTP2_FLAG_NONE, life_mark);
    loop_mark_dirty(conn->loop, conn);
}

void session_goaway(struct conn *conn)
{
    conn->last_stream = last_stream(conn);
    (void)nghttp2_submit_goaway(conn->session, NGHTTP2_FLAG_NONE, conn->last_stream,
                                NGHTTP2_NO_ERROR, NULL, 0);
    loop_mark_dirty(conn->loop, conn);
}
