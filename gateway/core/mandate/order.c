#include "gateway/core/mandate/order.h"

#include <stdio.h>
#include <string.h>

#include "gateway/core/core_inside.h"
#include "gateway/core/officers/requests.h"

static enum sg_status no_such(struct request_order *order)
{
    struct sg_error why = {0};

    return request_refuse(
        order, sg_fail(&why, SG_NOT_FOUND, "there is no mandate '%s'", order->id), &why);
}

static enum sg_status make_page(struct request_order *order, size_t limit)
{
    struct mandate_page *page = &order->mandates.page;

    page->items =
        (struct ledger_mandate *)arena_alloc(&order->arena, sizeof(*page->items) * limit);
    page->count = 0;
    order->mandates.heirs = (char(*)[LEDGER_ID_MAX + 1])
        arena_alloc(&order->arena, sizeof(*order->mandates.heirs) * limit);
    if (page->items == NULL || order->mandates.heirs == NULL) {
        order->order.status = SG_NO_MEMORY; /* of the one who asks, not of the turn */
    }
    return order->order.status;
}

/* --- Looking ------------------------------------------------------------------------ */

static enum sg_status on_list(struct core *core, struct request_order *order)
{
    struct mandate_order *asked = &order->mandates;

    if (asked->own_only) {
        asked->query.caller = order->order.officer;
    }
    return make_page(order, asked->query.limit) == SG_OK
               ? ledger_list_mandates(core->ledger, &asked->query, &asked->page)
               : SG_OK;
}

/* The ledger's: what this turn has changed before is in it. */
static enum sg_status find(struct core *core, struct request_order *order)
{
    struct mandate_page *page = &order->mandates.page;
    enum sg_status found = ledger_find_mandate(core->ledger, order->id, page->items);

    if (found == SG_OK && order->mandates.own_only &&
        strcmp(page->items->terms.caller, order->order.officer) != 0) {
        found = SG_NOT_FOUND; /* whose it is is nobody's business */
    }
    page->count = found == SG_OK ? 1 : 0;
    return found;
}

/* A mandate has its request's id but for the first letter. */
static enum sg_status find_request(struct core *core, struct request_order *order)
{
    char id[LEDGER_ID_MAX + 1];

    (void)snprintf(id, sizeof(id), "g-%.62s",
                   strncmp(order->id, "m-", 2) == 0 ? order->id + 2 : "");
    enum sg_status found =
        ledger_find_request(core->ledger, id, &order->arena, order->page.items);
    bool of_mandate = found == SG_OK &&
                      strcmp(order->page.items->task, task_name(TASK_MANDATE_OPEN)) == 0;

    order->page.count = of_mandate ? 1 : 0;
    return found == SG_OK || found == SG_NOT_FOUND ? SG_OK : found;
}

static bool is_pending(const struct request_order *order)
{
    return order->page.count == 1 && order->page.items->state == REQUEST_PENDING;
}

static enum sg_status on_get(struct core *core, struct request_order *order)
{
    TRY(make_page(order, 1));
    enum sg_status found = find(core, order);
    if (found != SG_OK && found != SG_NOT_FOUND) {
        return found;
    }
    bool pending = found == SG_NOT_FOUND && !order->mandates.own_only;
    if (pending || (found == SG_OK && order->mandates.with_request)) {
        TRY(find_request(core, order));
    }
    return found == SG_OK || is_pending(order) ? SG_OK : no_such(order);
}

/* A job that names a key which was followed is one of its heir's, and the mandate is not:
 * MANDATE_FAULT_ROTATED. */
static const char *heir_of(const struct core *core, const struct ledger_mandate *row)
{
    size_t index = register_find(core, row->terms.key);

    if (row->state != MANDATE_OPEN || index == core->keyring.count) {
        return "";
    }
    const struct key *key = &core->keyring.keys[index];
    const struct key *heir = key_current(key);
    return heir == key ? "" : heir->config->name;
}

static void name_heirs(const struct core *core, struct mandate_order *asked)
{
    for (size_t i = 0; i < asked->page.count; i++) {
        (void)snprintf(asked->heirs[i], sizeof(asked->heirs[i]), "%s",
                       heir_of(core, &asked->page.items[i]));
    }
}

/* --- Ending ------------------------------------------------------------------------- */

/* Who wants to stop one that waits must not believe that there is none. */
static enum sg_status is_not_open(struct core *core, struct request_order *order)
{
    struct sg_error why = {0};

    TRY(find_request(core, order));
    if (!is_pending(order)) {
        return no_such(order);
    }
    return request_refuse(order,
                          sg_fail(&why, SG_PRECONDITION,
                                  "mandate '%s' is not open yet: 'segel refuse %s' ends "
                                  "what was asked for",
                                  order->id, order->page.items->id),
                          &why);
}

static enum sg_status on_revoke(struct core *core, struct request_order *order)
{
    struct mandate *open = mandates_find(core, order->id);

    TRY(make_page(order, 1));
    if (open != NULL && open->row.state == MANDATE_OPEN) {
        TRY(mandates_close(core, open, MANDATE_REVOKED, &order->order));
        order->mandates.ended = true;
    }
    enum sg_status found = find(core, order);
    return found == SG_NOT_FOUND ? is_not_open(core, order) : found;
}

enum sg_status mandate_order_write(struct core *core, struct request_order *order)
{
    static enum sg_status (*const handlers[])(struct core *, struct request_order *) = {
        [MANDATES_LIST] = on_list, [MANDATE_GET] = on_get, [MANDATE_REVOKE] = on_revoke};
    enum sg_status status = handlers[order->mandates.question](core, order);

    if (status == SG_NO_MEMORY) { /* nothing was changed before it */
        order->order.status = status;
        return SG_OK;
    }
    name_heirs(core, &order->mandates);
    return status;
}

void mandate_order_tell(struct core *core, const struct request_order *order)
{
    if (order->mandates.ended) {
        log_event(LOG_WARN, "mandate.revoked", "id", order->id, "person",
                  order->order.officer, "reason", order->order.reason, NULL);
        report_update(core, true);
    }
}
