#include "gateway/clock.h"
#include "gateway/transport/call.h"
#include "gateway/transport/handshake.h"
#include "gateway/transport/metadata.h"

static void take_path(struct grpc_call *call, struct slice value)
{
    call->method = setup_method(call->conn->loop->setup, value);
}

static void take_verb(struct grpc_call *call, struct slice value)
{
    call->request.post = slice_equal(value, slice_str("POST"));
}

static void take_content_type(struct grpc_call *call, struct slice value)
{
    call->request.grpc = metadata_content_type(value);
}

static void take_te(struct grpc_call *call, struct slice value)
{
    call->request.trailers = slice_equal(value, slice_str("trailers"));
}

static void take_timeout(struct grpc_call *call, struct slice value)
{
    call->request.timed = true;
    call->request.timeout_bad = !metadata_timeout(value, &call->request.timeout_us);
}

static void take_encoding(struct grpc_call *call, struct slice value)
{
    call->request.gzip = slice_equal(value, slice_str("gzip"));
    call->request.encoded =
        !call->request.gzip && !slice_equal(value, slice_str("identity"));
}

static void take_accepted(struct grpc_call *call, struct slice value)
{
    call->request.accepts_gzip =
        call->request.accepts_gzip || metadata_lists(value, slice_str("gzip"));
}

struct header_row {
    const char *name;
    size_t len;
    void (*take)(struct grpc_call *call, struct slice value);
};

#define HEADER(name, take)                                                               \
    {                                                                                    \
        name, sizeof(name) - 1, take                                                     \
    }
static const struct header_row header_rows[] = {
    HEADER(":path", take_path),
    HEADER(":method", take_verb),
    HEADER("content-type", take_content_type),
    HEADER("te", take_te),
    HEADER("grpc-timeout", take_timeout),
    HEADER("grpc-encoding", take_encoding),
    HEADER("grpc-accept-encoding", take_accepted),
};

/* An index of one byte may stand for 4 KiB, and HTTP/2 looks at each byte of it: a list
 * is taken to its end only so far beyond the limit, for the sake of a clear refusal. */
enum { BEYOND = 4 };

bool request_bearable(struct grpc_call *call, struct slice name, struct slice value)
{
    const struct server_limits *limits = &call->conn->loop->setup->limits;
    struct request *request = &call->request;

    request->seen_bytes += name.len + value.len + FIELD_COST;
    request->seen_fields++;
    return request->seen_bytes / BEYOND <= limits->header_list_bytes &&
           request->seen_fields / BEYOND <= limits->header_fields;
}

void request_header(struct grpc_call *call, struct slice name, struct slice value)
{
    const struct server_limits *limits = &call->conn->loop->setup->limits;
    struct request *request = &call->request;
    size_t cost = name.len + value.len + FIELD_COST;

    if (request->too_large) {
        return;
    }
    bool long_list = cost > limits->header_list_bytes - request->bytes;
    if (long_list || request->fields >= limits->header_fields) {
        request->too_large = true;
        count_refused(call->conn->loop,
                      long_list ? LIMIT_HEADER_BYTES : LIMIT_HEADER_FIELDS);
        return;
    }
    request->bytes += (uint32_t)cost;
    request->fields++;
    for (size_t i = 0; i < SG_COUNT(header_rows); i++) {
        const struct header_row *row = &header_rows[i];
        if (row->len == name.len && memcmp(row->name, name.data, name.len) == 0) {
            row->take(call, value);
            return;
        }
    }
    call_keep_metadata(call, name, value);
}

static bool single(const struct grpc_method *method)
{
    return method->kind == GRPC_UNARY || method->kind == GRPC_SERVER_STREAM;
}

/* Streams may last: only their own timeout ends them. */
static int64_t time_allowed_us(const struct grpc_call *call)
{
    const struct server_limits *limits = &call->conn->loop->setup->limits;
    int64_t max_us = (int64_t)limits->deadline_max_ms * 1000;

    if (call->method->kind != GRPC_UNARY) {
        return call->request.timed ? call->request.timeout_us : INT64_MAX;
    }
    int64_t asked_us = call->request.timed ? call->request.timeout_us
                                           : (int64_t)limits->deadline_default_ms * 1000;
    return asked_us < max_us ? asked_us : max_us;
}

/* False: the time is over already. */
static bool start_clock(struct grpc_call *call)
{
    int64_t allowed_us = time_allowed_us(call);
    struct timeval time = {.tv_sec = allowed_us / 1000000,
                           .tv_usec = allowed_us % 1000000};

    call->deadline_us = INT64_MAX;
    if (allowed_us > 0 && allowed_us < INT64_MAX) {
        call->deadline_us = clock_mono_us() + allowed_us;
        (void)event_add(&call->timer, &time);
    }
    return allowed_us > 0;
}

static bool refuse_http(struct grpc_call *call)
{
    if (!call->request.post) {
        call_refuse_http(call, "405");
        return true;
    }
    if (!call->request.grpc) {
        call_refuse_http(call, "415");
        return true;
    }
    return false;
}

static void refuse_metadata(struct grpc_call *call)
{
    if (call->request.metadata == SG_INVALID) {
        call_refuse(call, SG_INTERNAL,
                    "metadata with a name that ends with -bin is not base64");
    } else if (call->request.metadata == SG_TOO_LARGE) {
        call_refuse(call, SG_TOO_LARGE, "the metadata is larger than the limit");
    } else {
        call_refuse(call, call->request.metadata, NULL);
    }
}

static bool refuse_grpc(struct grpc_call *call)
{
    struct conn *conn = call->conn;

    handshake_judge(conn);
    if (!call->request.trailers) {
        call_refuse(call, SG_INTERNAL,
                    "the request lacks 'te: trailers'; a proxy on the way does not pass "
                    "gRPC on");
    } else if (call->request.timeout_bad) {
        call_refuse(call, SG_INTERNAL,
                    "grpc-timeout is not 1 to 8 digits and a unit of H M S m u n");
    } else if (conn->caller == NULL) {
        call_refuse(call, SG_UNAUTHENTICATED, conn->stranger);
    } else if (call->method == NULL) {
        call_refuse(call, SG_UNSUPPORTED,
                    "this server has no such method; check service, method and version");
    } else if (call->request.encoded) {
        call_refuse_encoding(call);
    } else if (call->request.metadata != SG_OK) {
        refuse_metadata(call);
    }
    return call->ended;
}

/* Without this nghttp2 sends one stream's answer to its end before it begins another's
 * (RFC 9218: not incremental), and a long stream would hold up the rest. */
static void share_connection(struct grpc_call *call)
{
    const nghttp2_extpri incremental = {.urgency = NGHTTP2_EXTPRI_DEFAULT_URGENCY,
                                        .inc = 1};

    (void)nghttp2_session_change_extpri_stream_priority(call->conn->session, call->stream,
                                                        &incremental, 1);
}

static size_t message_max(const struct grpc_call *call)
{
    size_t max = call->conn->loop->setup->limits.message_bytes;

    return call->method->max_request < max ? call->method->max_request : max;
}

void request_complete(struct grpc_call *call)
{
    if (call->request.too_large) {
        call_refuse(call, SG_TOO_LARGE, "the request headers are larger than the limit");
        return;
    }
    if (refuse_http(call) || refuse_grpc(call)) {
        return;
    }
    call->deframer.max = message_max(call);
    if (!start_clock(call)) {
        call_refuse(call, SG_TIMEOUT, NULL);
        return;
    }
    call->accepted = true;
    if (call->method->kind != GRPC_UNARY) {
        share_connection(call);
    }
    if (!single(call->method)) {
        call_open(call);
    }
}
