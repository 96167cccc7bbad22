#ifndef SEGEL_TESTS_FUZZ_SUPPORT_LINK_H
#define SEGEL_TESTS_FUZZ_SUPPORT_LINK_H

#include "gateway/transport/conn.h"

/* A connection of a server without TLS, socket or thread: what the peer sends is given to
 * its HTTP/2 session, what the server sends is watched and dropped. */
struct link_options {
    bool unknown; /* the identify hook knows no caller */
    bool reads;   /* the peer takes what the server sends; else only at the end */
};

void link_open(const struct link_options *options);
/* Bytes of the peer, and the turn of the loop that follows. False: the connection has
 * ended, as the server wanted it. */
bool link_send(struct slice bytes);
/* One more turn. */
bool link_turn(void);
/* Begins a drain. */
void link_notice(void);
/* Ends the connection: with a GOAWAY and all answers that are ready, or at once. MUST:
 * nothing of it is held any more. */
void link_close(bool politely);

#endif
