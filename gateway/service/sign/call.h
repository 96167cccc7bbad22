#ifndef SEGEL_GATEWAY_SERVICE_SIGN_CALL_H
#define SEGEL_GATEWAY_SERVICE_SIGN_CALL_H

#include <stdatomic.h>

#include "gateway/service/inside.h"
#include "gateway/service/trace.h"

/* Sign, SignBatch and SignStream are one thing: items become jobs, jobs come back
 * answered. They differ in when the answers are sent. */
enum sign_kind { SIGN_ONE, SIGN_BATCH, SIGN_STREAM };

/* CROWDED_WINDOW: jobs of a stream under way while its caller has few places left. */
enum {
    BATCH_MAX = 512,
    BATCH_STAMPED_MAX = 256, /* their answers are twice as long */
    STREAM_MESSAGE_MAX = 1024,
    RESULTS_A_MESSAGE = 64,
    CROWDED_WINDOW = 8
};

/* What a call asks, for the jobs that were made of it: a stream may send other terms
 * while they are under way, and they may have to be judged again. Of one loop. */
struct sign_terms {
    uint32_t jobs; /* that refer to it */
    struct terms of;
};

/* One call and its jobs. Lives until the call has closed and all its jobs are back, so a
 * job may point at it. */
struct sign_call {
    LIST_ENTRY(sign_call) link; /* of the loop's open calls, while call is not NULL */
    struct service_loop *loop;  /* borrowed */
    struct grpc_call *call;     /* NULL once it has closed */
    enum sign_kind kind;
    atomic_bool gone; /* read by the core: nobody waits for the jobs any more */
    bool half_closed;
    bool finished; /* the status is on its way: nothing more is sent */
    bool busy;     /* somebody up the stack still uses this: not to be freed */
    bool paused;
    bool has_terms;
    struct sign_terms first;
    struct sign_terms *terms;     /* the newest: owned, unless it is the first */
    struct caller *caller;        /* owned: one use of it */
    char trace_id[TRACE_ID_SIZE]; /* of all its jobs; "": none */
    uint32_t under_way;
    uint32_t total;     /* of a batch */
    struct job **batch; /* owned; answered jobs of a batch, by item */
};

/* A cleared job of the loop's pool; NULL when all are in use, or its caller has too many.
 */
struct job *sign_take(struct sign_call *sign);
/* Gives a job of the call back to its pool. */
void sign_give(struct sign_call *sign, struct job *job);
/* The same for all that a batch has kept. */
void sign_give_batch(struct sign_call *sign);
/* Once the call has closed and the last job is back, *sign is gone. */
void sign_free_if_over(struct sign_call *sign);
/* Ends the call. Nothing of *sign may be used after it unless busy is set: the call may
 * close at once. */
void sign_finish(struct sign_call *sign, enum sg_status status, const char *text,
                 struct slice details);
/* Makes jobs of items and gives to the core what it has places for; the others are
 * answered as refused. All items or none. SG_BUSY: too many jobs of this loop have not
 * been answered. */
SG_MUST_USE enum sg_status
sign_take_items(struct sign_call *sign, Segel__V1__SignItem *const *items, size_t count);
/* Stops or restarts reading a stream, by how much of it is under way. */
void sign_hold_back(struct sign_call *sign);
/* Answers items of a stream for which there are no jobs: come back later. */
void sign_refuse_items(struct sign_call *sign, Segel__V1__SignItem *const *items,
                       size_t count);
/* A stream whose client has said all, and whose jobs are all answered, is over. */
void sign_end_if_done(struct sign_call *sign);

/* For the methods, and for the loops. */
void sign_on_open(struct grpc_call *call, void *services);
void sign_on_unary(struct grpc_call *call, const ProtobufCMessage *message,
                   void *services);
void sign_on_batch(struct grpc_call *call, const ProtobufCMessage *message,
                   void *services);
void sign_on_stream(struct grpc_call *call, const ProtobufCMessage *message,
                    void *services);
void sign_on_half_close(struct grpc_call *call, void *services);
void sign_on_close(struct grpc_call *call, void *services);
/* The gateway ends: streams take no more items, and end with their last answer. */
void sign_drain(struct service_loop *loop);
/* Jobs that came back not answered, but to be judged again. */
void sign_judge_again(struct service_loop *loop, struct letters *jobs);
/* All answered jobs of one wake-up. */
void sign_answer(struct service_loop *loop, struct letters *letters);

#endif
