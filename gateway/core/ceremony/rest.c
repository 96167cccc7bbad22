#include "gateway/core/lane/rest.h"
#include "gateway/clock.h"
#include "gateway/core/ceremony/check.h"
#include "gateway/core/core_inside.h"
#include "proto/record_details.h"

/* The lanes of a ceremony's token: none of them has a process while it is under way. */

void ceremony_rest(struct core *core)
{
    struct ceremony *ceremony = &core->ceremony;
    const struct berth *own = &core->berths[ceremony->work.berth];

    for (size_t i = 0; i < core->berth_count; i++) {
        const struct berth *berth = &core->berths[i];
        if (berth->lane != NULL && berth_same_token(own, berth)) {
            lane_rest(berth->lane, RECORD_LANE_RESTS);
            ceremony->resting |= 1ULL << i;
        }
    }
}

bool ceremony_at_rest(const struct core *core)
{
    const struct berth *own = &core->berths[core->ceremony.work.berth];

    for (size_t i = 0; i < core->berth_count; i++) {
        const struct berth *berth = &core->berths[i];
        if ((core->ceremony.resting >> i & 1) != 0 && berth_same_token(own, berth) &&
            !lane_rested(berth->lane)) {
            return false;
        }
    }
    return true;
}

/* From the phase on in which its lanes are at rest. */
static bool has_token(const struct ceremony *ceremony)
{
    return ceremony->phase >= CEREMONY_AWAITING && ceremony->work.dead == NULL;
}

void ceremony_rest_new(struct core *core)
{
    if (has_token(&core->ceremony)) {
        ceremony_rest(core);
        ceremony_say_awaited(core);
    }
}

bool ceremony_keeps_out(const struct core *core, const struct berth *berth)
{
    return has_token(&core->ceremony) &&
           core->berths[core->ceremony.work.berth].latch == berth->latch;
}

/* Officers have to say something first. What a login came to that is used up shows when
 * nobody is in one any more. */
static bool is_latched(const struct berth *berth, bool rested)
{
    return lane_state(berth->lane) == LANE_LATCHED || latch_failures(berth) > 0 ||
           berth->latch->state == LATCH_CLOSED ||
           (berth->latch->state == LATCH_SPENT && rested);
}

/* Before its lane has found the token nobody knows of what an earlier run has noted of
 * its PIN. */
static void wait_for_token(struct core *core)
{
    if (core->ending) {
        ceremony_untouched(core, "the gateway ended before its lane found the token");
    } else if (clock_mono_us() > core->ceremony.until_us) {
        ceremony_untouched(core, "its lane has not found the token since the gateway "
                                 "started: whether its PIN may be tried is not known");
    }
}

void ceremony_wait_for_rest(struct core *core)
{
    const struct berth *berth = &core->berths[core->ceremony.work.berth];

    if (berth->latch == NULL) {
        wait_for_token(core);
        return;
    }
    ceremony_rest(core); /* again and again: lanes may have come */
    bool rested = ceremony_at_rest(core);
    struct sg_error why = {0};
    if (is_latched(berth, rested)) {
        ceremony_untouched(
            core, "its lane's PIN was refused: it is not tried again before officers "
                  "say so ('segel token unlock')");
    } else if (rested && ceremony_needs_pin(core)) {
        ceremony_await_pin(core);
    } else if (rested && !pin_change_is(core->ceremony.work.order.rite) &&
               ceremony_check_pause(berth, &why) != SG_OK) {
        ceremony_untouched(core, why.text);
    } else if (rested) {
        ceremony_run(core);
    } else if (clock_mono_us() > core->ceremony.until_us) {
        ceremony_untouched(core, "the lanes of its token did not come to rest");
    }
}
