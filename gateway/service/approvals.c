#include "gateway/service/approvals.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/clock.h"
#include "gateway/service/keys.h"
#include "gateway/service/officers.h"
#include "proto/text.h"

/* ApprovalService on the I/O loops: what is asked is checked in its form and goes to the
 * core, which knows the requests and who the persons are. */
enum { REASON_MAX = 256, NOTE_BYTES_MAX = 4096, ROOM_OF_LIST = 1 << 21 };
/* What is asked for and what the ledger holds of it, before and after: three times the
 * largest message. Pages that nobody writes to cost nothing. */
enum { ROOM = 4 << 20 };

#define SERVICE "/segel.v1.ApprovalService/"

/* --- Under way --------------------------------------------------------------------- */

void approvals_release(struct asked *asked)
{
    struct services *services = asked->services;

    if (asked->loading != NULL) {
        policies_release(asked->loading);
    }
    free(asked->counting);
    request_order_free(&asked->order);
    atomic_fetch_sub(&services->orders, 1);
}

/* order.c frees it as what it begins with. */
_Static_assert(offsetof(struct asked, order) == 0, "an order is asked for");

static struct asked *make(struct grpc_call *call, size_t room)
{
    struct asked *asked = (struct asked *)calloc(1, sizeof(*asked));

    if (asked == NULL || arena_init(&asked->order.arena, room) != SG_OK) {
        free(asked);
        finish_plain(call, SG_NO_MEMORY, NULL);
        return NULL;
    }
    return asked;
}

static const char *role_of(const struct caller *caller)
{
    if (caller_has_role(caller, ROLE_OFFICER)) {
        return "officer";
    }
    return caller_has_role(caller, ROLE_REVIEWER) ? "reviewer" : "operator";
}

static bool needs_room(enum order_kind kind)
{
    return kind == ORDER_REQUEST_LIST || kind == ORDER_INCIDENT_LIST ||
           kind == ORDER_STATUS;
}

/* Stopping must be easy. */
static bool stops(enum order_kind kind)
{
    return kind == ORDER_LOCK_DOWN ||
           (kind >= ORDER_KEY_HOLD && kind <= ORDER_KEY_COMPROMISE);
}

struct asked *approvals_open(struct grpc_call *call, struct services *services,
                             enum order_kind kind)
{
    const struct caller *caller = (const struct caller *)grpc_call_caller(call);

    /* Stopping must be easy: there are places that nothing else takes. */
    unsigned limit = APPROVALS_UNDER_WAY_MAX * (stops(kind) ? 2 : 1);

    if (atomic_fetch_add(&services->orders, 1) >= limit) {
        atomic_fetch_sub(&services->orders, 1);
        finish_plain(call, SG_BUSY, "16 requests are under way already; try again later");
        return NULL;
    }
    struct asked *asked = make(call, needs_room(kind) ? ROOM_OF_LIST : ROOM);
    if (asked == NULL) {
        atomic_fetch_sub(&services->orders, 1);
        return NULL;
    }
    struct order *order = &asked->order.order;
    asked->services = services;
    asked->name = grpc_call_name(call);
    asked->created_us = clock_wall_us();
    order->kind = kind;
    order->reply = &loop_of(services, call)->replies;
    (void)snprintf(order->officer, sizeof(order->officer), "%s", caller->config->name);
    (void)snprintf(order->change.role, sizeof(order->change.role), "%s", role_of(caller));
    memcpy(order->caller_cert, caller->fingerprint, sizeof(order->caller_cert));
    return asked;
}

void approvals_submit(struct grpc_call *call, struct asked *asked)
{
    enum sg_status status =
        core_order(asked->services->options.core, &asked->order.order);

    if (status != SG_OK) {
        approvals_release(asked);
        finish_plain(call, status, NULL);
    }
}

/* --- What is asked ----------------------------------------------------------------- */

bool approvals_may(struct grpc_call *call, unsigned roles, const char *refusal)
{
    const struct caller *caller = (const struct caller *)grpc_call_caller(call);

    if ((caller->rights->roles & roles) == 0) {
        finish_plain(call, SG_DENIED, refusal);
        return false;
    }
    return true;
}

const char approvals_for_two[] = "requests are for the roles officer and reviewer";

static const char bad_name[] =
    "id must be that of a request: 1 to 64 bytes of letters, digits, '.', '_' and '-'";

bool approvals_fits(struct grpc_call *call, const char *text, size_t max,
                    const char *refusal)
{
    struct slice all = slice_str(text);

    if (all.len < 1 || all.len > max || !text_plain(all)) {
        finish_plain(call, SG_INVALID, refusal);
        return false;
    }
    return true;
}

bool approvals_reasoned(struct grpc_call *call, const char *reason)
{
    return approvals_fits(call, reason, REASON_MAX,
                          "reason must have 1 to 256 bytes of plain text");
}

bool approvals_named(struct grpc_call *call, const char *id)
{
    if (!text_name(slice_str(id))) {
        finish_plain(call, SG_INVALID, bad_name);
        return false;
    }
    return true;
}

/* What is kept, signed and executed. */
static bool keep_message(struct asked *asked, const ProtobufCMessage *message)
{
    size_t len = protobuf_c_message_get_packed_size(message);
    uint8_t *bytes = len > asking_bytes_max(asked->order.task)
                         ? NULL
                         : (uint8_t *)arena_alloc(&asked->order.arena, len + 1);

    if (bytes != NULL) {
        asked->order.message = slice_of(bytes, protobuf_c_message_pack(message, bytes));
    }
    return bytes != NULL;
}

static void take_asking(struct request_order *order, const struct asking *asking)
{
    order->task = asking->task;
    (void)snprintf(order->object, sizeof(order->object), "%s", asking->object);
    (void)snprintf(order->param, sizeof(order->param), "%s", asking->param);
    (void)snprintf(order->order.request_id, sizeof(order->order.request_id), "%s",
                   asking->request_id);
    (void)snprintf(order->order.reason, sizeof(order->order.reason), "%s",
                   asking->reason);
}

struct asked *approvals_prepare(struct grpc_call *call, struct services *services,
                                const struct guarded *guarded,
                                const ProtobufCMessage *message)
{
    struct asking asking;
    struct sg_error why = {0};

    if (!approvals_may(call, ROLE_OFFICER | guarded->roles, guarded->refusal)) {
        return NULL;
    }
    enum sg_status status = asking_read(guarded->method, message, &asking, &why);
    if (status != SG_OK) {
        finish_plain(call, status, why.text);
        return NULL;
    }
    struct asked *asked = approvals_open(call, services, ORDER_REQUEST);
    if (asked == NULL) {
        return NULL;
    }
    asked->answer = guarded->answer;
    asked->order.method = guarded->method;
    take_asking(&asked->order, &asking);
    if (!keep_message(asked, message)) {
        approvals_release(asked);
        finish_plain(call, SG_TOO_LARGE, "the request is larger than its task may be");
        return NULL;
    }
    return asked;
}

void approvals_guard(struct grpc_call *call, struct services *services,
                     const struct guarded *guarded, const ProtobufCMessage *message)
{
    struct asked *asked = approvals_prepare(call, services, guarded, message);

    if (asked != NULL) {
        approvals_submit(call, asked);
    }
}

void approvals_on_create(struct grpc_call *call, const ProtobufCMessage *message,
                         void *services)
{
    static const struct guarded guarded = {.method = SERVICE "CreateRequest",
                                           .refusal =
                                               "asking for a task needs the role officer",
                                           .answer = approvals_create_answer};

    approvals_guard(call, (struct services *)services, &guarded, message);
}

void approvals_on_release(struct grpc_call *call, const ProtobufCMessage *message,
                          void *services)
{
    static const struct guarded guarded = {
        .method = SERVICE "ReleaseLockDown",
        .refusal = "asking for the end of a lock-down needs the role officer",
        .answer = approvals_release_answer};

    approvals_guard(call, (struct services *)services, &guarded, message);
}

/* --- Agreeing and refusing --------------------------------------------------------- */

static bool keep_note(struct asked *asked, struct slice note)
{
    uint8_t *bytes = (uint8_t *)arena_alloc(&asked->order.arena, note.len + 1);

    if (bytes != NULL) {
        memcpy(bytes, note.data, note.len);
        asked->order.note = slice_of(bytes, note.len);
    }
    return bytes != NULL;
}

void approvals_on_approve(struct grpc_call *call, const ProtobufCMessage *message,
                          void *services)
{
    const Segel__V1__ApproveRequest *request =
        (const Segel__V1__ApproveRequest *)(const void *)message;

    if (!approvals_may(call, ROLE_OFFICER | ROLE_REVIEWER, approvals_for_two) ||
        !approvals_named(call, request->id)) {
        return;
    }
    if (request->note.len == 0 || request->note.len > NOTE_BYTES_MAX) {
        finish_plain(call, SG_INVALID, "note must be a signed note of at most 4 KiB");
        return;
    }
    struct asked *asked =
        approvals_open(call, (struct services *)services, ORDER_APPROVE);
    if (asked == NULL) {
        return;
    }
    asked->answer = approvals_approve_answer;
    (void)snprintf(asked->order.id, sizeof(asked->order.id), "%s", request->id);
    MUST(keep_note(asked, pb_slice(&request->note))); /* a fresh arena has the room */
    approvals_submit(call, asked);
}

void approvals_on_refuse(struct grpc_call *call, const ProtobufCMessage *message,
                         void *services)
{
    const Segel__V1__RefuseRequest *request =
        (const Segel__V1__RefuseRequest *)(const void *)message;

    if (!approvals_may(call, ROLE_OFFICER | ROLE_REVIEWER, approvals_for_two) ||
        !approvals_named(call, request->id) ||
        !approvals_reasoned(call, request->reason)) {
        return;
    }
    struct asked *asked = approvals_open(call, (struct services *)services, ORDER_REFUSE);
    if (asked != NULL) {
        asked->answer = approvals_refuse_answer;
        (void)snprintf(asked->order.id, sizeof(asked->order.id), "%s", request->id);
        (void)snprintf(asked->order.order.reason, sizeof(asked->order.order.reason), "%s",
                       request->reason);
        approvals_submit(call, asked);
    }
}

void approvals_on_lock_down(struct grpc_call *call, const ProtobufCMessage *message,
                            void *services)
{
    const Segel__V1__LockDownRequest *request =
        (const Segel__V1__LockDownRequest *)(const void *)message;

    if (!approvals_may(call, ROLE_OFFICER | ROLE_REVIEWER,
                       "a lock-down is for the roles officer and reviewer") ||
        !approvals_reasoned(call, request->reason)) {
        return;
    }
    struct asked *asked =
        approvals_open(call, (struct services *)services, ORDER_LOCK_DOWN);
    if (asked != NULL) {
        asked->answer = approvals_lock_down_answer;
        (void)snprintf(asked->order.order.reason, sizeof(asked->order.order.reason), "%s",
                       request->reason);
        approvals_submit(call, asked);
    }
}

/* --- What came of it --------------------------------------------------------------- */

static void send(struct grpc_call *call, struct asked *asked)
{
    const struct order *order = &asked->order.order;

    if (order->status != SG_OK) {
        finish_plain(call, order->status, order->why[0] == '\0' ? NULL : order->why);
        return;
    }
    const ProtobufCMessage *message = asked->answer(asked);
    if (message == NULL) {
        finish_plain(call, SG_NO_MEMORY, NULL);
    } else if (grpc_send(call, message) == SG_OK) {
        finish_plain(call, SG_OK, NULL);
    }
}

void approvals_finish(struct asked *asked)
{
    /* Who asked may have gone; what was done stands on the log. */
    struct grpc_call *call = server_call(asked->services->server, asked->name);

    if (call != NULL) {
        send(call, asked);
    }
    approvals_release(asked);
}

void approvals_answer(struct service_loop *loop, struct letter *letter)
{
    if (((struct order *)letter)->kind < ORDER_REQUEST) {
        policies_answer(loop, letter);
        return;
    }
    struct asked *asked = (struct asked *)letter;

    if (!keys_count(asked)) {
        approvals_finish(asked);
    }
}

void approvals_drop(struct letter *letter)
{
    if (((struct order *)letter)->kind >= ORDER_REQUEST) {
        approvals_release((struct asked *)letter);
    } else {
        policies_drop(letter);
    }
}
