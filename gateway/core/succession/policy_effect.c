#include <string.h>

#include "gateway/core/core_inside.h"
#include "gateway/core/officers/effects.h"
#include "gateway/policy/compare.h"

/* A policy comes in force because persons signed for its text. */

/* Each may have a megabyte, which the ledger keeps. */
static enum sg_status check_room(struct core *core, const struct ledger_request *request,
                                 struct sg_error *why)
{
    uint64_t waiting = 0;

    if (request->id[0] != '\0') {
        return SG_OK;
    }
    TRY(ledger_pending_of(core->ledger, request->task, &waiting));
    return waiting < PROPOSALS_MAX
               ? SG_OK
               : sg_fail(why, SG_BUSY,
                         "%d policies wait for signatures already; refuse those that are "
                         "not needed, or wait until they end",
                         PROPOSALS_MAX);
}

static enum sg_status check_policy(struct core *core,
                                   const struct ledger_request *request,
                                   struct sg_error *why)
{
    const struct proposal *proposal = NULL;

    TRY(check_room(core, request, why));
    TRY(proposals_find(core, request, &proposal, why));
    return policy_supersedes(proposal->policy, core->policy, why);
}

static enum sg_status load_policy(struct core *core, const struct ledger_request *request,
                                  struct members *members, struct log_place *place)
{
    const struct proposal *proposal = NULL;
    struct sg_error why = {0};

    TRY(proposals_find(core, request, &proposal, &why));
    return succession_grant(core, proposal, members, place);
}

static void after_policy(struct core *core, const struct ledger_request *request)
{
    const struct proposal *proposal = NULL;
    struct sg_error why = {0};

    if (proposals_find(core, request, &proposal, &why) == SG_OK) {
        succession_tell_grant(core, proposal, request->person);
    }
    report_update(core, true);
}

const struct effect effect_load_policy = {check_policy, load_policy, after_policy};
