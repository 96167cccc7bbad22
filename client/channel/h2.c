#include "client/channel/internal.h"

#include <stdio.h>

#include "client/channel/sentence.h"
#include "proto/text.h"

/* Callbacks of nghttp2. None of them may read from or write to the session's connection;
 * they only change calls and submit frames. */

static struct channel_call *call_of(nghttp2_session *session, int32_t stream)
{
    return (struct channel_call *)nghttp2_session_get_stream_user_data(session, stream);
}

/* NOLINTNEXTLINE(readability-function-size): the signature is nghttp2's */
static int on_header(nghttp2_session *session, const nghttp2_frame *frame,
                     nghttp2_rcbuf *name, nghttp2_rcbuf *value, uint8_t flags,
                     void *context)
{
    struct channel_call *call = call_of(session, frame->hd.stream_id);
    nghttp2_vec name_bytes = nghttp2_rcbuf_get_buf(name);
    nghttp2_vec value_bytes = nghttp2_rcbuf_get_buf(value);

    (void)flags;
    (void)context;
    if (call == NULL || call->given_up) {
        return 0;
    }
    if (reply_field(&call->reply, slice_of(name_bytes.base, name_bytes.len),
                    slice_of(value_bytes.base, value_bytes.len)) != SG_OK) {
        channel_call_fail(call, 8, "the gateway sent more header bytes than the limit");
    }
    return 0;
}

static const char *deframe_text(enum sg_status status)
{
    if (status == SG_TOO_LARGE) {
        return "the gateway sent a message larger than the limit of 16 MiB";
    }
    return status == SG_NO_MEMORY ? "there is no memory for the gateway's answer"
                                  : "the gateway sent bytes that are not a gRPC message";
}

static void take_message(struct channel_call *call)
{
    if (call->deframer.compressed) {
        /* We never offer a compression, so a lawful peer never uses one. */
        channel_call_fail(call, 13, "the gateway sent a compressed message unasked");
        return;
    }
    call->events.on_message(call->events.context,
                            slice_of(call->deframer.message, call->deframer.need));
}

/* NOLINTNEXTLINE(readability-function-size): the signature is nghttp2's */
static int on_data(nghttp2_session *session, uint8_t flags, int32_t stream,
                   const uint8_t *data, size_t len, void *context)
{
    struct channel_call *call = call_of(session, stream);
    struct slice bytes = slice_of(data, len);

    (void)flags;
    (void)context;
    if (call != NULL && !reply_is_grpc(&call->reply)) {
        return 0; /* what the page says stands in the status, too */
    }
    while (call != NULL && !call->given_up && bytes.len > 0) {
        bool complete = false;
        enum sg_status status = grpc_deframe(&call->deframer, &bytes, &complete);
        if (status != SG_OK) {
            channel_call_fail(call, status == SG_NO_MEMORY ? 8 : 13,
                              deframe_text(status));
        } else if (complete) {
            take_message(call);
        }
    }
    return 0;
}

/* Whether the call was refused by a GOAWAY, whose reason is known. */
static bool is_sent_away(const struct channel_call *call, uint32_t error)
{
    return error == NGHTTP2_REFUSED_STREAM && call->reply.grpc_code < 0 &&
           call->reply.http_status == 0 && call->channel->reason.text[0] != '\0';
}

static int on_stream_close(nghttp2_session *session, int32_t stream, uint32_t error,
                           void *context)
{
    struct channel_call *call = call_of(session, stream);
    struct call_status status = {.text = "done"};

    (void)context;
    if (call == NULL) {
        return 0;
    }
    bool sent_away = is_sent_away(call, error);
    status.grpc_code = reply_code(&call->reply, error);
    if (status.grpc_code == 0 && grpc_deframer_partial(&call->deframer)) {
        status.grpc_code = 13;
        status.text = "the gateway's answer ends in the middle of a message";
    } else if (status.grpc_code != 0) {
        status.text = sent_away ? call->channel->reason.text : call->reply.text;
    }
    status.details = slice_of(call->reply.details, call->reply.details_len);
    channel_call_end(call, &status);
    return 0;
}

/* Whom the gateway finds fault with would meet the same on another connection. */
static void on_goaway(struct channel *channel, const nghttp2_goaway *goaway)
{
    enum { TEXT_MAX = 160 }; /* what is longer is no sentence of a gateway */
    struct slice debug = slice_of(goaway->opaque_data, goaway->opaque_data_len);
    bool again = goaway->error_code == NGHTTP2_NO_ERROR;
    char text[TEXT_MAX + 1] = "";

    if (debug.len > 0 && debug.len <= TEXT_MAX && text_plain(debug)) {
        memcpy(text, debug.data, debug.len);
    } else if (!again) {
        (void)snprintf(text, sizeof(text), "HTTP/2 error %u",
                       (unsigned)goaway->error_code);
    }
    sentence(&channel->reason, "%s: the gateway closes the connection%s%s%s%s",
             channel->authority, text[0] == '\0' ? "" : " (", text,
             text[0] == '\0' ? "" : ")", again ? ": connect again" : "");
}

/* Where the status came while we were still sending, the call is over, so is the stream.
 */
static void note_end(nghttp2_session *session, int32_t stream)
{
    struct channel_call *call = call_of(session, stream);

    if (call != NULL) {
        call->reply.ended = true;
    }
    if (nghttp2_session_get_stream_local_close(session, stream) == 0) {
        (void)nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, stream,
                                        NGHTTP2_CANCEL);
    }
}

static int on_frame(nghttp2_session *session, const nghttp2_frame *frame, void *context)
{
    struct channel *channel = (struct channel *)context;

    if (frame->hd.type == NGHTTP2_SETTINGS) {
        channel->ready = true;
    } else if (frame->hd.type == NGHTTP2_GOAWAY) {
        on_goaway(channel, &frame->goaway);
    } else if ((frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA) &&
               (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0) {
        note_end(session, frame->hd.stream_id);
    }
    return 0;
}

/* A request that found no way out: nghttp2 closes its stream next. */
static int on_not_sent(nghttp2_session *session, const nghttp2_frame *frame, int error,
                       void *context)
{
    const struct channel *channel = (const struct channel *)context;

    (void)error;
    if (frame->hd.type == NGHTTP2_HEADERS) {
        struct channel_call *call = call_of(session, frame->hd.stream_id);
        if (call != NULL && !call->given_up) {
            reply_set(&call->reply, 14,
                      channel->reason.text[0] != '\0'
                          ? channel->reason.text
                          : "the gateway takes no more calls on this connection: "
                            "connect again");
        }
    }
    return 0;
}

/* A DATA frame and its head fill exactly one TLS record. */
/* NOLINTNEXTLINE(readability-function-size): the signature is nghttp2's */
static ssize_t frame_len(nghttp2_session *session, uint8_t type, int32_t stream,
                         int32_t session_window, int32_t stream_window, uint32_t max,
                         void *context)
{
    (void)session;
    (void)type;
    (void)stream;
    (void)session_window;
    (void)stream_window;
    (void)max;
    (void)context;
    return CHANNEL_RECORD - 9;
}

static nghttp2_session_callbacks *make_callbacks(void)
{
    nghttp2_session_callbacks *set = NULL;

    if (nghttp2_session_callbacks_new(&set) != 0) {
        return NULL;
    }
    nghttp2_session_callbacks_set_on_header_callback2(set, on_header);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(set, on_data);
    nghttp2_session_callbacks_set_on_stream_close_callback(set, on_stream_close);
    nghttp2_session_callbacks_set_on_frame_recv_callback(set, on_frame);
    nghttp2_session_callbacks_set_on_frame_not_send_callback(set, on_not_sent);
    nghttp2_session_callbacks_set_data_source_read_length_callback(set, frame_len);
    return set;
}

enum sg_status channel_h2_start(struct channel *channel)
{
    static const nghttp2_settings_entry settings[] = {
        {NGHTTP2_SETTINGS_ENABLE_PUSH, 0},
        {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, CHANNEL_STREAM_WINDOW},
        {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, REPLY_HEADERS_MAX},
    };
    nghttp2_session_callbacks *callbacks = make_callbacks();

    if (callbacks == NULL) {
        return SG_NO_MEMORY;
    }
    int rc = nghttp2_session_client_new(&channel->session, callbacks, channel);
    nghttp2_session_callbacks_del(callbacks);
    if (rc != 0 ||
        nghttp2_submit_settings(channel->session, NGHTTP2_FLAG_NONE, settings,
                                SG_COUNT(settings)) != 0 ||
        nghttp2_session_set_local_window_size(channel->session, NGHTTP2_FLAG_NONE, 0,
                                              CHANNEL_WINDOW) != 0) {
        return SG_NO_MEMORY;
    }
    return SG_OK;
}
