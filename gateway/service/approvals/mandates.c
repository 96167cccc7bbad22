#include "gateway/service/approvals/mandates.h"

#include <stdio.h>
#include <string.h>

#include "proto/text.h"
#include "segel/v1/mandates.pb-c.h"

enum { PAGE_DEFAULT = 64, PAGE_MAX = 256, STATES_MAX = 8 };

void mandates_on_open(struct grpc_call *call, const ProtobufCMessage *message,
                      void *services)
{
    static const struct guarded guarded = {
        .method = "/segel.v1.MandateService/OpenMandate",
        .refusal = "asking for a mandate needs the role officer",
        .answer = mandates_open_answer};

    const Segel__V1__OpenMandateRequest *request =
        (const Segel__V1__OpenMandateRequest *)(const void *)message;

    if (request->terms == NULL ||
        approvals_impersonal(call, "terms.approval_ref", request->terms->approval_ref)) {
        approvals_guard(call, (struct services *)services, &guarded, message);
    }
}

/* Backends see their own. */
static bool sees_own_only(const struct grpc_call *call)
{
    const struct caller *caller = (const struct caller *)grpc_call_caller(call);

    return !caller_has_role(caller, ROLE_OFFICER) &&
           !caller_has_role(caller, ROLE_REVIEWER);
}

static bool may_look(struct grpc_call *call)
{
    return approvals_may(call, ROLE_OFFICER | ROLE_REVIEWER | ROLE_BACKEND,
                         "mandates are shown to officers, reviewers and the backends "
                         "that they were given to");
}

static struct asked *open_order(struct grpc_call *call, void *services,
                                enum mandate_question question)
{
    bool own_only = sees_own_only(call);
    enum place look = own_only ? PLACE_BACKEND : PLACE_ORDER;
    enum place place = question == MANDATE_REVOKE ? PLACE_STOP : look;
    struct asked *asked =
        approvals_open_at(call, (struct services *)services, ORDER_MANDATES, place);

    if (asked != NULL) {
        asked->order.mandates.question = question;
        asked->order.mandates.own_only = own_only;
    }
    return asked;
}

/* "" or a name. */
static bool may_be_name(const char *text)
{
    return text[0] == '\0' || text_name(slice_str(text));
}

static bool read_query(const Segel__V1__ListMandatesRequest *request,
                       struct mandate_query *out)
{
    uint64_t below = INT64_MAX;
    bool sound = request->n_states <= STATES_MAX && request->page_size <= PAGE_MAX &&
                 may_be_name(request->key) && may_be_name(request->caller);

    if (request->page_token[0] != '\0') {
        sound = text_uint(slice_str(request->page_token), INT64_MAX, &below) == SG_OK &&
                below > 0 && sound;
    }
    *out = (struct mandate_query){
        .below = below, .key = "", .caller = "", .limit = request->page_size};
    out->limit = out->limit == 0 ? PAGE_DEFAULT : out->limit;
    for (size_t i = 0; sound && i < request->n_states; i++) {
        int state = (int)request->states[i];
        sound = state >= MANDATE_OPEN && state <= MANDATE_REVOKED;
        out->states |= sound ? 1U << state : 0;
    }
    return sound;
}

static const char *keep_name(struct asked *asked, const char *name)
{
    size_t len = strlen(name);
    char *out = (char *)approvals_room(asked, len + 1);

    MUST(out != NULL); /* a fresh arena has the room */
    memcpy(out, name, len + 1);
    return out;
}

void mandates_on_list(struct grpc_call *call, const ProtobufCMessage *message,
                      void *services)
{
    const Segel__V1__ListMandatesRequest *request =
        (const Segel__V1__ListMandatesRequest *)(const void *)message;
    struct mandate_query query;

    if (!may_look(call)) {
        return;
    }
    if (!read_query(request, &query)) {
        finish_plain(
            call, SG_INVALID,
            "names of a key and a caller, at most 8 states of a mandate that was "
            "opened, 1 to 256 for page_size, and the page_token of the last "
            "answer");
        return;
    }
    struct asked *asked = open_order(call, services, MANDATES_LIST);
    if (asked != NULL) {
        asked->answer = mandates_list_answer;
        query.key = keep_name(asked, request->key);
        query.caller = keep_name(asked, request->caller);
        asked->order.mandates.query = query;
        approvals_submit(call, asked);
    }
}

static bool is_id(struct grpc_call *call, const char *id)
{
    if (!text_name(slice_str(id))) {
        finish_plain(call, SG_INVALID,
                     "id must be that of a mandate: 1 to 64 bytes of letters, digits, "
                     "'.', '_' and '-'");
        return false;
    }
    return true;
}

void mandates_on_get(struct grpc_call *call, const ProtobufCMessage *message,
                     void *services)
{
    const Segel__V1__GetMandateRequest *request =
        (const Segel__V1__GetMandateRequest *)(const void *)message;

    if (!may_look(call) || !is_id(call, request->id)) {
        return;
    }
    struct asked *asked = open_order(call, services, MANDATE_GET);
    if (asked != NULL) {
        asked->answer = mandates_get_answer;
        asked->order.mandates.with_request = request->with_digests;
        (void)snprintf(asked->order.id, sizeof(asked->order.id), "%s", request->id);
        approvals_submit(call, asked);
    }
}

void mandates_on_revoke(struct grpc_call *call, const ProtobufCMessage *message,
                        void *services)
{
    const Segel__V1__RevokeMandateRequest *request =
        (const Segel__V1__RevokeMandateRequest *)(const void *)message;

    if (!approvals_may(call, ROLE_OFFICER | ROLE_REVIEWER,
                       "ending a mandate is for the roles officer and reviewer") ||
        !is_id(call, request->id) || !approvals_reasoned(call, request->reason)) {
        return;
    }
    struct asked *asked = open_order(call, services, MANDATE_REVOKE);
    if (asked != NULL) {
        asked->answer = mandates_revoke_answer;
        (void)snprintf(asked->order.id, sizeof(asked->order.id), "%s", request->id);
        approvals_keep_reason(&asked->order.order, request->reason);
        approvals_submit(call, asked);
    }
}
