#ifndef SEGEL_GATEWAY_CORE_LANE_ROUTE_H
#define SEGEL_GATEWAY_CORE_LANE_ROUTE_H

#include "gateway/core/core.h"
#include "gateway/core/turn/fair.h"

/* Which lanes serve a key, and which of them takes its next job. Core thread only. */

/* A key's jobs and lanes. */
struct route {
    TAILQ_ENTRY(route) link;   /* in busy, while jobs wait */
    struct fair_queue waiting; /* judged, not yet decided */
    struct pace pace;
    uint32_t in_hand;        /* admitted, not yet concluded */
    uint64_t berths;         /* bits: lanes that may serve it */
    int64_t dark_us;         /* since when none of them is up; 0 = one is */
    uint64_t facts_serial;   /* of the binding whose facts are on the log; 0 = none */
    uint64_t facts_index;    /* where: leaf index of its key.facts */
    const char *status_told; /* state of its certificates on the log; NULL = none yet */
    uint32_t failures;       /* operations that failed since its last signature */
    char failed_why[128];    /* the last of them */
};
TAILQ_HEAD(route_list, route);

SG_MUST_USE enum sg_status routes_make(struct core *core);
void routes_fini(struct core *core);
size_t route_index(const struct core *core, const struct key *key);
/* Binds every key to what the lanes that are up say of it. Keys whose lanes are all down
 * stay as they are. */
SG_MUST_USE enum sg_status routes_bind(struct core *core, struct sg_error *why);
/* The same when lanes have left, for keys that no lane serves now and that none which is
 * down may hold: another lane serves them, though it says less of them. */
SG_MUST_USE enum sg_status routes_bind_dark(struct core *core, struct sg_error *why);
/* Binds every key by another policy: all or, on a failure, none. Keys whose lanes are all
 * down keep what was last known of them. */
SG_MUST_USE enum sg_status routes_succeed(struct core *core, struct policy *policy);
/* Whether a lane may be given jobs at all. */
struct berth;
bool route_takes(const struct berth *berth);
/* choose.c. Where the key's next job goes: the lane that would be done with its work
 * first, of those that are up, have room and are not in the bits of avoid. NO_BERTH: none
 * now. */
int route_choose(const struct core *core, size_t route, uint64_t avoid);
/* What came of a job that was given to a lane. */
struct lane_result;
void route_note(struct core *core, const struct key *key,
                const struct lane_result *result);
/* No lane has been up for longer than jobs wait for one, or none can come. */
bool route_gone(const struct core *core, size_t route, int64_t now_us);
/* Why: one sentence of a lane that is down. */
const char *route_why(const struct core *core, size_t route);
void routes_note_dark(struct core *core, int64_t now_us);
/* Another lane than those of avoid could take a job of the key now. */
bool route_other(const struct core *core, size_t route, uint64_t avoid);

#endif
