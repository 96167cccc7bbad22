#include "gateway/service/approvals/approvals.h"

#include <stdio.h>
#include <string.h>

#include "gateway/core/turn/nik.h"
#include "gateway/service/approvals/officers.h"
#include "gateway/service/keys/keys.h"
#include "gateway/service/policy/policies.h"
#include "proto/text.h"

/* ApprovalService on the I/O loops: what is asked is checked in its form and goes to the
 * core, which knows the requests and who the persons are. */
enum { NOTE_BYTES_MAX = 4096 };

#define SERVICE "/segel.v1.ApprovalService/"

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
    if (!text_fits(text, max)) {
        finish_plain(call, SG_INVALID, refusal);
        return false;
    }
    return true;
}

/* What passes here is kept in an order whole. */
_Static_assert(sizeof(((struct order *)0)->request_id) == ASKING_ID_MAX + 1, "order.h");
_Static_assert(sizeof(((struct order *)0)->reason) == ASKING_REASON_MAX + 1, "order.h");

bool approvals_identified(struct grpc_call *call, const char *request_id)
{
    return approvals_fits(call, request_id, ASKING_ID_MAX, asking_bad_id);
}

bool approvals_reasoned(struct grpc_call *call, const char *reason)
{
    return approvals_fits(call, reason, ASKING_REASON_MAX, asking_bad_reason);
}

bool approvals_impersonal(struct grpc_call *call, const char *field, const char *text)
{
    char refusal[256];

    if (!nik_inside(text)) {
        return true;
    }
    (void)snprintf(
        refusal, sizeof(refusal),
        "%s looks like it holds a personal number (NIK): 16 figures or more in "
        "a row, which nobody takes from the log again. Leave it out, or put a "
        "word between the figures",
        field);
    finish_plain(call, SG_INVALID, refusal);
    return false;
}

void approvals_keep_reason(struct order *order, const char *reason)
{
    (void)snprintf(order->reason, sizeof(order->reason), "%s", reason);
    nik_mask(order->reason);
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
    if (!approvals_impersonal(call, "reason", asking.reason)) {
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
        !approvals_reasoned(call, request->reason) ||
        !approvals_impersonal(call, "reason", request->reason)) {
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
        approvals_keep_reason(&asked->order.order, request->reason);
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
