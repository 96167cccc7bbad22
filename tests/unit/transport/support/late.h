#ifndef SEGEL_TESTS_UNIT_TRANSPORT_SUPPORT_LATE_H
#define SEGEL_TESTS_UNIT_TRANSPORT_SUPPORT_LATE_H

#include "tests/unit/transport/support/peer.h"

/* A client that has its end of the handshake ready and keeps it to itself. */
void late_begin(struct peer_link *link, const struct peer_options *options);
/* Sends it with all that was collected since, in one write. */
void late_finish(struct peer_link *link);

#endif
