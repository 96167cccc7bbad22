#include "client/channel/internal.h"

#include <stdio.h>
#include <stdlib.h>

#include "client/channel/moment.h"

/* The longest gRPC timeout in milliseconds: 8 digits. */
enum { TIMEOUT_MAX_MS = 99999999 };

static struct channel_call *take_spare(struct channel *channel)
{
    struct channel_call *call = LIST_FIRST(&channel->spare);

    if (call != NULL) {
        LIST_REMOVE(call, link);
        return call;
    }
    call = (struct channel_call *)calloc(1, sizeof(*call));
    if (call != NULL) {
        call->channel = channel;
        call->deframer.max = CHANNEL_MESSAGE_MAX;
    }
    return call;
}

static void restart(struct channel_call *call, const struct call_events *events,
                    uint32_t timeout_ms)
{
    call->events = *events;
    call->deadline_us =
        timeout_ms == 0 ? 0 : moment_mono_us() + (int64_t)timeout_ms * 1000;
    call->half_closed = false;
    call->deferred = false;
    call->given_up = false;
    queue_clear(&call->queue);
    reply_start(&call->reply);
}

static void free_buffers(struct channel_call *call)
{
    size_t max = call->deframer.max;

    reply_fini(&call->reply);
    queue_fini(&call->queue);
    grpc_deframer_fini(&call->deframer);
    call->deframer = (struct grpc_deframer){.max = max};
}

/* A call that ended in the middle of a message leaves a deframer of no further use; all
 * others keep their buffers for the next call. */
static void put_spare(struct channel *channel, struct channel_call *call)
{
    reply_fini(&call->reply);
    if (call->given_up || grpc_deframer_partial(&call->deframer)) {
        free_buffers(call);
    }
    LIST_INSERT_HEAD(&channel->spare, call, link);
}

void channel_call_end(struct channel_call *call, const struct call_status *status)
{
    struct channel *channel = call->channel;

    LIST_REMOVE(call, link);
    channel->ended++;
    channel->timed_calls -= call->deadline_us != 0 ? 1 : 0;
    (void)nghttp2_session_set_stream_user_data(channel->session, call->stream, NULL);
    call->events.on_close(call->events.context, status);
    put_spare(channel, call);
}

void channel_call_free_all(struct channel *channel)
{
    struct channel_call *call;

    while ((call = LIST_FIRST(&channel->spare)) != NULL) {
        LIST_REMOVE(call, link);
        free_buffers(call);
        free(call);
    }
}

void channel_call_fail(struct channel_call *call, int grpc_code, const char *text)
{
    if (call->given_up) {
        return;
    }
    call->given_up = true;
    reply_set(&call->reply, grpc_code, text);
    (void)nghttp2_submit_rst_stream(call->channel->session, NGHTTP2_FLAG_NONE,
                                    call->stream, NGHTTP2_CANCEL);
}

static struct channel_call *find_unsent(const struct channel *channel)
{
    struct channel_call *call;

    LIST_FOREACH(call, &channel->calls, link)
    {
        if (call->given_up &&
            nghttp2_session_find_stream(channel->session, call->stream) == NULL) {
            return call;
        }
    }
    return NULL;
}

void channel_end_unsent(struct channel *channel)
{
    struct channel_call *call;

    while ((call = find_unsent(channel)) != NULL) {
        const struct call_status status = {.grpc_code = call->reply.grpc_code,
                                           .text = call->reply.text};
        channel_call_end(call, &status);
    }
}

void channel_cancel(struct channel_call *call)
{
    channel_call_fail(call, 1, sg_status_text(SG_CANCELLED));
}

bool channel_expire(struct channel *channel, int64_t now_us, int64_t *next_us)
{
    struct channel_call *call;
    bool any = false;

    *next_us = 0;
    if (channel->timed_calls == 0) {
        return false;
    }
    LIST_FOREACH(call, &channel->calls, link)
    {
        if (call->deadline_us == 0 || call->given_up) {
            continue;
        }
        if (call->deadline_us <= now_us) {
            channel_call_fail(call, 4, "no answer came in time");
            any = true;
        } else if (*next_us == 0 || call->deadline_us < *next_us) {
            *next_us = call->deadline_us;
        }
    }
    return any;
}

/* --- Starting ---------------------------------------------------------------------- */

/* NOLINTNEXTLINE(readability-function-size): the signature is nghttp2's */
static ssize_t read_body(nghttp2_session *session, int32_t stream, uint8_t *out,
                         size_t cap, uint32_t *flags, nghttp2_data_source *source,
                         void *context)
{
    struct channel_call *call = (struct channel_call *)source->ptr;
    size_t len = queue_take(&call->queue, out, cap);

    (void)session;
    (void)stream;
    (void)context;
    if (call->half_closed && queue_len(&call->queue) == 0) {
        *flags |= NGHTTP2_DATA_FLAG_EOF;
    } else if (len == 0) {
        call->deferred = true;
        return NGHTTP2_ERR_DEFERRED;
    }
    return (ssize_t)len;
}

/* nghttp2 takes names and values through pointers that are not const, and only reads. */
static nghttp2_nv field(const char *name, const char *value)
{
    union {
        const char *text;
        uint8_t *bytes;
    } left = {.text = name}, right = {.text = value};

    return (nghttp2_nv){.name = left.bytes,
                        .namelen = strlen(name),
                        .value = right.bytes,
                        .valuelen = strlen(value),
                        .flags = NGHTTP2_NV_FLAG_NO_COPY_NAME};
}

static enum sg_status submit(struct channel_call *call, const char *path,
                             uint32_t timeout_ms)
{
    struct channel *channel = call->channel;
    nghttp2_data_provider body = {.source.ptr = call, .read_callback = read_body};
    char timeout[16] = "";

    (void)snprintf(timeout, sizeof(timeout), "%um", (unsigned)timeout_ms);
    nghttp2_nv fields[] = {
        field(":method", "POST"),     field(":scheme", "https"),
        field(":path", path),         field(":authority", channel->authority),
        field("te", "trailers"),      field("content-type", "application/grpc"),
        field("user-agent", "segel"), field("grpc-timeout", timeout),
    };
    size_t count = SG_COUNT(fields) - (timeout_ms == 0 ? 1 : 0);

    call->stream =
        nghttp2_submit_request(channel->session, NULL, fields, count, &body, call);
    return call->stream > 0 ? SG_OK : SG_IO;
}

bool channel_takes_calls(const struct channel *channel)
{
    return !channel->lost && nghttp2_session_check_request_allowed(channel->session) != 0;
}

enum sg_status channel_call(struct channel *channel, const char *path,
                            uint32_t timeout_ms, const struct call_events *events,
                            struct channel_call **out)
{
    uint32_t limited_ms = timeout_ms > TIMEOUT_MAX_MS ? TIMEOUT_MAX_MS : timeout_ms;

    if (!channel_takes_calls(channel)) {
        return SG_IO;
    }
    struct channel_call *call = take_spare(channel);
    if (call == NULL) {
        return SG_NO_MEMORY;
    }
    restart(call, events, limited_ms);
    if (submit(call, path, limited_ms) != SG_OK) {
        put_spare(channel, call);
        return SG_IO;
    }
    if (LIST_EMPTY(&channel->calls)) {
        channel_life_begin(channel);
    }
    LIST_INSERT_HEAD(&channel->calls, call, link);
    channel->timed_calls += limited_ms != 0 ? 1 : 0;
    *out = call;
    return SG_OK;
}

/* --- Sending ----------------------------------------------------------------------- */

static void resume(struct channel_call *call)
{
    if (call->deferred) {
        call->deferred = false;
        (void)nghttp2_session_resume_data(call->channel->session, call->stream);
    }
}

enum sg_status channel_send(struct channel_call *call, const ProtobufCMessage *message)
{
    size_t len = protobuf_c_message_get_packed_size(message);
    uint8_t *room = NULL;

    if (call->channel->lost) {
        return SG_IO;
    }
    if (len > CHANNEL_MESSAGE_MAX) {
        return SG_TOO_LARGE;
    }
    TRY(queue_grow(&call->queue, GRPC_PREFIX_SIZE + len, &room));
    grpc_prefix_write(room, false, (uint32_t)len);
    (void)protobuf_c_message_pack(message, room + GRPC_PREFIX_SIZE);
    resume(call);
    return SG_OK;
}

void channel_half_close(struct channel_call *call)
{
    call->half_closed = true;
    resume(call);
}

size_t channel_queued(const struct channel_call *call)
{
    return queue_len(&call->queue);
}
