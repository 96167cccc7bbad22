#include "gateway/core/core_inside.h"
#include "gateway/core/officers/effects.h"

/* A lane may try its PIN once more. */

static enum sg_status check_unlock(struct core *core,
                                   const struct ledger_request *request,
                                   struct sg_error *why)
{
    const struct berth *berth = berth_find(core, request->object);

    if (berth == NULL) {
        return sg_fail(why, SG_NOT_FOUND,
                       "there is no lane '%s'; 'segel token list' shows those that there "
                       "are",
                       request->object);
    }
    if (lane_state(berth->lane) != LANE_LATCHED) {
        return sg_fail(why, SG_PRECONDITION,
                       "nothing was done for lane '%s': no PIN was refused since it was "
                       "last unlocked",
                       request->object);
    }
    return SG_OK;
}

static enum sg_status do_unlock(struct core *core, const struct ledger_request *request,
                                struct members *members, struct log_place *place)
{
    struct berth *berth = berth_find(core, request->object);

    MUST(berth != NULL);
    TRY(latch_clear(core, berth));
    return members_write(core, "pin.unlock", members, place);
}

static void after_unlock(struct core *core, const struct ledger_request *request)
{
    struct berth *berth = berth_find(core, request->object);

    if (berth != NULL && lane_state(berth->lane) == LANE_LATCHED) {
        log_event(LOG_INFO, "pin.unlock", "lane", request->object, NULL);
        lane_unlatch(berth->lane);
    }
}

const struct effect effect_unlock_pin = {check_unlock, do_unlock, after_unlock};
