#ifndef SEGEL_GATEWAY_CORE_LANE_BERTH_H
#define SEGEL_GATEWAY_CORE_LANE_BERTH_H

#include <event2/event.h>

#include "gateway/core/core.h"
#include "gateway/core/key/binding.h"
#include "gateway/core/lane/latch.h"

/* Lanes as the core keeps them: they come, are watched, are told of on the log, and
 * leave. Core thread only. */

enum { NO_BERTH = -1 };

/* A lane with what the core keeps beside it. */
struct berth {
    struct lane *lane;           /* owned; NULL = the berth is free */
    const struct config *config; /* borrowed: the one that names this lane */
    struct lane_key_ref *refs;   /* owned: what the lane is asked for, in their order */
    size_t ref_count;
    int16_t *positions; /* owned: of each key of the ring in refs; -1 = not asked for */
    int log_position;   /* of the log key; -1 = not here */
    uint32_t planned[LANE_KINDS]; /* admitted in this turn, not yet handed over */
    struct event *readable;
    uint32_t generation;  /* of the lane that readable watches */
    enum lane_state seen; /* last state that was noted on the log */
    bool told;            /* it was noted as up or down at least once */
    bool told_waiting;    /* the last that was noted is that it awaits its PIN */
    bool acquainted;      /* the ledger knows that it has opened its token */
    bool leaving;         /* takes no more work; is freed when it has none in hand */
    struct latch *latch;  /* borrowed: of the token that was found last; NULL = none */
    bool denied;          /* the login was not even tried, by the latch or the flags */
    bool latch_named;     /* the ledger knows that the latch is of this lane's token */
};

/* Takes a free berth and makes the lane, which starts with its first
 * tick; config must live as long as the berth is in use. */
SG_MUST_USE enum sg_status berth_open(struct core *core, const struct config *config,
                                      size_t lane, struct sg_error *why);
/* Frees the berth. Its lane has not ticked yet, so that there is no process; or is gone.
 */
void berth_unmake(struct berth *berth);
/* What a configuration says of where a key is. */
const struct config_key *berth_placement(const struct config *config,
                                         const struct key *key);
struct berth *berth_find(struct core *core, const char *name);
/* Whether they are lanes of one token: as it said when they found it, or as the
 * configuration has it. */
bool berth_same_token(const struct berth *one, const struct berth *other);
/* The lane rests: it is asked for the keys that there are now, and starts again.
 * SG_NO_MEMORY: it rests on. */
SG_MUST_USE enum sg_status berth_wake(struct core *core, struct berth *berth);
/* Ticks all lanes, notes what changed, watches their sockets. */
void berths_look_after(struct core *core);
/* listen.c. Hears the berth's lane by the socket that it has now; the same of all lanes,
 * which comes before any of them begins anew: its socket may get the number of one that
 * was closed. Hears a berth no more. */
void berth_listen(struct core *core, struct berth *berth);
void berths_listen(struct core *core);
void berth_deafen(struct berth *berth);
/* What lanes send waits in their sockets, for milliseconds; and is taken in, all of it.
 */
void berths_hush(struct core *core);
void berths_hear(struct core *core);
/* A lane came up, went down or left: what follows for keys, log and log lines. Returns
 * whether anything changed. */
bool berth_note(struct core *core, size_t index);
/* Notes it as up or down. */
void berth_tell(struct core *core, struct berth *berth, bool up);
void berths_fini(struct core *core);

#endif
