#include "gateway/transport/call.h"

#include <stdio.h>
#include <stdlib.h>

#include "gateway/clock.h"
#include "gateway/transport/conduct.h"

/* A deframer of this size is kept for the next call. */
enum { KEPT_MESSAGE = 16384, SPARE_CALLS_MAX = 1024 };

static bool single(const struct grpc_call *call)
{
    return call->method->kind == GRPC_UNARY || call->method->kind == GRPC_SERVER_STREAM;
}

static void on_deadline(evutil_socket_t fd, short what, void *context)
{
    (void)fd;
    (void)what;
    call_expire((struct grpc_call *)context);
}

struct grpc_call *call_new(struct conn *conn, int32_t stream)
{
    struct loop *loop = conn->loop;
    struct grpc_call *call = TAILQ_FIRST(&loop->spare_calls);

    if (call != NULL) {
        TAILQ_REMOVE(&loop->spare_calls, call, ready_link);
        loop->spare_call_count--;
    } else {
        call = (struct grpc_call *)calloc(1, sizeof(*call));
    }
    if (call == NULL) {
        return NULL;
    }
    *call = (struct grpc_call){
        .conn = conn,
        .stream = stream,
        .deframer = {.message = call->deframer.message, .cap = call->deframer.cap},
        .metadata = call->metadata,
        .headers = call->headers,
        .trailers = call->trailers};
    STAILQ_INIT(&call->queue);
    MUST(event_assign(&call->timer, loop->base, -1, 0, on_deadline, call) == 0);
    LIST_INSERT_HEAD(&conn->calls, call, link);
    conn->call_count++;
    loop->call_count++;
    atomic_fetch_add_explicit(&loop->busy, 1, memory_order_relaxed);
    return call;
}

static void release_memory(struct grpc_call *call)
{
    call_drop_queue(call);
    budget_give(&call->conn->input, call->deframer_charged + call->held_cap);
    fields_clear(&call->metadata, &call->conn->input);
    fields_clear(&call->headers, &call->conn->output);
    fields_clear(&call->trailers, &call->conn->output);
    free(call->held);
    free(call->text);
    free(call->details);
    call->held = NULL;
    call->text = NULL;
    call->details = NULL;
    if (call->deframer.cap > KEPT_MESSAGE) {
        grpc_deframer_fini(&call->deframer);
    }
}

void call_destroy(struct grpc_call *call)
{
    grpc_deframer_fini(&call->deframer);
    fields_fini(&call->metadata);
    fields_fini(&call->headers);
    fields_fini(&call->trailers);
    free(call);
}

void call_free(struct grpc_call *call)
{
    struct conn *conn = call->conn;
    struct loop *loop = conn->loop;

    call->ended = true;
    if (call->opened && call->method->on_close != NULL) {
        call->method->on_close(call, call->method->context);
    }
    (void)event_del(&call->timer);
    if (call->ready) {
        TAILQ_REMOVE(&loop->ready, call, ready_link);
    }
    release_memory(call);
    LIST_REMOVE(call, link);
    loop->call_count--;
    if (--conn->call_count == 0) {
        conn->idle_since_us = clock_mono_us();
    }
    atomic_fetch_sub_explicit(&loop->busy, 1, memory_order_relaxed);
    if (loop->spare_call_count < SPARE_CALLS_MAX) {
        loop->spare_call_count++;
        TAILQ_INSERT_HEAD(&loop->spare_calls, call, ready_link);
    } else {
        call_destroy(call);
    }
}

void call_open(struct grpc_call *call)
{
    if (call->opened) {
        return;
    }
    call->opened = true;
    count_up(&call->conn->loop->counts.started);
    if (call->method->on_open != NULL) {
        call->method->on_open(call, call->method->context);
    }
}

/* Lets the peer send as many bytes more on this stream. */
static void credit(struct grpc_call *call, size_t bytes)
{
    if (bytes > 0) {
        (void)nghttp2_session_consume_stream(call->conn->session, call->stream, bytes);
        loop_mark_dirty(call->conn->loop, call->conn);
    }
}

/* A call that never catches up would hold all that it ever was sent. */
static void close_gap(struct grpc_call *call)
{
    if (call->held_from >= call->held_cap / 2) {
        call->held_to -= call->held_from;
        memmove(call->held, call->held + call->held_from, call->held_to);
        call->held_from = 0;
    }
}

static bool grow(struct grpc_call *call, size_t cap)
{
    size_t more = cap - call->held_cap;

    if (!budget_take(&call->conn->input, more)) {
        return false;
    }
    uint8_t *grown = (uint8_t *)realloc(call->held, cap);
    if (grown == NULL) {
        budget_give(&call->conn->input, more);
        return false;
    }
    call->held = grown;
    call->held_cap = cap;
    return true;
}

/* Keeps bytes that came while the call was paused. Their credit is held back, so there
 * are never more than the window of the stream. */
static void hold(struct grpc_call *call, struct slice bytes)
{
    if (call->held_from > 0 && bytes.len > call->held_cap - call->held_to) {
        close_gap(call);
    }
    if (bytes.len > call->held_cap - call->held_to &&
        !grow(call, call->held_to + bytes.len + call->held_cap)) {
        call_abandon(call, NGHTTP2_ENHANCE_YOUR_CALM);
        return;
    }
    memcpy(call->held + call->held_to, bytes.data, bytes.len);
    call->held_to += bytes.len;
}

static enum sg_status charge_deframer(struct grpc_call *call)
{
    size_t cap = call->deframer.cap;

    if (cap > call->deframer_charged) {
        if (!budget_take(&call->conn->input, cap - call->deframer_charged)) {
            return SG_BUSY;
        }
        call->deframer_charged = cap;
    }
    return SG_OK;
}

static void refuse_message(struct grpc_call *call, enum sg_status status)
{
    char text[96];

    if (status == SG_TOO_LARGE) {
        count_refused(call->conn->loop, LIMIT_MESSAGE);
        (void)snprintf(text, sizeof(text),
                       "the message has %zu bytes; this method accepts at most %zu",
                       call->deframer.need, call->deframer.max);
        call_refuse(call, SG_TOO_LARGE, text);
    } else if (status == SG_INVALID) {
        call_refuse(call, SG_INTERNAL, "the flag before a message is neither 0 nor 1");
    } else {
        call_refuse(call, status, NULL);
    }
}

static void take_message(struct grpc_call *call)
{
    if (call->deframer.compressed && !call->request.gzip) {
        call_refuse(call, SG_INTERNAL,
                    "a message is marked as compressed, but the request names no "
                    "grpc-encoding");
    } else if (conduct_too_empty(call)) {
        call_refuse(call, SG_BUSY, "too many messages without content");
    } else if (single(call)) {
        call->message = true; /* delivered when the request is known to be whole */
    } else {
        deliver(call);
    }
}

/* Takes bytes until they are used up, the service pauses or the call ends. Returns how
 * many were taken; as many were credited. */
static size_t feed(struct grpc_call *call, struct slice bytes)
{
    size_t all = bytes.len;

    while (bytes.len > 0 && !call->ended && !call->paused) {
        bool whole = false;
        if (call->message) {
            call_refuse(call, SG_UNSUPPORTED,
                        "the method takes one message, and more than one was sent");
            break;
        }
        enum sg_status status = grpc_deframe(&call->deframer, &bytes, &whole);
        if (status == SG_OK) {
            status = charge_deframer(call);
        }
        if (status != SG_OK) {
            refuse_message(call, status);
        } else if (whole) {
            take_message(call);
        }
    }
    credit(call, all - bytes.len);
    return all - bytes.len;
}

static void close_input(struct grpc_call *call)
{
    /* A call that is paused, and has all, is told: it ends so. */
    bool waits = call->held_from < call->held_to;

    if (!call->peer_done || !call->accepted || call->ended || call->half_closed ||
        waits) {
        return;
    }
    call->half_closed = true;
    if (call->deadline_us < INT64_MAX && call->deadline_us <= clock_mono_us()) {
        call_expire(call); /* the loop was busy, the timer comes too late */
    } else if (grpc_deframer_partial(&call->deframer)) {
        call_refuse(call, SG_INTERNAL, "the request ends in the middle of a message");
    } else if (!single(call)) {
        if (call->method->on_half_close != NULL) {
            call->method->on_half_close(call, call->method->context);
        }
    } else if (call->message) {
        deliver(call);
    } else {
        call_refuse(call, SG_UNSUPPORTED,
                    "the method takes one message, and none was sent");
    }
}

void call_receive(struct grpc_call *call, struct slice bytes)
{
    if (!call->accepted || call->ended) {
        credit(call, bytes.len);
        return;
    }
    if (call->held_from == call->held_to) {
        size_t taken = feed(call, bytes);
        bytes = slice_of(bytes.data + taken, bytes.len - taken);
    }
    if (call->ended) {
        credit(call, bytes.len);
    } else if (bytes.len > 0) {
        hold(call, bytes);
    }
}

void call_half_close(struct grpc_call *call)
{
    call->peer_done = true;
    close_input(call);
}

static void feed_held(struct grpc_call *call)
{
    struct slice bytes =
        slice_of(call->held + call->held_from, call->held_to - call->held_from);

    call->held_from += feed(call, bytes);
    if (call->ended) {
        credit(call, call->held_to - call->held_from);
        call->held_from = call->held_to;
    }
    if (call->held_from == call->held_to) {
        call->held_from = 0;
        call->held_to = 0;
    }
}

void call_ready(struct grpc_call *call)
{
    if (!call->ended && !call->paused) {
        if (call->held_from < call->held_to) {
            feed_held(call);
        }
        close_input(call);
    }
    if (call->want_room && !call->ended) {
        call->want_room = false;
        if (call->method->on_writable != NULL) {
            call->method->on_writable(call, call->method->context);
        }
    }
}

void grpc_pause(struct grpc_call *call)
{
    call->paused = true;
}

void grpc_resume(struct grpc_call *call)
{
    if (call->paused) {
        call->paused = false;
        if (!call->ended) {
            loop_mark_ready(call->conn->loop, call);
        }
    }
}

struct grpc_name grpc_call_name(const struct grpc_call *call)
{
    const struct conn *conn = call->conn;

    return (struct grpc_name){.loop = conn->loop->index,
                              .connection = conn->index,
                              .generation = conn->loop->slots[conn->index].generation,
                              .stream = (uint32_t)call->stream};
}

const struct grpc_method *grpc_call_method(const struct grpc_call *call)
{
    return call->method;
}

int64_t grpc_call_deadline_us(const struct grpc_call *call)
{
    return call->deadline_us;
}

void *grpc_call_caller(const struct grpc_call *call)
{
    return call->conn->caller;
}

void grpc_call_set_state(struct grpc_call *call, void *state)
{
    call->state = state;
}

void *grpc_call_state(const struct grpc_call *call)
{
    return call->state;
}

bool grpc_message_compressed(const struct grpc_call *call)
{
    return call->deframer.compressed;
}

size_t grpc_call_queued(const struct grpc_call *call)
{
    return call->queued;
}
