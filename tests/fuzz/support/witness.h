#ifndef SEGEL_TESTS_FUZZ_SUPPORT_WITNESS_H
#define SEGEL_TESTS_FUZZ_SUPPORT_WITNESS_H

#include "proto/base.h"
#include "proto/slice.h"

/* Reads what the server sends and holds it against RFC 9113 and gRPC, whatever the peer
 * did. MUST: frames are whole and of kinds that a server sends; a stream that the peer
 * began has HEADERS before DATA, two blocks of HEADERS at most, and nothing but a reset
 * behind its end; an answer that ends well ends between two messages. */
void witness_start(void);
/* Whole frames. */
void witness_see(struct slice bytes);

#endif
