#include "gateway/core/core_inside.h"
#include "gateway/core/officers/requests.h"

/* What persons may see: requests, the roster, rules that are lifted. */

enum sg_status requests_list(struct core *core, struct request_order *order)
{
    return ledger_list_requests(core->ledger, &order->query, &order->arena, &order->page);
}

enum sg_status requests_overrides(struct core *core, struct request_order *order)
{
    const struct overrides *open = &core->overrides;

    order->overrides = (struct ledger_override *)arena_alloc(
        &order->arena, sizeof(*order->overrides) * OVERRIDES_MAX);
    MUST(order->overrides != NULL); /* a fresh arena has the room */
    for (size_t i = 0; i < open->count; i++) {
        order->overrides[order->override_count++] = open->list[i].is;
    }
    return SG_OK;
}

enum sg_status requests_roster(struct core *core, struct request_order *order)
{
    const struct quorum *quorum = core->grants.quorum;

    if (quorum == NULL) {
        return SG_OK;
    }
    order->quorum = quorum_copy(quorum);
    if (order->quorum == NULL) {
        order->order.status = SG_NO_MEMORY;
        return SG_OK;
    }
    order->quorum_since_us = core->grants.since_us;
    return SG_OK;
}
