#include "gateway/core/core_inside.h"
#include "gateway/core/officers/effects.h"

/* A lock-down ends. */

static enum sg_status check_clear(struct core *core, const struct ledger_request *request,
                                  struct sg_error *why)
{
    return lockdown_check(core, request->object, why);
}

static enum sg_status do_clear(struct core *core, const struct ledger_request *request,
                               struct members *members, struct log_place *place)
{
    (void)request; /* checked: it is the one in force */
    return lockdown_end(core, members, place);
}

static void after_clear(struct core *core, const struct ledger_request *request)
{
    log_event(LOG_WARN, "lockdown.over", "id", request->object, NULL);
    report_update(core, true);
}

const struct effect effect_clear = {check_clear, do_clear, after_clear};
