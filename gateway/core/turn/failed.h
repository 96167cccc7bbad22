#ifndef SEGEL_GATEWAY_CORE_TURN_FAILED_H
#define SEGEL_GATEWAY_CORE_TURN_FAILED_H

struct core;

/* Core thread. The ledger has failed: whoever waits is told so, also those whose jobs a
 * lane has in hand, and nothing is signed any more. The core does nothing else from here
 * on: what lanes still answer is about jobs that are not the core's any more. */
void failed_tell_all(struct core *core);

#endif
