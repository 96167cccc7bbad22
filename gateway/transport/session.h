#ifndef SEGEL_GATEWAY_TRANSPORT_SESSION_H
#define SEGEL_GATEWAY_TRANSPORT_SESSION_H

#include <nghttp2/nghttp2.h>

#include "proto/base.h"
#include "proto/slice.h"

struct conn;
struct grpc_call;

/* The HTTP/2 side of a connection. */

SG_MUST_USE enum sg_status session_callbacks(nghttp2_session_callbacks **out);
SG_MUST_USE enum sg_status session_open(struct conn *conn);
/* Ends all calls, then the session. */
void session_close(struct conn *conn);

/* Takes bytes in. False: the session is to be cut (conn->cut_why tells). */
bool session_receive(struct conn *conn, struct slice bytes);
/* Puts frames into out until about soft_cap bytes are there; a frame never exceeds
 * FRAME_BYTES_MAX. False: the session is broken. */
enum { FRAME_BYTES_MAX = 16384 + 256 };
bool session_produce(struct conn *conn, uint8_t *out, size_t soft_cap, size_t *len);
/* Queues the GOAWAY of a session that is cut. */
void session_terminate(struct conn *conn);
/* Nothing more to read or to write: the connection may go. */
bool session_over(const struct conn *conn);

/* A PING: whatever comes then is a sign of life. */
void session_ping(struct conn *conn);
/* The two steps of sending a peer away: a GOAWAY that refuses nothing with a PING behind
 * it, whose answer comes to upkeep_answered, and one that does: calls that begin after it
 * was queued are not looked at, and the peer may try them elsewhere. */
void session_notice(struct conn *conn);
void session_goaway(struct conn *conn);

#endif
