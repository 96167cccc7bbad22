#ifndef SEGEL_GATEWAY_TRANSPORT_LINK_H
#define SEGEL_GATEWAY_TRANSPORT_LINK_H

#include "gateway/transport/conn.h"
#include "gateway/transport/tls.h"

/* The bytes of an open connection, in TLS or plain: the same ends for both. */

/* Makes TLS, if the connection has it, read and write the connection's socket. */
SG_MUST_USE bool link_begin(struct conn *conn);
/* A step of the handshake of TLS. */
enum tls_end link_handshake(struct conn *conn);

/* len: as many bytes as were read or written, on TLS_DONE only. */
enum tls_end link_read(struct conn *conn, uint8_t *out, size_t cap, size_t *len);
enum tls_end link_write(struct conn *conn, struct slice bytes, size_t *len);
/* Whether bytes wait that were read from the socket already. */
bool link_pending(const struct conn *conn);
/* Says goodbye (close_notify), if there is a way to. */
void link_shut(struct conn *conn);

#endif
