#ifndef SEGEL_GATEWAY_TRANSPORT_UPKEEP_H
#define SEGEL_GATEWAY_TRANSPORT_UPKEEP_H

#include "gateway/transport/conn.h"

/* What a connection is looked after for from time to time: whether its peer still takes
 * answers, is alive, has calls, may still have them, and how old it is. */

/* The connection is open from now on. */
void upkeep_begin(struct conn *conn);
/* By the connection's timer. May close the connection. */
void upkeep_tick(struct conn *conn);
/* The peer has read the notice. */
void upkeep_answered(struct conn *conn);

/* Asks the peer to go, so that no call is lost (RFC 9113 section 6.8): a GOAWAY that
 * refuses nothing yet, and as soon as the peer has read it (it answers the PING behind
 * it) or GOAWAY_GAP_MS later, one with the last call that counts. Open calls go on. */
void upkeep_ask_to_go(struct conn *conn);
/* The second GOAWAY, now. */
void upkeep_send_away(struct conn *conn);
/* The connection closes: nobody has to wait for its peer's answer. */
void upkeep_end(struct conn *conn);

#endif
