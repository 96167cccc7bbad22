#include "gateway/transport/call.h"

/* Trailers go where the next message would: nghttp2 does not ask for it while a window is
 * closed. */
static bool trailers_can_go(const struct grpc_call *call)
{
    nghttp2_session *session = call->conn->session;

    return call->queued == 0 && nghttp2_session_get_remote_window_size(session) > 0 &&
           nghttp2_session_get_stream_remote_window_size(session, call->stream) > 0;
}

/* Whether an answer that is complete waits for nothing but the end of this turn. */
static bool is_on_its_way(const struct grpc_call *call)
{
    nghttp2_session *session = call->conn->session;
    int64_t queued = (int64_t)call->queued;

    return queued < nghttp2_session_get_remote_window_size(session) &&
           queued < nghttp2_session_get_stream_remote_window_size(session, call->stream);
}

/* A client whose own clock is a little behind would take a reset for a cancellation, so
 * it is told by status wherever that can be had without waiting. The service's own clock
 * may have rung first: then its answer goes. */
void call_expire(struct grpc_call *call)
{
    if (call->ended && is_on_its_way(call)) {
        return;
    }
    if (call->ended || (call->answered && !trailers_can_go(call))) {
        call_abandon(call, NGHTTP2_CANCEL);
    } else {
        call_refuse(call, SG_TIMEOUT, NULL);
    }
}

/* One that is no longer welcome must not stay by giving its answers no window. */
void call_dismiss(struct grpc_call *call, enum sg_status status, const char *why)
{
    if (call->answered && !is_on_its_way(call)) {
        call_abandon(call, NGHTTP2_CANCEL);
    } else if (call->accepted && !call->ended) {
        call_refuse(call, status, why);
    }
}
