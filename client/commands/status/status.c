#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/call/approval_call.h"
#include "client/call/gateway_call.h"
#include "client/channel/unpack.h"
#include "client/commands/status/page.h"
#include "client/console/command.h"
#include "client/console/screen.h"

/* `segel status` */
struct status_options {
    const char *lang;
    bool json;
};

static const struct option rows[] = {
    {"lang", 0, "id|en", "language of the page (default: en)",
     offsetof(struct status_options, lang)},
    {"json", 0, NULL, "one JSON object for machines",
     offsetof(struct status_options, json)},
};

static SG_MUST_USE enum sg_status fetch(const struct home *home, ProtobufCMessage **reply,
                                        struct sg_error *why)
{
    Segel__V1__GetStatusRequest request;

    segel__v1__get_status_request__init(&request);
    const struct gateway_ask ask = {"/segel.v1.StatusService/GetStatus", &request.base,
                                    &segel__v1__get_status_response__descriptor};
    return gateway_call(home, &ask, reply, why);
}

/* *well: nothing needs a person. */
static SG_MUST_USE enum sg_status show(const Segel__V1__GetStatusResponse *got,
                                       const struct status_options *options, bool *well,
                                       struct sg_error *why)
{
    struct status_view view = {.got = got};
    struct needs *needs = (struct needs *)calloc(1, sizeof(*needs));
    enum sg_status status = SG_OK;

    if (needs == NULL) {
        return sg_fail(why, SG_NO_MEMORY, "no memory for the page");
    }
    view.indonesian = strcmp(options->lang, "id") == 0;
    status_needs(&view, needs);
    if (options->json) {
        status = status_print_json(&view, needs);
    } else {
        status_print(&view, needs);
    }
    *well = needs->count == 0;
    free(needs);
    return status;
}

static SG_MUST_USE enum sg_status look(const struct home *home,
                                       const struct status_options *options, bool *well,
                                       struct sg_error *why)
{
    ProtobufCMessage *reply = NULL;
    bool indonesian = false;

    TRY(approval_language(options->lang, &indonesian, why));
    TRY(fetch(home, &reply, why));
    const Segel__V1__GetStatusResponse *got =
        (const Segel__V1__GetStatusResponse *)(const void *)reply;
    enum sg_status status = status_check(got, why);
    if (status == SG_OK) {
        status = show(got, options, well, why);
    }
    unpack_free(reply);
    return status;
}

static enum exit_code run(const struct home *home, struct words *words)
{
    struct status_options options = {.lang = "en"};
    struct sg_error why = {0};
    bool well = false;

    if (command_parse(&command_status, words, &options) != EXIT_WELL) {
        return EXIT_USAGE;
    }
    enum sg_status status =
        words->count == 0 ? look(home, &options, &well, &why)
                          : sg_fail(&why, SG_INVALID,
                                    "status takes options only: 'segel status --help'");
    if (status != SG_OK) {
        return command_failed(status, &why);
    }
    return well ? EXIT_WELL : EXIT_REFUSED;
}

const struct command command_status = {
    .name = "status",
    .operands = "",
    .summary = "all that may need a person, on one page",
    .examples = "For officers, reviewers and operators. Times are in UTC.\n"
                "Exit code 0: all is well. 1: something needs a person. 3: the gateway "
                "cannot be\n"
                "reached.\n\n"
                "Examples:\n"
                "  segel status\n"
                "  segel status --lang id\n"
                "  segel status --json\n",
    .options = {rows, SG_COUNT(rows)},
    .run = run,
};
