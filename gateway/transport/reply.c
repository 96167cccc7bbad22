#include <stdlib.h>

#include "gateway/clock.h"
#include "gateway/transport/answer.h"
#include "gateway/transport/metadata.h"

enum {
    SPARE_BLOCKS_MAX = 256,
    TEXT_MAX = 2048 /* of grpc-message on the wire */
};

static struct block *take_block(struct grpc_call *call, size_t room)
{
    struct loop *loop = call->conn->loop;
    size_t cap = room > BLOCK_CAP ? room : BLOCK_CAP;
    struct block *block = SLIST_FIRST(&loop->spare_blocks);

    if (!budget_take_last(&call->conn->output, cap)) {
        return NULL;
    }
    if (cap == BLOCK_CAP && block != NULL) {
        SLIST_REMOVE_HEAD(&loop->spare_blocks, spare);
        loop->spare_block_count--;
    } else {
        block = (struct block *)malloc(sizeof(*block) + cap);
    }
    if (block == NULL) {
        budget_give(&call->conn->output, cap);
        return NULL;
    }
    block->from = 0;
    block->to = 0;
    block->cap = cap;
    STAILQ_INSERT_TAIL(&call->queue, block, link);
    call->last_block = block;
    return block;
}

static void drop_first_block(struct grpc_call *call)
{
    struct loop *loop = call->conn->loop;
    struct block *block = STAILQ_FIRST(&call->queue);

    STAILQ_REMOVE_HEAD(&call->queue, link);
    if (STAILQ_EMPTY(&call->queue)) {
        call->last_block = NULL;
    }
    budget_give(&call->conn->output, block->cap);
    if (block->cap == BLOCK_CAP && loop->spare_block_count < SPARE_BLOCKS_MAX) {
        SLIST_INSERT_HEAD(&loop->spare_blocks, block, spare);
        loop->spare_block_count++;
    } else {
        free(block);
    }
}

void call_drop_queue(struct grpc_call *call)
{
    while (!STAILQ_EMPTY(&call->queue)) {
        drop_first_block(call);
    }
    call->queued = 0;
}

/* Room behind what is queued: small messages share a block. */
static uint8_t *make_room(struct grpc_call *call, size_t room)
{
    struct block *block = call->last_block;

    if (block == NULL || room > block->cap - block->to) {
        block = take_block(call, room);
    }
    if (block == NULL) {
        return NULL;
    }
    uint8_t *out = block->data + block->to;
    block->to += room;
    call->queued += room;
    return out;
}

/* Moves queued bytes; returns how many. */
static size_t move_queued(struct grpc_call *call, uint8_t *out, size_t cap)
{
    size_t len = 0;

    while (len < cap && !STAILQ_EMPTY(&call->queue)) {
        struct block *block = STAILQ_FIRST(&call->queue);
        size_t waiting = block->to - block->from;
        size_t count = waiting < cap - len ? waiting : cap - len;
        memcpy(out + len, block->data + block->from, count);
        block->from += count;
        len += count;
        if (block->from == block->to) {
            drop_first_block(call);
        }
    }
    call->queued -= len;
    if (len > 0) {
        call->conn->data_moved_us = clock_mono_us();
    }
    return len;
}

static int submit_trailers(const struct grpc_call *call)
{
    nghttp2_nv *trailers = call->conn->loop->fields;
    size_t count = answer_trailers(call, trailers);

    return nghttp2_submit_trailer(call->conn->session, call->stream, trailers, count);
}

/* nghttp2 asks for as many bytes as the windows allow. At the end of the answer the
 * trailers take the place of END_STREAM. */
/* NOLINTNEXTLINE(readability-function-size): the signature is nghttp2's */
static ssize_t on_read(nghttp2_session *session, int32_t stream, uint8_t *out, size_t cap,
                       uint32_t *flags, nghttp2_data_source *source, void *context)
{
    struct grpc_call *call = (struct grpc_call *)source->ptr;
    size_t len = move_queued(call, out, cap);

    (void)session;
    (void)stream;
    (void)context;
    if (!STAILQ_EMPTY(&call->queue)) {
        return (ssize_t)len;
    }
    if (call->ended) {
        *flags |= NGHTTP2_DATA_FLAG_EOF | NGHTTP2_DATA_FLAG_NO_END_STREAM;
        return submit_trailers(call) == 0 ? (ssize_t)len
                                          : NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    }
    if (len > 0 && call->method->on_writable != NULL) {
        call->want_room = true;
        loop_mark_ready(call->conn->loop, call);
    }
    return len > 0 ? (ssize_t)len : NGHTTP2_ERR_DEFERRED;
}

/* The response headers, or news for a response that waits for more. */
static void wake_response(struct grpc_call *call)
{
    nghttp2_session *session = call->conn->session;
    nghttp2_nv *headers = call->conn->loop->fields;
    const nghttp2_data_provider provider = {.source.ptr = call, .read_callback = on_read};

    if (call->answered) {
        /* Fails when the response is not deferred, and then goes on by itself. */
        (void)nghttp2_session_resume_data(session, call->stream);
    } else {
        call->answered = true;
        size_t count = answer_headers(call, headers);
        if (nghttp2_submit_response(session, call->stream, headers, count, &provider) !=
            0) {
            call_abandon(call, NGHTTP2_INTERNAL_ERROR);
        }
    }
    loop_mark_dirty(call->conn->loop, call->conn);
}

/* A single HEADERS frame: nothing was or will be sent before the status. */
static void answer_shortly(struct grpc_call *call, const nghttp2_nv *headers,
                           size_t count)
{
    call->answered = true;
    if (nghttp2_submit_response(call->conn->session, call->stream, headers, count,
                                NULL) != 0) {
        call_abandon(call, NGHTTP2_INTERNAL_ERROR);
    }
    loop_mark_dirty(call->conn->loop, call->conn);
}

static void answer_status_only(struct grpc_call *call, bool tell_encodings)
{
    nghttp2_nv *headers = call->conn->loop->fields;

    answer_shortly(call, headers, answer_alone(call, tell_encodings, headers));
}

void call_abandon(struct grpc_call *call, uint32_t code)
{
    call->ended = true;
    call_drop_queue(call);
    (void)nghttp2_submit_rst_stream(call->conn->session, NGHTTP2_FLAG_NONE, call->stream,
                                    code);
    loop_mark_dirty(call->conn->loop, call->conn);
}

/* Texts live until the trailers are written; without memory they are left out. */
static void keep_text(struct grpc_call *call, struct slice text)
{
    char encoded[TEXT_MAX];
    size_t len = metadata_percent(text, encoded, sizeof(encoded));

    call->text = strndup(encoded, len);
}

/* The code of a packed google.rpc.Status: its first field, if it is there. */
static int details_code(struct slice details)
{
    return details.len >= 2 && details.data[0] == 0x08 ? details.data[1] : 0;
}

static void keep_details(struct grpc_call *call, struct slice details)
{
    size_t text = call->text == NULL ? 0 : strlen(call->text);

    if (details.len == 0 || details.len > GRPC_METADATA_MAX ||
        details_code(details) != sg_status_grpc(call->status) ||
        METADATA_BASE64(details.len) + text + call->trailers.cost + STATUS_COST >
            GRPC_METADATA_MAX) {
        return;
    }
    call->details = (char *)malloc(METADATA_BASE64(details.len));
    if (call->details != NULL) {
        call->details[metadata_base64(details, call->details)] = '\0';
    }
}

static void end_call(struct grpc_call *call, enum sg_status status, const char *text)
{
    call->ended = true;
    call->status = status;
    if (text != NULL || status != SG_OK) {
        keep_text(call, slice_str(text == NULL ? sg_status_text(status) : text));
    }
}

void grpc_finish(struct grpc_call *call, enum sg_status status, const char *text,
                 struct slice details)
{
    if (call->ended) {
        return;
    }
    end_call(call, status, text);
    keep_details(call, details);
    if (call->answered || call->headers.count > 0) {
        wake_response(call);
    } else {
        answer_status_only(call, false);
    }
}

static void count_refusal(const struct grpc_call *call)
{
    if (!call->opened) {
        count_up(&call->conn->loop->counts.refused);
    }
}

void call_refuse(struct grpc_call *call, enum sg_status status, const char *text)
{
    count_refusal(call);
    grpc_finish(call, status, text, slice_of(NULL, 0));
}

void call_refuse_http(struct grpc_call *call, const char *http_status)
{
    const nghttp2_nv header = answer_http(http_status);

    count_refusal(call);
    call->ended = true;
    answer_shortly(call, &header, 1);
}

void call_refuse_encoding(struct grpc_call *call)
{
    count_refusal(call);
    end_call(call, SG_UNSUPPORTED,
             "this grpc-encoding is not accepted; send messages in gzip or uncompressed");
    answer_status_only(call, true);
}

/* What turned out not to be needed of the room made last. */
static void give_room(struct grpc_call *call, size_t room)
{
    call->last_block->to -= room;
    call->queued -= room;
}

static void pack(struct grpc_call *call, const ProtobufCMessage *message, size_t len,
                 uint8_t *out)
{
    size_t packed = 0;

    if (call->gzip) {
        packed = gzip_pack(&call->conn->loop->gzip, message, out + GRPC_PREFIX_SIZE, len);
    }
    if (packed == 0) {
        grpc_prefix_write(out, false, (uint32_t)len);
        (void)protobuf_c_message_pack(message, out + GRPC_PREFIX_SIZE);
    } else {
        grpc_prefix_write(out, true, (uint32_t)packed);
        give_room(call, len - packed);
    }
}

enum sg_status grpc_send(struct grpc_call *call, const ProtobufCMessage *message)
{
    size_t len = protobuf_c_message_get_packed_size(message);

    if (call->ended) {
        return SG_CANCELLED;
    }
    bool first = call->conn->output.used == 0;
    uint8_t *out = len > UINT32_MAX ? NULL : make_room(call, GRPC_PREFIX_SIZE + len);
    if (out == NULL) {
        call_abandon(call, NGHTTP2_ENHANCE_YOUR_CALM);
        return SG_BUSY;
    }
    pack(call, message, len, out);
    if (first) {
        call->conn->data_moved_us = clock_mono_us(); /* the wait begins now */
    }
    wake_response(call);
    return SG_OK;
}

void grpc_send_headers(struct grpc_call *call)
{
    if (!call->ended && !call->answered) {
        wake_response(call);
    }
}
