#include "gateway/service/approvals/approvals.h"

#include <stdio.h>

#include "gateway/service/approvals/officers.h"
#include "proto/text.h"

/* What officers and reviewers see of requests and persons. */
enum { PAGE_DEFAULT = 64, PAGE_MAX = 256, STATES_MAX = 8 };

static bool read_page(const Segel__V1__ListRequestsRequest *request,
                      struct request_query *out)
{
    uint64_t below = INT64_MAX;
    bool sound = request->n_states <= STATES_MAX && request->page_size <= PAGE_MAX;

    if (request->page_token[0] != '\0') {
        sound = text_uint(slice_str(request->page_token), INT64_MAX, &below) == SG_OK &&
                below > 0 && sound;
    }
    *out = (struct request_query){.below = below, .limit = request->page_size};
    out->limit = out->limit == 0 ? PAGE_DEFAULT : out->limit;
    for (size_t i = 0; sound && i < request->n_states; i++) {
        unsigned state = (unsigned)request->states[i];
        sound = state >= REQUEST_PENDING && state <= REQUEST_VOID;
        out->states |= sound ? 1U << state : 0;
    }
    return sound;
}

void approvals_on_list(struct grpc_call *call, const ProtobufCMessage *message,
                       void *services)
{
    const Segel__V1__ListRequestsRequest *request =
        (const Segel__V1__ListRequestsRequest *)(const void *)message;
    struct request_query query;

    if (!approvals_may(call, ROLE_OFFICER | ROLE_REVIEWER, approvals_for_two)) {
        return;
    }
    enum task task = task_find(slice_str(request->task));
    if (!read_page(request, &query) || (request->task[0] != '\0' && task == TASK_COUNT)) {
        finish_plain(call, SG_INVALID,
                     "at most 8 states of a request, a task, 1 to 256 for page_size, and "
                     "the page_token of the last answer");
        return;
    }
    struct asked *asked =
        approvals_open(call, (struct services *)services, ORDER_REQUEST_LIST);
    if (asked != NULL) {
        asked->answer = approvals_list_answer;
        asked->order.query = query;
        asked->order.query.task = task == TASK_COUNT ? "" : task_name(task);
        approvals_submit(call, asked);
    }
}

void approvals_on_get(struct grpc_call *call, const ProtobufCMessage *message,
                      void *services)
{
    const Segel__V1__GetRequestRequest *request =
        (const Segel__V1__GetRequestRequest *)(const void *)message;

    if (!approvals_may(call, ROLE_OFFICER | ROLE_REVIEWER, approvals_for_two) ||
        !approvals_named(call, request->id)) {
        return;
    }
    struct asked *asked =
        approvals_open(call, (struct services *)services, ORDER_REQUEST_GET);
    if (asked != NULL) {
        asked->answer = approvals_get_answer;
        (void)snprintf(asked->order.id, sizeof(asked->order.id), "%s", request->id);
        approvals_submit(call, asked);
    }
}

void approvals_on_roster(struct grpc_call *call, const ProtobufCMessage *message,
                         void *services)
{
    (void)message;
    if (!approvals_may(
            call, ROLE_OFFICER | ROLE_REVIEWER | ROLE_OPERATOR,
            "the roster is shown to the roles officer, reviewer and operator")) {
        return;
    }
    struct asked *asked = approvals_open(call, (struct services *)services, ORDER_ROSTER);
    if (asked != NULL) {
        asked->answer = approvals_roster_answer;
        approvals_submit(call, asked);
    }
}
