#ifndef SEGEL_GATEWAY_TRANSPORT_HANDSHAKE_H
#define SEGEL_GATEWAY_TRANSPORT_HANDSHAKE_H

#include "gateway/transport/conn.h"

/* The way of a connection from accept to HTTP/2, and who the peer is. */

/* Goes on with the handshake; ends in conn_opened or in a closed connection. */
void handshake_step(struct conn *conn);
void handshake_timed_out(struct conn *conn);
/* A plain connection has none: it is open at once. */
void handshake_skip(struct conn *conn);
/* Peers that have proved nothing may not crowd out the others: beyond the limit, or half
 * of the connections, the oldest unfinished handshake has to go. */
void handshake_make_room(struct loop *loop);
/* The oldest has to go, if there is one: somebody waits for its place. */
void handshake_give_way(struct loop *loop);

/* After the trust was renewed, or when its certificate has run out: judges the peer once
 * more, and asks anew who it is. It is sent away with all its calls if it does not stand
 * the test. Costs next to nothing otherwise. */
void handshake_judge(struct conn *conn);

/* Says in the log that a connection is cut, and why (conn->cut_why). */
void handshake_log_cut(struct conn *conn);

/* In conn.c: the handshake is over and the peer is known. */
void conn_opened(struct conn *conn);

#endif
