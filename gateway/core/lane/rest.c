#include "gateway/core/lane/rest.h"

#include <stdio.h>
#include <stdlib.h>

#include "gateway/core/lane/inside.h"

void lane_rest(struct lane *lane, const char *why)
{
    if (!lane->resting) {
        lane->resting = true;
        (void)snprintf(lane->rest_why, sizeof(lane->rest_why), "%s", why);
    }
}

void lane_rest_say(struct lane *lane, const char *why)
{
    (void)snprintf(lane->rest_why, sizeof(lane->rest_why), "%s", why);
    if (lane_rested(lane) && lane->state == LANE_DOWN) {
        (void)snprintf(lane->why, sizeof(lane->why), "%s", why);
    }
}

/* One that opens its token is not disturbed: where its directory can be written to, a
 * kill in the middle of a login destroys the token. */
void lane_go_to_rest(struct lane *lane)
{
    if (lane->state == LANE_UP) {
        lane_flush(lane);
    }
    if (lane->state == LANE_UP) { /* it took what was queued */
        (void)snprintf(lane->why, sizeof(lane->why), "%s", lane->rest_why);
        lane_enter(lane, LANE_DOWN);
    }
    if (lane->state ==
        LANE_AWAITING) { /* nobody has typed its PIN: it has not logged in */
        lane_lose(lane, LANE_DOWN, lane->rest_why);
    }
    if (lane->state == LANE_DOWN && !lane->ebbing && !lane_busy(lane)) {
        (void)snprintf(lane->why, sizeof(lane->why), "%s", lane->rest_why);
        lane_lose(lane, LANE_DOWN, lane->rest_why);
    }
}

bool lane_resting(const struct lane *lane)
{
    return lane->resting;
}

bool lane_rested(const struct lane *lane)
{
    return lane->resting && lane->process.pid < 0 && !lane->burying &&
           (lane->state == LANE_DOWN || lane->state == LANE_LATCHED);
}

enum sg_status lane_wake(struct lane *lane, const struct lane_refs *refs)
{
    struct lane_key *keys = (struct lane_key *)calloc(refs->key_count + 1, sizeof(*keys));

    MUST(lane_rested(lane));
    if (keys == NULL) {
        return SG_NO_MEMORY;
    }
    free(lane->keys);
    lane->keys = keys;
    lane->options.keys = refs->keys;
    lane->options.key_count = refs->key_count;
    lane->options.canary = refs->canary;
    lane->resting = false;
    lane->retry_us = 0;
    lane->backoff_us = 0;
    return SG_OK;
}
