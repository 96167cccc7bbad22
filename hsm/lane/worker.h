#ifndef SEGEL_HSM_LANE_WORKER_H
#define SEGEL_HSM_LANE_WORKER_H

#include "hsm/lane/outbox.h"
#include "hsm/lane/queue.h"
#include "hsm/token/verifier.h"
#include "hsm/wire/wire.h"

/* What the workers of a lane share. Keys and token do not change any more. */
struct crew {
    const struct token *token; /* borrowed for ever */
    const struct key *keys;    /* borrowed for ever */
    size_t key_count;
    struct wire *wire;    /* borrowed; of whoever reads, see hsm/lane/queue.h */
    atomic_uint sessions; /* open, over all workers */
    struct queue queue;
    struct outbox outbox;
};

enum { WORKER_SESSION_ERRORS = 3 };

/* One thread with its own session. A session that saw any error is closed, not used
 * again. When the token has none left to put in its place, the worker gives its operation
 * back and stands aside while others have one. */
struct worker {
    struct crew *crew;
    struct reach reach;
    bool session_open;
    bool starved; /* the token had no session left for the operation in hand */
    int64_t session_errors_us[WORKER_SESSION_ERRORS]; /* when the last ones were */
    unsigned next_error;
    CK_OBJECT_HANDLE handles[WIRE_KEYS_MAX]; /* 0: as in the key */
    struct verifier verifiers[WIRE_KEYS_MAX];
    struct batch batch;
    struct signature raw[RING_BATCH]; /* as the module gave them, not checked yet */
    struct outcome outcomes[RING_BATCH];
};

/* Opens the worker's session; to be called for one worker after the other. */
CK_RV worker_init(struct worker *worker, struct crew *crew);

/* Takes operations and answers them, and reads more when there are none, for ever. */
SG_MUST_USE enum sg_status worker_start(struct worker *worker);

#endif
