#include "gateway/service/officers.h"

#include <stdio.h>
#include <stdlib.h>

#include "gateway/clock.h"
#include "gateway/core/order.h"
#include "gateway/service/inside.h"
#include "proto/text.h"
#include "segel/v1/approvals.pb-c.h"

/* Until there is a roster, one task is served, for which one officer is enough: a lane
 * may try its PIN once more. Stopping a lane is not guarded either, and the PIN itself
 * never comes this way. */
enum { REQUEST_ID_MAX = 64, REASON_MAX = 256 };

/* An order under way, and who waits for it. */
struct asked {
    struct order order;        /* first */
    struct services *services; /* borrowed */
    struct grpc_name name;
    int64_t created_us;
};

/* --- What is asked ----------------------------------------------------------------- */

static bool text_fits(const char *text, size_t max)
{
    struct slice all = slice_str(text);

    return all.len >= 1 && all.len <= max && text_plain(all);
}

static SG_MUST_USE enum sg_status check(const Segel__V1__CreateRequestRequest *request,
                                        struct sg_error *why)
{
    if (!text_fits(request->request_id, REQUEST_ID_MAX)) {
        return sg_fail(why, SG_INVALID,
                       "request_id must have 1 to 64 bytes of plain text");
    }
    if (!text_fits(request->reason, REASON_MAX)) {
        return sg_fail(why, SG_INVALID, "reason must have 1 to 256 bytes of plain text");
    }
    if (request->task_case == SEGEL__V1__CREATE_REQUEST_REQUEST__TASK__NOT_SET) {
        return sg_fail(why, SG_INVALID, "the task is missing");
    }
    if (request->task_case != SEGEL__V1__CREATE_REQUEST_REQUEST__TASK_UNLOCK_PIN) {
        return sg_fail(why, SG_UNSUPPORTED,
                       "this version serves the task unlock_pin only; the others need a "
                       "roster of officers");
    }
    if (!text_name(slice_str(request->unlock_pin->lane))) {
        return sg_fail(why, SG_INVALID,
                       "unlock_pin.lane is not the name of a lane: 1 to 64 bytes of "
                       "letters, digits, '.', '_' and '-'");
    }
    return SG_OK;
}

static void fill(struct asked *asked, const Segel__V1__CreateRequestRequest *request,
                 const struct caller *caller)
{
    struct order *order = &asked->order;

    order->letter.kind = LETTER_ORDER;
    order->kind = ORDER_UNLATCH;
    (void)snprintf(order->lane, sizeof(order->lane), "%s", request->unlock_pin->lane);
    (void)snprintf(order->officer, sizeof(order->officer), "%s", caller->config->name);
    (void)snprintf(order->request_id, sizeof(order->request_id), "%s",
                   request->request_id);
    (void)snprintf(order->reason, sizeof(order->reason), "%s", request->reason);
    memcpy(order->caller_cert, caller->fingerprint, sizeof(order->caller_cert));
    asked->created_us = clock_wall_us();
}

static void release(struct asked *asked)
{
    atomic_fetch_sub(&asked->services->orders, 1);
    free(asked);
}

static struct asked *open_asked(struct grpc_call *call, struct services *services)
{
    if (atomic_fetch_add(&services->orders, 1) >= APPROVALS_UNDER_WAY_MAX) {
        atomic_fetch_sub(&services->orders, 1);
        finish_plain(call, SG_BUSY, "16 requests are under way already; try again later");
        return NULL;
    }
    struct asked *asked = (struct asked *)calloc(1, sizeof(*asked));
    if (asked == NULL) {
        atomic_fetch_sub(&services->orders, 1);
        finish_plain(call, SG_NO_MEMORY, NULL);
        return NULL;
    }
    asked->services = services;
    asked->name = grpc_call_name(call);
    asked->order.reply = &loop_of(services, call)->replies;
    asked->order.asker = asked;
    return asked;
}

void approvals_on_create(struct grpc_call *call, const ProtobufCMessage *message,
                         void *context)
{
    const Segel__V1__CreateRequestRequest *request =
        (const Segel__V1__CreateRequestRequest *)(const void *)message;
    struct services *services = (struct services *)context;
    const struct caller *caller = (const struct caller *)grpc_call_caller(call);
    struct sg_error why = {0};

    if (!caller_has_role(caller, ROLE_OFFICER)) {
        finish_plain(call, SG_DENIED, "asking for a task needs the role officer");
        return;
    }
    enum sg_status status = check(request, &why);
    if (status != SG_OK) {
        finish_plain(call, status, why.text);
        return;
    }
    struct asked *asked = open_asked(call, services);
    if (asked == NULL) {
        return;
    }
    fill(asked, request, caller);
    status = core_order(services->options.core, &asked->order);
    if (status != SG_OK) {
        release(asked);
        finish_plain(call, status, NULL);
    }
}

/* --- What came of it --------------------------------------------------------------- */

static void send_executed(struct grpc_call *call, const struct asked *asked)
{
    const struct order *order = &asked->order;
    Segel__V1__CreateRequestResponse response;
    Segel__V1__Approval approval;
    Segel__V1__LogPosition log;
    char id[64];

    segel__v1__create_request_response__init(&response);
    segel__v1__approval__init(&approval);
    segel__v1__log_position__init(&log);
    /* One record each, so its place is unique for ever. */
    (void)snprintf(id, sizeof(id), "pin.unlock-%llu",
                   (unsigned long long)order->log_index);
    approval.id = id;
    approval.task = pb_text("pin.unlock");
    approval.object = pb_text(order->lane);
    approval.state = SEGEL__V1__APPROVAL_STATE__APPROVAL_STATE_EXECUTED;
    approval.requester = pb_text(order->officer);
    approval.created_us = asked->created_us;
    if (order->on_log) {
        log.origin = pb_text(asked->services->options.config->ledger_origin);
        log.index = order->log_index;
        log.leaf_hash = pb_bytes(slice_of(order->log_hash, sizeof(order->log_hash)));
        approval.log = &log;
    }
    response.approval = &approval;
    if (grpc_send(call, &response.base) == SG_OK) {
        finish_plain(call, SG_OK, NULL);
    }
}

void approvals_answer(struct service_loop *loop, struct letter *letter)
{
    if (((struct order *)letter)->kind != ORDER_UNLATCH) {
        policies_answer(loop, letter);
        return;
    }
    struct asked *asked = (struct asked *)letter;
    /* The officer may have gone; what was done stands on the log. */
    struct grpc_call *call = server_call(loop->services->server, asked->name);

    if (call != NULL && asked->order.status == SG_OK) {
        send_executed(call, asked);
    } else if (call != NULL) {
        const char *why = asked->order.why;
        finish_plain(call, asked->order.status, why[0] == '\0' ? NULL : why);
    }
    release(asked);
}

void approvals_drop(struct letter *letter)
{
    if (((struct order *)letter)->kind == ORDER_UNLATCH) {
        release((struct asked *)letter);
    } else {
        policies_drop(letter);
    }
}
