#include <stdio.h>
#include <string.h>

#include "client/call/approval_call.h"
#include "client/call/approval_words.h"
#include "client/call/gateway_call.h"
#include "client/channel/unpack.h"
#include "client/console/command.h"

/* `segel refuse ID` */
struct refuse_options {
    const char *reason;
    const char *lang;
};

static const struct option rows[] = {
    {"reason", 0, "TEXT", "why, for the log; no personal data",
     offsetof(struct refuse_options, reason)},
    {"lang", 0, "id|en", "language of the answer (default: en)",
     offsetof(struct refuse_options, lang)},
};

static SG_MUST_USE enum sg_status refuse(const struct home *home,
                                         const struct words *words,
                                         const struct refuse_options *options,
                                         struct sg_error *why)
{
    Segel__V1__RefuseRequest request;
    ProtobufCMessage *reply = NULL;
    bool indonesian = false;

    if (words->count != 1) {
        return sg_fail(why, SG_INVALID,
                       "name one request: segel refuse ID --reason TEXT");
    }
    TRY(options_need(&command_refuse.options, options, "reason", why));
    TRY(approval_language(options->lang, &indonesian, why));
    segel__v1__refuse_request__init(&request);
    request.id = words->at[0];
    request.reason = sg_unconst_text(options->reason);
    const struct gateway_ask ask = {"/segel.v1.ApprovalService/Refuse", &request.base,
                                    &segel__v1__refuse_response__descriptor};
    TRY(gateway_call(home, &ask, &reply, why));
    const Segel__V1__RefuseResponse *response =
        (const Segel__V1__RefuseResponse *)(const void *)reply;
    if (response->approval != NULL) {
        approval_print(response->approval, stdout, indonesian);
    }
    unpack_free(reply);
    return SG_OK;
}

static enum exit_code run(const struct home *home, struct words *words)
{
    struct refuse_options options = {.lang = "en"};
    struct sg_error why = {0};

    if (command_parse(&command_refuse, words, &options) != EXIT_WELL) {
        return EXIT_USAGE;
    }
    enum sg_status status = refuse(home, words, &options, &why);
    return status == SG_OK ? EXIT_WELL : command_failed(status, &why);
}

const struct command command_refuse = {
    .name = "refuse",
    .operands = "ID",
    .summary = "end a request for good, or withdraw your own",
    .examples = "For officers and reviewers; one person is enough.\n\n"
                "Examples:\n"
                "  segel refuse g-01J9ZC8K3T --reason \"nobody opened the safe today\"\n",
    .options = {rows, SG_COUNT(rows)},
    .run = run,
};
