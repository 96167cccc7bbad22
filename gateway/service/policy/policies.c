#include "gateway/service/policy/policies.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/service/approvals/approvals.h"
#include "gateway/service/inside.h"
#include "gateway/service/policy/clerk.h"
#include "proto/text.h"

/* PolicyService on the I/O loops: what is asked goes to the clerk and comes back with the
 * answer made. */
enum { POLICY_ASKS_MAX = 8, POLICY_TEXT_MAX = 1 << 20 };
enum { PAGE_MAX = 256, PAGE_USUAL = 64 };

static bool may(struct grpc_call *call, int roles, const char *refusal)
{
    const struct caller *caller = (const struct caller *)grpc_call_caller(call);

    if ((caller->rights->roles & (unsigned)roles) == 0) {
        finish_plain(call, SG_DENIED, refusal);
        return false;
    }
    return true;
}

static bool may_read(struct grpc_call *call)
{
    return may(call, ROLE_OFFICER | ROLE_REVIEWER | ROLE_OPERATOR,
               "policies are shown to the roles officer, reviewer and operator");
}

static struct person person_of(const struct caller *caller)
{
    struct person out = {.reviewer = caller_has_role(caller, ROLE_REVIEWER)};

    (void)snprintf(out.name, sizeof(out.name), "%s", caller->config->name);
    (void)snprintf(out.identity, sizeof(out.identity), "%s", caller->fingerprint_text);
    memcpy(out.cert, caller->fingerprint, sizeof(out.cert));
    memcpy(out.key, caller->marks.key, sizeof(out.key));
    memcpy(out.subject, caller->marks.subject, sizeof(out.subject));
    return out;
}

/* --- Asking ------------------------------------------------------------------------ */

void policies_release(struct policy_ask *ask)
{
    atomic_fetch_sub(&ask->services->policy_asks, 1);
    policy_ask_free(ask);
}

static struct policy_ask *open_ask(struct grpc_call *call, struct services *services,
                                   enum policy_task task)
{
    if (atomic_fetch_add(&services->policy_asks, 1) >= POLICY_ASKS_MAX) {
        atomic_fetch_sub(&services->policy_asks, 1);
        finish_plain(call, SG_BUSY,
                     "8 requests about policies are under way already; try again later");
        return NULL;
    }
    struct policy_ask *ask = (struct policy_ask *)calloc(1, sizeof(*ask));
    if (ask == NULL) {
        atomic_fetch_sub(&services->policy_asks, 1);
        finish_plain(call, SG_NO_MEMORY, NULL);
        return NULL;
    }
    ask->services = services;
    ask->task = task;
    ask->name = grpc_call_name(call);
    ask->person = person_of((const struct caller *)grpc_call_caller(call));
    ask->order.reply = &loop_of(services, call)->replies;
    return ask;
}

static bool take_text(struct policy_ask *ask, struct slice text)
{
    ask->text = (uint8_t *)malloc(text.len + 1);
    ask->text_len = text.len;
    if (ask->text != NULL && text.len > 0) {
        memcpy(ask->text, text.data, text.len);
    }
    return ask->text != NULL;
}

static void submit(struct grpc_call *call, struct policy_ask *ask, bool ready)
{
    enum sg_status status = ready ? clerk_ask(ask->services->clerk, ask) : SG_NO_MEMORY;

    if (status != SG_OK) {
        policies_release(ask);
        finish_plain(call, status, NULL);
    }
}

static bool text_length(struct grpc_call *call, size_t len)
{
    if (len == 0 || len > POLICY_TEXT_MAX) {
        finish_plain(call, SG_INVALID,
                     "text must be the policy file: 1 byte to 1 MiB of YAML");
        return false;
    }
    return true;
}

static bool is_english(const char *language)
{
    return strcmp(language, "en") == 0;
}

void policies_on_get(struct grpc_call *call, const ProtobufCMessage *message,
                     void *context)
{
    const Segel__V1__GetPolicyRequest *request =
        (const Segel__V1__GetPolicyRequest *)(const void *)message;
    struct policy_ask *ask = NULL;

    if (!may_read(call)) {
        return;
    }
    if (request->sha256.len != 0 && request->sha256.len != sizeof(ask->sha256)) {
        finish_plain(call, SG_INVALID, "sha256 has 32 bytes, or none");
        return;
    }
    ask = open_ask(call, (struct services *)context, POLICY_GET);
    if (ask == NULL) {
        return;
    }
    ask->english = is_english(request->language);
    ask->with_text = request->with_text;
    ask->by_hash = request->sha256.len != 0;
    if (ask->by_hash) {
        memcpy(ask->sha256, request->sha256.data, sizeof(ask->sha256));
    }
    submit(call, ask, true);
}

void policies_on_list(struct grpc_call *call, const ProtobufCMessage *message,
                      void *context)
{
    const Segel__V1__ListPoliciesRequest *request =
        (const Segel__V1__ListPoliciesRequest *)(const void *)message;
    const char *token = request->page_token;
    uint64_t below = 0;

    if (!may_read(call)) {
        return;
    }
    bool sound = token[0] == '\0' ||
                 (text_uint(slice_str(token), INT64_MAX, &below) == SG_OK && below > 0);
    if (!sound || request->page_size > PAGE_MAX) {
        finish_plain(call, SG_INVALID,
                     "1 to 256 for page_size, and the page_token of the last answer");
        return;
    }
    struct policy_ask *ask = open_ask(call, (struct services *)context, POLICY_LIST);
    if (ask != NULL) {
        ask->below = below;
        ask->limit = request->page_size == 0 ? PAGE_USUAL : request->page_size;
        submit(call, ask, true);
    }
}

void policies_on_explain(struct grpc_call *call, const ProtobufCMessage *message,
                         void *context)
{
    const Segel__V1__ExplainRuleRequest *request =
        (const Segel__V1__ExplainRuleRequest *)(const void *)message;
    struct policy_ask *ask = NULL;

    if (!may_read(call)) {
        return;
    }
    if (!text_fits(request->rule, sizeof(ask->rule) - 1)) {
        finish_plain(call, SG_INVALID, "rule must be the id of a rule, 1 to 64 bytes");
        return;
    }
    ask = open_ask(call, (struct services *)context, POLICY_EXPLAIN);
    if (ask != NULL) {
        ask->english = is_english(request->language);
        (void)snprintf(ask->rule, sizeof(ask->rule), "%s", request->rule);
        submit(call, ask, true);
    }
}

void policies_on_check(struct grpc_call *call, const ProtobufCMessage *message,
                       void *context)
{
    const Segel__V1__CheckPolicyRequest *request =
        (const Segel__V1__CheckPolicyRequest *)(const void *)message;

    if (!may_read(call) || !text_length(call, request->text.len)) {
        return;
    }
    struct policy_ask *ask = open_ask(call, (struct services *)context, POLICY_CHECK);
    if (ask != NULL) {
        ask->english = is_english(request->language);
        submit(call, ask, take_text(ask, pb_slice(&request->text)));
    }
}

static bool check_load(struct grpc_call *call,
                       const Segel__V1__LoadPolicyRequest *request)
{
    return approvals_identified(call, request->request_id) &&
           approvals_reasoned(call, request->reason) &&
           approvals_impersonal(call, "reason", request->reason) &&
           text_length(call, request->text.len);
}

void policies_on_load(struct grpc_call *call, const ProtobufCMessage *message,
                      void *context)
{
    const Segel__V1__LoadPolicyRequest *request =
        (const Segel__V1__LoadPolicyRequest *)(const void *)message;

    if (!may(call, ROLE_OFFICER | ROLE_REVIEWER,
             "loading a policy needs the role officer or reviewer") ||
        !check_load(call, request)) {
        return;
    }
    struct services *services = (struct services *)context;
    struct policy_ask *ask = open_ask(call, services, POLICY_LOAD);
    if (ask == NULL) {
        return;
    }
    (void)snprintf(ask->request_id, sizeof(ask->request_id), "%s", request->request_id);
    (void)snprintf(ask->reason, sizeof(ask->reason), "%s", request->reason);
    if (core_has_quorum(services->options.core) &&
        !policy_request_open(ask, call, message)) {
        policies_release(ask);
        return;
    }
    submit(call, ask, take_text(ask, pb_slice(&request->text)));
}

/* --- Answering --------------------------------------------------------------------- */

static void add_position(const struct policy_ask *ask, Segel__V1__LogPosition *log)
{
    const struct order *order = &ask->order;

    segel__v1__log_position__init(log);
    log->origin = pb_text(ask->services->options.config->ledger_origin);
    log->index = order->log_index;
    log->leaf_hash = pb_bytes(slice_of(order->log_hash, sizeof(order->log_hash)));
    ask->loading->approval->log = log;
}

/* The core may have refused what the clerk had prepared. */
static void take_outcome(struct policy_ask *ask, const struct letter *letter)
{
    if (letter->kind == LETTER_ORDER && ask->order.status != SG_OK) {
        ask->status = ask->order.status;
        (void)snprintf(ask->why, sizeof(ask->why), "%s", ask->order.why);
    }
}

static void send(struct grpc_call *call, const struct policy_ask *ask)
{
    Segel__V1__LogPosition log;

    if (ask->status != SG_OK) {
        finish_plain(call, ask->status, ask->why[0] == '\0' ? NULL : ask->why);
        return;
    }
    if (ask->loading != NULL && ask->order.on_log) {
        add_position(ask, &log);
    }
    if (grpc_send(call, ask->response) == SG_OK) {
        finish_plain(call, SG_OK, NULL);
    }
}

void policies_answer(struct service_loop *loop, struct letter *letter)
{
    struct policy_ask *ask = (struct policy_ask *)letter;
    /* Who asked may have gone; what was done stands on the log. */
    struct grpc_call *call = server_call(loop->services->server, ask->name);

    take_outcome(ask, letter);
    if (call != NULL) {
        send(call, ask);
    }
    policies_release(ask);
}

void policies_drop(struct letter *letter)
{
    policies_release((struct policy_ask *)letter);
}
