#ifndef SEGEL_GATEWAY_CORE_LANE_REST_H
#define SEGEL_GATEWAY_CORE_LANE_REST_H

#include "gateway/core/lane/lane.h"

/* For whoever changes the token: no work is taken any more, and when what is in hand is
 * done the process ends and none is started. Until then it is asked for again and again
 * whether it rests. why: what it says of itself meanwhile. */
void lane_rest(struct lane *lane, const char *why);
/* It says something else of itself from now on. */
void lane_rest_say(struct lane *lane, const char *why);
bool lane_resting(const struct lane *lane);
bool lane_rested(const struct lane *lane);
/* What the lane is asked for from now on, borrowed as in lane_options. */
struct lane_refs {
    const struct lane_key_ref *keys;
    size_t key_count;
    int canary;
};
/* It rests, and starts with the next tick. SG_NO_MEMORY: it rests on. */
SG_MUST_USE enum sg_status lane_wake(struct lane *lane, const struct lane_refs *refs);

/* lane.c: with each tick of a lane that is to rest. */
void lane_go_to_rest(struct lane *lane);

#endif
