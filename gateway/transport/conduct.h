#ifndef SEGEL_GATEWAY_TRANSPORT_CONDUCT_H
#define SEGEL_GATEWAY_TRANSPORT_CONDUCT_H

#include "gateway/transport/conn.h"

/* How a peer behaves: frames that cost it nothing, and how often it may send them. What
 * returns int returns to nghttp2: 0, or a failure when the connection is to be cut. */

/* Remembers that the session is to be cut; done when nghttp2 has returned. why: a string
 * that lasts. */
int conduct_cut(struct conn *conn, uint32_t code, const char *why);
/* The same for a limit, which is counted. */
int conduct_break(struct conn *conn, enum limit limit, const char *why);

int conduct_ping(struct conn *conn);
int conduct_settings(struct conn *conn);
/* Called by TLS, not by nghttp2. False: the peer is to be cut. */
bool conduct_key_update(struct conn *conn);
int conduct_reset(struct conn *conn);
int conduct_empty_data(struct conn *conn, struct grpc_call *call);
/* Whether the message in the deframer is one too many without content. They are lawful,
 * but cost a peer almost nothing: others have to outweigh them. */
bool conduct_too_empty(struct grpc_call *call);
/* A frame that was refused (error of nghttp2); a reset may come of it. */
void conduct_invalid(struct conn *conn, const nghttp2_frame *frame, int error);
/* A reset of ours was sent, and it was not our own wish. */
void conduct_reset_sent(struct conn *conn);
/* Data or headers of an answer were sent: the pings before are excused. */
void conduct_answered(struct conn *conn);
/* Looks at bytes before they cost anything. False: too many control frames. */
bool conduct_control(struct conn *conn, struct slice bytes);

#endif
