#include "gateway/core/officers/requests.h"

#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/clock.h"
#include "gateway/core/core_inside.h"
#include "gateway/core/key/life.h"
#include "gateway/core/officers/effects.h"
#include "proto/digest.h"
#include "proto/text.h"

enum { US_PER_S = 1000000 };

enum sg_status request_refuse(struct request_order *order, enum sg_status status,
                              const struct sg_error *why)
{
    if (status == SG_LEDGER) {
        return status; /* the turn's own failure */
    }
    order->order.status = status;
    (void)snprintf(order->order.why, sizeof(order->order.why), "%.319s", why->text);
    text_mend(order->order.why);
    return SG_OK;
}

static struct ledger_request *make_room(struct request_order *order)
{
    order->page.items =
        (struct ledger_request *)arena_alloc(&order->arena, sizeof(*order->page.items));
    order->page.count = 0;
    return order->page.items;
}

/* --- Asking ------------------------------------------------------------------------ */

/* Policies are the reviewers' matter, too. */
static bool may_ask(enum person_role role, enum task task)
{
    return role == PERSON_OFFICER ||
           (role == PERSON_REVIEWER && task == TASK_POLICY_LOAD);
}

/* Who asks must be a person of the file: otherwise nobody could tell whose approval does
 * not count. */
static enum sg_status check_asker(const struct core *core,
                                  const struct request_order *asked, struct sg_error *why)
{
    const struct quorum *quorum = core->grants.quorum;
    const char *name = asked->order.officer;
    unsigned person = quorum_find(quorum, name);

    if (person == GROUPS_NONE ||
        !may_ask(quorum->roster.persons[person].role, asked->task)) {
        return sg_fail(why, SG_DENIED, "'%s' is no %s of the quorum file", name,
                       asked->task == TASK_POLICY_LOAD ? "officer or reviewer"
                                                       : "officer");
    }
    return SG_OK;
}

static void fill(struct core *core, const struct request_order *order,
                 struct ledger_request *out)
{
    int64_t now_us = clock_wall_us();
    int64_t life_s = core->options.config->request_life_s;

    *out = (struct ledger_request){.id = "",
                                   .person = order->order.officer,
                                   .request_id = order->order.request_id,
                                   .task = task_name(order->task),
                                   .object = order->object,
                                   .param = order->param,
                                   .method = order->method,
                                   .log = core->options.config->ledger_origin,
                                   .message = order->message,
                                   .state = REQUEST_PENDING,
                                   .created_us = now_us,
                                   .why = ""};
    out->not_after_us = (now_us / US_PER_S + life_s) * US_PER_S;
    memcpy(out->policy, policy_info(core->policy)->sha256, 32);
    memcpy(out->quorum, core->grants.quorum->sha256, 32);
}

static enum sg_status check_new(struct core *core, const struct request_order *order,
                                struct sg_error *why)
{
    struct ledger_request request;

    TRY(check_asker(core, order, why));
    proposals_take(&core->proposals, &order->order.change);
    fill(core, order, &request);
    TRY(effect_check(core, &request, why));
    return grants_check_room(core, request.person, why);
}

/* Everything that the grant's text is made of. */
static enum sg_status write_request(struct core *core, const struct request_order *order,
                                    struct ledger_request *request)
{
    struct members members = {.count = 0};
    struct log_place place;
    uint8_t sha256[32];
    char hash[3][DIGEST_SHA256_SIZE];
    char not_after[TEXT_TIME_SIZE];
    char cert[65];

    (void)SHA256(request->message.data, request->message.len, sha256);
    digest_sha256_text(sha256, hash[0]);
    digest_sha256_text(request->policy, hash[1]);
    digest_sha256_text(request->quorum, hash[2]);
    text_time(request->not_after_us, not_after);
    text_hex(slice_of(order->order.caller_cert, 32), cert);
    members_add(&members, "subject", request->id);
    members_add(&members, "log", request->log);
    members_add(&members, "action", request->task);
    members_add(&members, "object", request->object);
    members_add(&members, "param", request->param);
    members_add(&members, "request", hash[0]);
    members_add(&members, "policy_rev", hash[1]);
    members_add(&members, "quorum", hash[2]);
    members_add(&members, "requester", request->person);
    members_add(&members, "not_after", not_after);
    members_add(&members, "caller_cert", cert);
    members_add(&members, "request_id", request->request_id);
    members_add(&members, "reason", order->order.reason);
    TRY(members_write(core, "grant.request", &members, &place));
    request->log_index = place.index;
    memcpy(request->log_hash, place.hash, sizeof(request->log_hash));
    return SG_OK;
}

static enum sg_status add(struct core *core, struct request_order *order)
{
    struct ledger_request request;
    char ulid[LEDGER_DECISION_SIZE];

    fill(core, order, &request);
    decision_id(core, ulid);
    (void)snprintf(order->id, sizeof(order->id), "g-%s", ulid);
    request.id = order->id;
    TRY(write_request(core, order, &request));
    TRY(ledger_add_request(core->ledger, &request));
    TRY(grants_count(core));
    order->page.count = 1;
    return ledger_find_request(core->ledger, order->id, &order->arena, order->page.items);
}

static bool same_content(const struct request_order *order,
                         const struct ledger_request *known)
{
    return strcmp(known->method, order->method) == 0 &&
           slice_equal(known->message, order->message);
}

static enum sg_status ask(struct core *core, struct request_order *order)
{
    struct ledger_request *known = order->page.items;
    struct sg_error why = {0};
    enum sg_status found =
        ledger_find_request_of(core->ledger, order->order.officer,
                               order->order.request_id, &order->arena, known);

    if (found == SG_OK && same_content(order, known)) {
        order->page.count = 1;
        return SG_OK;
    }
    if (found == SG_OK) {
        return request_refuse(order,
                              sg_fail(&why, SG_CONFLICT,
                                      "request_id '%s' was used for other content; use a "
                                      "new id",
                                      order->order.request_id),
                              &why);
    }
    if (found != SG_NOT_FOUND) {
        return found;
    }
    enum sg_status status = check_new(core, order, &why);
    return status == SG_OK ? add(core, order) : request_refuse(order, status, &why);
}

/* Without a quorum file one officer may let a lane try again, and nobody may end a
 * lock-down from here. */
static enum sg_status ask_alone(struct core *core, struct request_order *order)
{
    struct sg_error why = {0};

    if (order->task == TASK_PIN_UNLOCK) {
        order->alone = true;
        (void)snprintf(order->order.lane, sizeof(order->order.lane), "%s", order->object);
        return orders_unlatch(core, &order->order);
    }
    return request_refuse(order,
                          sg_fail(&why, SG_PRECONDITION,
                                  "the task %s needs several persons, and no quorum file "
                                  "names them (officers.quorum; docs/OFFICERS.md)",
                                  task_name(order->task)),
                          &why);
}

static enum sg_status on_request(struct core *core, struct request_order *order)
{
    return core->grants.quorum == NULL ? ask_alone(core, order) : ask(core, order);
}

/* --- Looking ----------------------------------------------------------------------- */

static enum sg_status find(struct core *core, struct request_order *order)
{
    struct sg_error why = {0};
    enum sg_status found =
        ledger_find_request(core->ledger, order->id, &order->arena, order->page.items);

    if (found == SG_NOT_FOUND) {
        return request_refuse(
            order, sg_fail(&why, SG_NOT_FOUND, "there is no request '%s'", order->id),
            &why);
    }
    order->page.count = found == SG_OK ? 1 : 0;
    return found;
}

/* --- Agreeing and refusing --------------------------------------------------------- */

static enum sg_status on_approve(struct core *core, struct request_order *order)
{
    TRY(find(core, order));
    if (order->page.count == 0) {
        return SG_OK;
    }
    TRY(requests_approve(core, order, order->page.items));
    /* The answer is what the ledger holds now: it points into nothing of the core's. */
    return order->order.status == SG_OK ? find(core, order) : SG_OK;
}

static enum sg_status write_refusal(struct core *core, const struct request_order *order,
                                    struct ledger_request *request)
{
    struct members members = {.count = 0};
    struct log_place place;
    char cert[65];

    text_hex(slice_of(order->order.caller_cert, 32), cert);
    members_add(&members, "subject", request->id);
    members_add(&members, "action", request->task);
    members_add(&members, "object", request->object);
    members_add(&members, "requester", request->person);
    members_add(&members, "person", order->order.officer);
    members_add(&members, "role", order->order.change.role);
    members_add(&members, "caller_cert", cert);
    members_add(&members, "reason", order->order.reason);
    TRY(members_write(core, "grant.reject", &members, &place));
    request->log_index = place.index;
    memcpy(request->log_hash, place.hash, sizeof(request->log_hash));
    return SG_OK;
}

static enum sg_status refuse(struct core *core, struct request_order *order,
                             struct ledger_request *request)
{
    const struct ledger_vote vote = {.person = order->order.officer,
                                     .role = order->order.change.role,
                                     .key = "",
                                     .reason = order->order.reason,
                                     .line = slice_of(NULL, 0),
                                     .time_us = clock_wall_us(),
                                     .refused = true};

    TRY(write_refusal(core, order, request));
    TRY(ledger_add_vote(core->ledger, request->number, &vote));
    request->state = REQUEST_REFUSED;
    request->why = order->order.reason;
    TRY(ledger_settle_request(core->ledger, request));
    TRY(grants_count(core));
    return find(core, order);
}

static bool refused_by(const struct ledger_request *request, const char *person)
{
    for (size_t i = 0; i < request->vote_count; i++) {
        if (request->votes[i].refused && strcmp(request->votes[i].person, person) == 0) {
            return true;
        }
    }
    return false;
}

static enum sg_status on_refuse(struct core *core, struct request_order *order)
{
    struct ledger_request *request = order->page.items;
    struct sg_error why = {0};

    TRY(find(core, order));
    if (order->page.count == 0 || refused_by(request, order->order.officer)) {
        return SG_OK;
    }
    if (request->state == REQUEST_PENDING && request->vote_count < LEDGER_VOTES_MAX) {
        return refuse(core, order, request);
    }
    return request_refuse(order,
                          sg_fail(&why, SG_PRECONDITION,
                                  "request '%s' does not wait any more", request->id),
                          &why);
}

static enum sg_status on_lock_down(struct core *core, struct request_order *order)
{
    return lockdown_begin(core, &order->order, &order->already);
}

/* --- The table --------------------------------------------------------------------- */

static void tell_state(const struct core *core, struct request_order *order)
{
    const struct quorum *quorum = core->grants.quorum;
    order->lockdown = core->lockdown;
    for (size_t task = 0; task < TASK_COUNT && quorum != NULL; task++) {
        order->fewest[task] = (uint8_t)roster_fewest(&quorum->roster, (enum task)task);
    }
}

enum sg_status requests_write(struct core *core, struct order *order)
{
    static enum sg_status (*const handlers[])(struct core *, struct request_order *) = {
#define REQUEST_ORDER(kind, handler, answer, act) [ORDER_##kind] = (handler),
#include "gateway/core/officers/request_orders.def"
#undef REQUEST_ORDER
    };
    struct request_order *asked = (struct request_order *)order;

    order->status = SG_OK;
    enum sg_status status =
        make_room(asked) == NULL ? SG_NO_MEMORY : handlers[order->kind](core, asked);
    if (status != SG_OK) {
        order->status = status;
    }
    tell_state(core, asked);
    /* What changes something was given room enough, or must not be half done. */
    return status == SG_NO_MEMORY && order_lists(order->kind) ? SG_OK : status;
}

static void tell_lock_down(struct core *core, const struct request_order *order)
{
    if (!order->already && order->order.status == SG_OK) {
        log_event(LOG_WARN, "lockdown", "id", order->lockdown.id, "person",
                  order->lockdown.person, "reason", order->lockdown.reason, NULL);
        report_update(core, true);
    }
}

void requests_tell(struct core *core, struct order *order)
{
    const struct request_order *asked = (const struct request_order *)order;

    if (order->kind == ORDER_LOCK_DOWN) {
        tell_lock_down(core, asked);
    }
    if (order->kind == ORDER_KEY_BACKUP || order->kind == ORDER_MINUTES_SIGN) {
        report_update(core, true);
    }
    if (order_act(order->kind) == ACT_KEY_LIFE) {
        life_tell(core, asked);
    }
    mandate_order_tell(core, asked);
    if (order->kind == ORDER_REQUEST && asked->alone) {
        orders_obey_unlatch(core, order);
    }
    if (asked->executed != NULL) {
        effect_after(core, asked->executed);
    }
}

void request_order_free(struct request_order *order)
{
    order_fini(&order->order);
    quorum_free(order->quorum);
    arena_fini(&order->arena);
    free(order);
}
