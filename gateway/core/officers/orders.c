#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/core/core_inside.h"
#include "gateway/core/officers/order.h"
#include "gateway/core/officers/requests.h"
#include "gateway/ledger/record.h"
#include "proto/text.h"

/* Nothing stands in the places of the orders about policies: WHOLE and OTHER. */
enum { ANSWER_WHOLE, ANSWER_LIST };
static const struct {
    int answer;
    enum order_act act;
} kinds[] = {
#define REQUEST_ORDER(kind, handler, answer, act)                                        \
    [ORDER_##kind] = {ANSWER_##answer, ACT_##act},
#include "gateway/core/officers/request_orders.def"
#undef REQUEST_ORDER
};

bool order_lists(enum order_kind kind)
{
    return kinds[kind].answer == ANSWER_LIST;
}

enum order_act order_act(enum order_kind kind)
{
    return kinds[kind].act;
}

static void refuse(struct order *order, enum sg_status status, const char *before,
                   const char *after)
{
    order->status = status;
    (void)snprintf(order->why, sizeof(order->why), "%s '%s'%s", before, order->lane,
                   after);
}

/* "OFFICER REQUEST_ID INDEX HASH" of the last one that was carried out for the lane. */
static void done_name(const struct order *order, char out[80])
{
    (void)snprintf(out, 80, "unlatched/%s", order->lane);
}

static enum sg_status remember_done(struct core *core, const struct order *order)
{
    char name[80];
    char text[LEDGER_MEMO_MAX];
    char hash[65];

    done_name(order, name);
    text_hex(slice_of(order->log_hash, sizeof(order->log_hash)), hash);
    (void)snprintf(text, sizeof(text), "%s %llu %s %s", order->officer,
                   (unsigned long long)order->log_index, hash, order->request_id);
    return ledger_remember(core->ledger, name, text);
}

static bool read_done(char *text, struct order *order)
{
    const char *officer = strsep(&text, " ");
    const char *index = strsep(&text, " ");
    const char *hash = strsep(&text, " ");
    size_t len = 0;

    return text != NULL && strcmp(officer, order->officer) == 0 &&
           strcmp(text, order->request_id) == 0 &&
           text_uint(slice_str(index), UINT64_MAX, &order->log_index) == SG_OK &&
           text_unhex(slice_str(hash), order->log_hash, sizeof(order->log_hash), &len) ==
               SG_OK;
}

/* The officer's repeated call gets the same answer. */
static bool was_done(struct core *core, struct order *order)
{
    char name[80];
    char text[LEDGER_MEMO_MAX];

    done_name(order, name);
    if (ledger_recall(core->ledger, name, text) != SG_OK || !read_done(text, order)) {
        return false;
    }
    order->on_log = true;
    order->status = SG_OK;
    return true;
}

static enum sg_status write_unlatch(struct core *core, struct order *order)
{
    char buffer[LEDGER_RECORD_MAX];
    char cert[65];
    struct record_head head;
    struct slice text = {0};

    text_hex(slice_of(order->caller_cert, sizeof(order->caller_cert)), cert);
    const char *pairs[] = {"subject",     order->lane,  "officer",    order->officer,
                           "caller_cert", cert,         "request_id", order->request_id,
                           "reason",      order->reason};
    size_t count = SG_COUNT(pairs) / 2 - (order->reason[0] == '\0' ? 1 : 0);
    record_begin(core, &head);
    TRY(record_event(buffer, &head, "pin.unlock", pairs, count, &text));
    order->log_index = head.seq;
    order->on_log = true;
    return ledger_append(core->ledger, text, order->log_hash);
}

enum sg_status orders_unlatch(struct core *core, struct order *order)
{
    struct berth *berth = berth_find(core, order->lane);

    if (berth == NULL) {
        refuse(order, SG_NOT_FOUND, "there is no lane",
               "; 'segel token list' shows those that there are");
        return SG_OK;
    }
    if (was_done(core, order)) {
        return SG_OK;
    }
    if (lane_state(berth->lane) != LANE_LATCHED) {
        refuse(order, SG_PRECONDITION, "nothing was done for lane",
               ": no PIN was refused since it was last unlocked");
        return SG_OK;
    }
    TRY(latch_clear(core, berth));
    TRY(write_unlatch(core, order));
    order->status = SG_OK;
    order->fresh = true;
    return remember_done(core, order);
}

static enum sg_status write_order(struct core *core, struct order *order)
{
    if (order->kind >= ORDER_REQUEST) {
        return requests_write(core, order);
    }
    return succession_write(core, order);
}

enum sg_status orders_write(struct core *core)
{
    struct letter *letter;

    while ((letter = STAILQ_FIRST(&core->orders)) != NULL) {
        struct order *order = (struct order *)letter;
        STAILQ_REMOVE_HEAD(&core->orders, link);
        STAILQ_INSERT_TAIL(&core->obeyed, letter, link);
        order->status = SG_LEDGER; /* unless it gets written */
        TRY(write_order(core, order));
    }
    return SG_OK;
}

void orders_obey_unlatch(struct core *core, struct order *order)
{
    struct berth *berth = berth_find(core, order->lane);

    if (order->fresh && berth != NULL) {
        log_event(LOG_INFO, "pin.unlock", "lane", order->lane, "officer", order->officer,
                  NULL);
        lane_unlatch(berth->lane);
    }
}

static void obey(struct core *core, struct order *order)
{
    if (order->kind >= ORDER_REQUEST) {
        requests_tell(core, order);
    } else {
        succession_tell(core, order);
    }
}

void order_fini(struct order *order)
{
    policy_free(order->change.policy);
    order->change.policy = NULL;
}

static void give_back(struct order *order)
{
    struct letters one = STAILQ_HEAD_INITIALIZER(one);

    if (order->reply == NULL) {
        order_fini(order);
        free(order);
        return;
    }
    STAILQ_INSERT_TAIL(&one, &order->letter, link);
    MUST(mbox_put(order->reply, &one, 1) == SG_OK);
}

/* Its answer comes with a ceremony's end. */
static bool is_parked(const struct order *order)
{
    return order->kind == ORDER_KEY_CSR && ((const struct request_order *)order)->parked;
}

static void finish(struct core *core, struct order *order, bool broken)
{
    if (broken) {
        order->status = SG_LEDGER;
        (void)snprintf(order->why, sizeof(order->why),
                       "nothing was done: the ledger cannot be written");
    } else if (is_parked(order)) {
        ((struct request_order *)order)->parked = false;
        STAILQ_INSERT_TAIL(&core->ceremony.parked, &order->letter, link);
        return;
    } else {
        obey(core, order);
    }
    give_back(order);
}

/* Nothing was written: nothing is carried out, and everybody is told. */
static void take_unwritten(struct core *core, bool broken)
{
    if (!broken) {
        return;
    }
    STAILQ_CONCAT(&core->obeyed, &core->orders);
}

void orders_obey(struct core *core)
{
    bool broken = atomic_load(&core->broken);
    struct letter *letter;

    take_unwritten(core, broken);
    while ((letter = STAILQ_FIRST(&core->obeyed)) != NULL) {
        STAILQ_REMOVE_HEAD(&core->obeyed, link);
        finish(core, (struct order *)letter, broken);
    }
}

enum sg_status core_order(struct core *core, struct order *order)
{
    struct letters one = STAILQ_HEAD_INITIALIZER(one);

    if (atomic_load_explicit(&core->broken, memory_order_relaxed)) {
        return SG_LEDGER;
    }
    order->letter.kind = LETTER_ORDER;
    order->fresh = false;
    order->on_log = false;
    STAILQ_INSERT_TAIL(&one, &order->letter, link);
    return mbox_put(&core->mailbox, &one, 1);
}
