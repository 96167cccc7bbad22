#ifndef SEGEL_PROTO_MARKS_H
#define SEGEL_PROTO_MARKS_H

#include <assert.h>
#include <stdatomic.h>
#include <stdint.h>

/* How far a lane has come: one page of memory (a memfd) that segeld makes, hands to the
 * lane at its start beside the socket, and reads when the lane has died. The lane keeps
 * two queues, each first in first out, because an RSA signature takes ten to twenty times
 * as long as one on a curve. Operation ids grow with every operation, so the id that a
 * worker began last says of each operation behind it that its key was not used.
 *
 * Only the lane writes, before the first call of the module for the operation. A lane
 * that lies here could as well have signed, or tried a PIN: the page decides nothing but
 * whether a lost job is told as failed or as indeterminate, and whether a lane that died
 * was in a login. */
enum mark_queue { MARK_RSA, MARK_CURVE, MARK_QUEUES };

struct marks {
    _Atomic uint64_t begun[MARK_QUEUES]; /* highest id that a worker began; 0 = none */
    _Atomic uint64_t waits; /* 1: for word whether it may log in, which it has not; a lane
                             * that does not say so counts as one that may have */
};
static_assert(sizeof(struct marks) <= 4096, "one page");
static_assert(ATOMIC_LLONG_LOCK_FREE == 2, "shared between processes");

#endif
