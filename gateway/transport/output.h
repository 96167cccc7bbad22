#ifndef SEGEL_GATEWAY_TRANSPORT_OUTPUT_H
#define SEGEL_GATEWAY_TRANSPORT_OUTPUT_H

#include "gateway/transport/conn.h"

/* The way of frames from the session to the socket: collected in a stage of about one
 * TLS record, written, and kept only while the socket takes nothing. */

/* The socket takes nothing now, or takes again. */
void output_block(struct conn *conn, bool blocked);
/* Forgets what was not written. */
void output_drop(struct conn *conn);

#endif
