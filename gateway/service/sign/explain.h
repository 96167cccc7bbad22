#ifndef SEGEL_GATEWAY_SERVICE_SIGN_EXPLAIN_H
#define SEGEL_GATEWAY_SERVICE_SIGN_EXPLAIN_H

#include <stdatomic.h>

#include "gateway/transport/grpc.h"

struct letter;
struct service_loop;

/* Explain: how a job would be judged. */

/* How often a caller asks Explain: on any loop, without a lock. */
struct explain_gauge {
    atomic_int_fast64_t filled_us; /* CLOCK_MONOTONIC: from then on it may ask its fill */
    atomic_uint_fast64_t refused;
};

/* Each answer costs a record, so a caller has as many a minute, and as many at once. Any
 * thread; 0: it may ask; else how long it has to wait, and that it was refused is
 * counted.
 */
int64_t explain_draw(struct explain_gauge *gauge, int64_t a_minute, int64_t now_us);

void explain_on_message(struct grpc_call *call, const ProtobufCMessage *message,
                        void *services);
/* A question came back from the core. */
void explain_answer(struct service_loop *loop, struct letter *letter);
/* It came back too late: the loop has ended. */
void explain_drop(struct letter *letter);

#endif
