#include <stdio.h>

#include "gateway/clock.h"
#include "gateway/transport/call.h"
#include "proto/preflight.h"

enum { DEPTH_MAX = 8, UNKNOWN_MAX = 64, INFLATE_UNIT = 65536 };

/* A thousand bytes to inflate for each that was sent is work that a peer could make
 * without end: a caller gets so much of it at once and a second, in units, whatever
 * connections it opens. */
static struct rate inflate_rate(const struct conn *conn)
{
    const struct server_limits *limits = &conn->loop->setup->limits;

    return (struct rate){.burst = limits->inflated_bytes / INFLATE_UNIT,
                         .per_second = limits->inflated_bytes_per_second / INFLATE_UNIT};
}

/* Unpacked messages are larger than their bytes, by how much depends on their shape: the
 * factor suits honest ones, and hostile ones run into it. */
static size_t arena_size(size_t message)
{
    size_t size = message * ARENA_FACTOR;

    size = size < ARENA_MIN ? ARENA_MIN : size;
    return size > ARENA_MAX ? ARENA_MAX : size;
}

static void hand_over(struct grpc_call *call, struct slice bytes, struct arena *arena)
{
    const struct grpc_method *method = call->method;
    ProtobufCMessage *message = protobuf_c_message_unpack(
        method->request, &arena->allocator, bytes.len, bytes.data);

    if (message == NULL) {
        call_refuse(call, SG_INVALID,
                    "the message cannot be unpacked: a part stands twice that may stand "
                    "once, or it needs more memory than its size allows");
        return;
    }
    call_open(call);
    if (!call->ended) {
        method->on_message(call, message, method->context);
    }
}

static enum sg_status check(const struct grpc_call *call, struct slice bytes,
                            struct sg_error *why)
{
    const struct grpc_method *method = call->method;
    const struct preflight_limits limits = {
        .max_depth = DEPTH_MAX,
        .max_elements = method->max_elements,
        .max_unknown = method->unknown_refused ? 0 : UNKNOWN_MAX};

    return preflight(method->request, bytes, &limits, why);
}

static void unpack(struct grpc_call *call, struct slice bytes)
{
    struct arena *shared = &call->conn->loop->arena;
    struct arena own = {0};
    size_t size = arena_size(bytes.len);
    size_t shared_size = shared->cap;

    if (size <= shared_size) {
        shared->cap = size;
        hand_over(call, bytes, shared);
        arena_reset(shared);
        shared->cap = shared_size;
        return;
    }
    if (arena_init(&own, size) == SG_OK) {
        hand_over(call, bytes, &own);
    } else {
        call_refuse(call, SG_NO_MEMORY, NULL);
    }
    arena_fini(&own);
}

static void deliver_bytes(struct grpc_call *call, struct slice bytes)
{
    struct sg_error why = {0};
    enum sg_status status = check(call, bytes, &why);

    if (status == SG_OK) {
        unpack(call, bytes);
    } else {
        /* Other servers say INTERNAL; here the caller is told that the mistake is its
         * own. */
        call_refuse(call, status, why.text);
    }
}

static void refuse_compressed(struct grpc_call *call, enum sg_status status)
{
    char text[96];

    if (status == SG_TOO_LARGE) {
        count_refused(call->conn->loop, LIMIT_MESSAGE);
        (void)snprintf(text, sizeof(text),
                       "the message is larger than the %zu bytes that this method "
                       "accepts",
                       call->deframer.max);
        call_refuse(call, SG_TOO_LARGE, text);
    } else if (status == SG_INVALID) {
        call_refuse(call, SG_INTERNAL,
                    "a message is marked as compressed, but is not gzip, or not whole");
    } else {
        call_refuse(call, status, NULL);
    }
}

/* What was inflated before has to be paid for first: the size of the next one is known
 * only when the work is done. */
static bool may_inflate(struct conn *conn)
{
    const struct rate rate = inflate_rate(conn);
    bool good = !bucket_owes(&conn->share->inflates, &rate, clock_mono_us());

    if (!good) {
        count_refused(conn->loop, LIMIT_INFLATE);
    }
    return good;
}

static void pay(const struct conn *conn, size_t bytes)
{
    const struct rate rate = inflate_rate(conn);
    struct share *share = conn->share;
    uint64_t paid = share->inflated / INFLATE_UNIT;

    share->inflated += bytes;
    bucket_charge(&share->inflates, &rate, share->inflated / INFLATE_UNIT - paid,
                  clock_mono_us());
}

void deliver(struct grpc_call *call)
{
    struct gzip *gzip = &call->conn->loop->gzip;
    struct budget *input = &call->conn->input;
    struct slice bytes = slice_of(call->deframer.message, call->deframer.need);
    struct slice inflated;

    if (!call->deframer.compressed) {
        deliver_bytes(call, bytes);
        return;
    }
    if (!may_inflate(call->conn)) {
        call_refuse(call, SG_BUSY,
                    "the compressed messages of this caller are too much to inflate; "
                    "send them uncompressed");
        return;
    }
    enum sg_status status =
        gzip_inflate(gzip, bytes, call->deframer.max, input, &inflated);
    pay(call->conn, gzip_work(gzip));
    if (status == SG_OK) {
        deliver_bytes(call, inflated);
    } else {
        refuse_compressed(call, status);
    }
    gzip_release(gzip, input);
}
