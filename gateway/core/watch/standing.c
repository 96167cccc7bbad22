#include <stdlib.h>
#include <string.h>

#include "gateway/core/core_inside.h"
#include "gateway/core/officers/requests.h"

/* How things stand for the person who asks: what waits, and who may take part. */
enum { OWN_MAX = 64, INCIDENTS_MAX = 32 };

/* By the quorum file in force: one of those who may approve, did not ask for it, and has
 * not voted. */
static bool waits_for(const struct core *core, const struct ledger_request *request,
                      const char *person)
{
    const struct quorum *quorum = core->grants.quorum;
    enum task task = task_find(slice_str(request->task));
    unsigned at = quorum_find(quorum, person);

    if (quorum == NULL || at == GROUPS_NONE || task == TASK_COUNT) {
        return false;
    }
    return (roster_candidates(&quorum->roster, task) >> at & 1) != 0 &&
           strcmp(request->person, person) != 0 && !ledger_has_voted(request, person);
}

/* Pending ones are few (REQUESTS_PENDING_MAX). */
static enum sg_status collect_requests(struct core *core, struct request_order *order)
{
    struct request_page *page = &order->page;
    struct ledger_request request;
    uint64_t above = 0;
    int64_t earliest_us = 0;
    enum sg_status status;

    page->items = (struct ledger_request *)arena_alloc(&order->arena,
                                                       sizeof(*page->items) * OWN_MAX);
    if (page->items == NULL) {
        return SG_NO_MEMORY;
    }
    TRY(ledger_pending_requests(core->ledger, &order->pending, &earliest_us));
    /* The answer needs room, too. */
    while (page->count < OWN_MAX && order->arena.used < order->arena.cap / 2) {
        size_t mark = order->arena.used;
        status = ledger_next_request(core->ledger, above, &order->arena, &request);
        if (status != SG_OK) {
            return status == SG_NOT_FOUND ? SG_OK : status;
        }
        above = request.number;
        if (waits_for(core, &request, order->order.officer)) {
            page->items[page->count++] = request;
        } else {
            order->arena.used = mark; /* nothing of it is kept */
        }
    }
    return SG_OK;
}

enum sg_status standing_on_ask(struct core *core, struct request_order *order)
{
    const struct incident_query query = {.below = INT64_MAX, .limit = INCIDENTS_MAX};

    TRY(ledger_list_incidents(core->ledger, &query, &order->arena, &order->incidents));
    return collect_requests(core, order);
}
