#include <stdio.h>
#include <string.h>

#include "client/call/approval_call.h"
#include "client/call/gateway_call.h"
#include "client/channel/unpack.h"
#include "client/commands/mandate/view.h"
#include "client/console/command.h"

/* `segel mandate show` */
struct show_options {
    const char *lang;
    bool digests;
    bool json;
};

static const struct option rows[] = {
    {"digests", 0, NULL, "the documents that it names, too, one a line",
     offsetof(struct show_options, digests)},
    {"json", 0, NULL, "one JSON object", offsetof(struct show_options, json)},
    {"lang", 0, "id|en", "language of the answer (default: en)",
     offsetof(struct show_options, lang)},
};

static SG_MUST_USE enum sg_status show(const struct home *home, const char *id,
                                       const struct show_options *options,
                                       struct sg_error *why)
{
    Segel__V1__GetMandateRequest request;
    ProtobufCMessage *reply = NULL;
    bool indonesian = false;

    TRY(approval_language(options->lang, &indonesian, why));
    segel__v1__get_mandate_request__init(&request);
    request.id = sg_unconst_text(id);
    request.with_digests = options->digests;
    const struct gateway_ask ask = {"/segel.v1.MandateService/GetMandate", &request.base,
                                    &segel__v1__get_mandate_response__descriptor};
    TRY(gateway_call(home, &ask, &reply, why));
    const Segel__V1__Mandate *mandate =
        ((const Segel__V1__GetMandateResponse *)(const void *)reply)->mandate;
    if (mandate != NULL && options->json) {
        mandate_view_json(mandate, stdout);
    } else if (mandate != NULL) {
        mandate_view_print(mandate, stdout, indonesian);
    }
    unpack_free(reply);
    return SG_OK;
}

static enum exit_code run(const struct home *home, struct words *words)
{
    struct show_options options = {.lang = "en"};
    struct sg_error why = {0};

    if (command_parse(&command_mandate_show, words, &options) != EXIT_WELL) {
        return EXIT_USAGE;
    }
    enum sg_status status =
        words->count == 1 ? show(home, words->at[0], &options, &why)
                          : sg_fail(&why, SG_INVALID,
                                    "name one mandate: segel mandate show ID ('segel "
                                    "mandate list' has the ids)");
    return status == SG_OK ? EXIT_WELL : command_failed(status, &why);
}

const struct command command_mandate_show = {
    .name = "mandate show",
    .operands = "ID",
    .summary = "one mandate: its bounds, and what is left of it",
    .examples = "For officers, reviewers, and the system that it was given to.\n\n"
                "Examples:\n"
                "  segel mandate show m-01KC0N3V3E8Q4Z6T0V2W4Y6A8C\n"
                "  segel mandate show m-01KC0N3V3E8Q4Z6T0V2W4Y6A8C --digests\n",
    .options = {rows, SG_COUNT(rows)},
    .run = run,
};
