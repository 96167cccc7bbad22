#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>

#include "client/channel/unpack.h"
#include "client/command.h"
#include "client/gateway_call.h"
#include "client/grant_view.h"
#include "client/words.h"
#include "proto/text.h"
#include "segel/v1/approvals.pb-c.h"

/* `segel pin change LANE`: asks for it; 'segel pin set' does it */
enum { ID_BYTES = 8 };

struct change_options {
    const char *request_id;
    const char *reason;
    const char *lang;
};

static const struct option rows[] = {
    {"reason", 0, "TEXT", "why, for the log and those who approve it; no personal data",
     offsetof(struct change_options, reason)},
    {"request-id", 0, "ID", "your own id; the same one again asks for nothing new",
     offsetof(struct change_options, request_id)},
    {"lang", 0, "id|en", "language of the answer (default: en)",
     offsetof(struct change_options, lang)},
};

static enum sg_status ask_for(const struct home *home, const char *lane,
                              const struct change_options *options, struct sg_error *why)
{
    Segel__V1__CreateRequestRequest request;
    Segel__V1__ChangePinTask task;
    ProtobufCMessage *reply = NULL;

    segel__v1__create_request_request__init(&request);
    segel__v1__change_pin_task__init(&task);
    task.lane = words_mutable(lane);
    request.request_id = words_mutable(options->request_id);
    request.reason = words_mutable(options->reason);
    request.task_case = SEGEL__V1__CREATE_REQUEST_REQUEST__TASK_CHANGE_PIN;
    request.change_pin = &task;
    const struct gateway_ask ask = {"/segel.v1.ApprovalService/CreateRequest",
                                    &request.base,
                                    &segel__v1__create_request_response__descriptor};
    TRY(gateway_call(home, &ask, &reply, why));
    const Segel__V1__Approval *approval =
        ((const Segel__V1__CreateRequestResponse *)(const void *)reply)->approval;
    if (approval != NULL) {
        approval_print(approval, stdout, strcmp(options->lang, "id") == 0);
    }
    unpack_free(reply);
    return SG_OK;
}

static SG_MUST_USE enum sg_status check(const struct change_options *options,
                                        const struct words *words, struct sg_error *why)
{
    if (words->count != 1) {
        return sg_fail(why, SG_INVALID,
                       "name one lane: segel pin change LANE; 'segel token list' shows "
                       "them");
    }
    if (strcmp(options->lang, "id") != 0 && strcmp(options->lang, "en") != 0) {
        return sg_fail(why, SG_INVALID, "--lang is id or en");
    }
    return SG_OK;
}

static enum exit_code run(const struct home *home, struct words *words)
{
    struct change_options options = {.reason = "no reason was given", .lang = "en"};
    struct sg_error why = {0};
    uint8_t bytes[ID_BYTES];
    char id[2 * ID_BYTES + 1];

    if (command_parse(&command_pin_change, words, &options) != EXIT_WELL) {
        return EXIT_USAGE;
    }
    enum sg_status status = check(&options, words, &why);
    if (status == SG_OK && RAND_bytes(bytes, sizeof(bytes)) != 1) {
        status = sg_fail(&why, SG_INTERNAL, "this machine gives no random numbers");
    }
    if (status == SG_OK) {
        text_hex(slice_of(bytes, sizeof(bytes)), id);
        options.request_id = options.request_id == NULL ? id : options.request_id;
        status = ask_for(home, words->at[0], &options, &why);
    }
    return status == SG_OK ? EXIT_WELL : command_failed(status, &why);
}

const struct command command_pin_change = {
    .name = "pin change",
    .operands = "LANE",
    .summary = "ask that the PIN of a lane's token may be changed",
    .examples =
        "For officers. Others approve it ('segel approve'), by the task pin.change of "
        "the\n"
        "quorum file, or by that of pin.unlock where it has none. Then somebody types "
        "the\n"
        "new PIN on the gateway's machine, within ten minutes: 'segel pin set LANE'. "
        "What\n"
        "came of it is on the log (pin.change).\n\n"
        "Examples:\n"
        "  segel pin change lane0 --reason \"a holder of the PIN leaves the agency\"\n",
    .options = {rows, SG_COUNT(rows)},
    .run = run,
};
