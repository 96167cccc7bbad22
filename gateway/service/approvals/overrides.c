#include "gateway/core/officers/overrides.h"
#include "gateway/service/approvals/approvals.h"
#include "gateway/service/approvals/officers.h"

/* ListOverrides, and its answer. */

static Segel__V1__OverrideState *state_of(struct asked *asked,
                                          const struct ledger_override *from)
{
    Segel__V1__OverrideState *out = (Segel__V1__OverrideState *)approvals_make(
        asked, &segel__v1__override_state__descriptor);

    if (out == NULL) {
        return NULL;
    }
    out->id = pb_text(from->id);
    out->rule = pb_text(from->rule);
    out->key = pb_text(from->key);
    out->caller = pb_text(from->caller);
    out->document_class = pb_text(from->document_class);
    out->since_us = from->since_us;
    out->until_us = from->until_us;
    out->max_jobs = (uint32_t)from->max;
    out->used_jobs = (uint32_t)from->used;
    out->log_index = from->index;
    return out;
}

static ProtobufCMessage *answer(struct asked *asked)
{
    size_t count = asked->order.override_count;
    Segel__V1__ListOverridesResponse *out =
        (Segel__V1__ListOverridesResponse *)approvals_make(
            asked, &segel__v1__list_overrides_response__descriptor);

    if (out == NULL) {
        return NULL;
    }
    out->overrides = (Segel__V1__OverrideState **)approvals_room(
        asked, sizeof(Segel__V1__OverrideState * [OVERRIDES_MAX + 1]));
    for (size_t i = 0; out->overrides != NULL && i < count; i++) {
        out->overrides[i] = state_of(asked, &asked->order.overrides[i]);
        if (out->overrides[i] == NULL) {
            return NULL;
        }
        out->n_overrides++;
    }
    return out->overrides == NULL ? NULL : &out->base;
}

void approvals_on_overrides(struct grpc_call *call, const ProtobufCMessage *message,
                            void *services)
{
    (void)message;
    if (!approvals_may(
            call, ROLE_OFFICER | ROLE_REVIEWER | ROLE_OPERATOR,
            "overrides are shown to the roles officer, reviewer and operator")) {
        return;
    }
    struct asked *asked =
        approvals_open(call, (struct services *)services, ORDER_OVERRIDES);
    if (asked != NULL) {
        asked->answer = answer;
        approvals_submit(call, asked);
    }
}
