#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "client/call/approval_call.h"
#include "client/call/approval_words.h"
#include "client/call/gateway_call.h"
#include "client/channel/unpack.h"
#include "client/console/command.h"
#include "client/console/screen.h"

/* `segel request list` */
enum { PAGE = 64, ID_WIDTH = 30, COLUMN = 16, NAME_WIDTH = 14 };

struct list_options {
    const char *lang;
    bool all;
    bool json;
};

static const struct option rows[] = {
    {"all", 'a', NULL, "those that are over, too", offsetof(struct list_options, all)},
    {"json", 0, NULL, "one JSON object a request", offsetof(struct list_options, json)},
    {"lang", 0, "id|en", "language of the table (default: en)",
     offsetof(struct list_options, lang)},
};

static void print_row(const Segel__V1__Approval *approval, bool indonesian)
{
    screen_cell(stdout, approval->id, ID_WIDTH);
    screen_cell(stdout, approval->task, COLUMN);
    screen_cell(stdout, approval->object, COLUMN);
    screen_cell(stdout, approval->requester, NAME_WIDTH);
    screen_cell(stdout, approval_state_text(approval->state, indonesian), NAME_WIDTH);
    if (approval->approvals_required > 0) {
        (void)printf("%u/%u", approval->approvals_given, approval->approvals_required);
    }
    (void)printf("\n");
}

static void print_json(const Segel__V1__Approval *approval)
{
    json_t *value = json_pack(
        "{s:s, s:s, s:s, s:s, s:s, s:I, s:I, s:i, s:i}", "id", approval->id, "task",
        approval->task, "object", approval->object, "state",
        approval_state_name(approval->state), "requester", approval->requester,
        "created_us", (json_int_t)approval->created_us, "not_after_us",
        (json_int_t)approval->not_after_us, "approvals", (int)approval->approvals_given,
        "required", (int)approval->approvals_required);
    if (value != NULL) {
        (void)json_dumpf(value, stdout, JSON_COMPACT);
        (void)printf("\n");
    }
    json_decref(value);
}

static void print_head(bool indonesian)
{
    screen_cell(stdout, indonesian ? "PERMINTAAN" : "REQUEST", ID_WIDTH);
    screen_cell(stdout, indonesian ? "TUGAS" : "TASK", COLUMN);
    screen_cell(stdout, indonesian ? "OBJEK" : "OBJECT", COLUMN);
    screen_cell(stdout, indonesian ? "PEMINTA" : "ASKED BY", NAME_WIDTH);
    screen_cell(stdout, indonesian ? "KEADAAN" : "STATE", NAME_WIDTH);
    (void)printf("%s\n", indonesian ? "SETUJU" : "APPROVED");
}

/* Prints a page; token becomes that of the next one, "" = there is none. */
static SG_MUST_USE enum sg_status page(const struct home *home,
                                       const struct list_options *options, char *token,
                                       size_t token_size, struct sg_error *why)
{
    Segel__V1__ApprovalState waiting = SEGEL__V1__APPROVAL_STATE__APPROVAL_STATE_PENDING;
    Segel__V1__ListRequestsRequest request;
    ProtobufCMessage *reply = NULL;

    segel__v1__list_requests_request__init(&request);
    request.page_size = PAGE;
    request.page_token = sg_unconst_text(token);
    request.states = &waiting;
    request.n_states = options->all ? 0 : 1;
    const struct gateway_ask ask = {"/segel.v1.ApprovalService/ListRequests",
                                    &request.base,
                                    &segel__v1__list_requests_response__descriptor};
    TRY(gateway_call(home, &ask, &reply, why));
    const Segel__V1__ListRequestsResponse *got =
        (const Segel__V1__ListRequestsResponse *)(const void *)reply;
    for (size_t i = 0; i < got->n_approvals; i++) {
        if (options->json) {
            print_json(got->approvals[i]);
        } else {
            print_row(got->approvals[i], strcmp(options->lang, "id") == 0);
        }
    }
    (void)snprintf(token, token_size, "%s", got->next_page_token);
    unpack_free(reply);
    return SG_OK;
}

static SG_MUST_USE enum sg_status
list(const struct home *home, const struct list_options *options, struct sg_error *why)
{
    char token[64] = "";
    bool indonesian = false;

    TRY(approval_language(options->lang, &indonesian, why));
    if (!options->json) {
        print_head(indonesian);
    }
    do {
        TRY(page(home, options, token, sizeof(token), why));
    } while (token[0] != '\0');
    return SG_OK;
}

static enum exit_code run(const struct home *home, struct words *words)
{
    struct list_options options = {.lang = "en"};
    struct sg_error why = {0};

    if (command_parse(&command_request_list, words, &options) != EXIT_WELL) {
        return EXIT_USAGE;
    }
    enum sg_status status =
        words->count == 0 ? list(home, &options, &why)
                          : sg_fail(&why, SG_INVALID,
                                    "request list takes options only: 'segel request "
                                    "list --help'");
    return status == SG_OK ? EXIT_WELL : command_failed(status, &why);
}

const struct command command_request_list = {
    .name = "request list",
    .operands = "",
    .summary = "what waits for the approval of officers",
    .examples = "For officers and reviewers.\n\n"
                "Examples:\n"
                "  segel request list\n"
                "  segel request list --all --json\n",
    .options = {rows, SG_COUNT(rows)},
    .run = run,
};
