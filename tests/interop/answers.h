#ifndef SEGEL_TESTS_INTEROP_ANSWERS_H
#define SEGEL_TESTS_INTEROP_ANSWERS_H

#include <sys/queue.h>

#include "gateway/transport/grpc.h"

/* The answers that one streaming call still owes: in order, each in its own time, no
 * faster than the peer takes them. Belongs to the call's I/O loop. */

enum {
    ANSWERS_MAX = 8192,       /* owed by one call */
    ANSWER_MAX = 8 << 20,     /* bytes of one payload */
    ANSWERS_TICK_MS = 2,      /* how exact interval_us is */
    ANSWERS_QUEUED = 64 << 10 /* bytes in the transport before the next has to wait */
};

struct answer {
    uint32_t size;
    uint32_t interval_us; /* to the one before */
    bool compressed;
};

LIST_HEAD(answers_list, answers);

struct answers {
    LIST_ENTRY(answers) link;
    struct grpc_call *call; /* borrowed until its on_close */
    int64_t due_us;         /* of the first */
    size_t from;
    size_t count;
    uint64_t received; /* bytes of all payloads that came */
    bool held;         /* nothing is sent before the peer has half-closed */
    bool last;         /* none will be added: finish behind the last */
    bool paused;
    bool early; /* the first waits for its time, not for room */
    struct answer ring[ANSWERS_MAX];
};

/* Makes the state of a call and puts it into the loop's list. NULL: no memory, and the
 * call has been ended. */
struct answers *answers_open(struct answers_list *list, struct grpc_call *call);
void answers_close(struct grpc_call *call);

/* SG_TOO_LARGE: the call owes too many already. */
SG_MUST_USE enum sg_status answers_add(struct answers *answers,
                                       const struct answer *answer);
/* Sends what is due and finds room; ends the call behind the last. */
void answers_pump(struct answers *answers);
/* The same for all calls of a loop, because time has passed. */
void answers_tick(struct answers_list *list);

/* So many zeros, borrowed for ever. */
struct slice answers_zeros(uint32_t size);

#endif
