#include <stdio.h>
#include <string.h>

#include "client/call/approval_call.h"
#include "client/call/gateway_call.h"
#include "client/channel/unpack.h"
#include "client/commands/mandate/view.h"
#include "client/console/command.h"

/* `segel mandate revoke` */
struct revoke_options {
    const char *reason;
    const char *lang;
};

static const struct option rows[] = {
    {"reason", 0, "TEXT", "why, for the log; no personal data",
     offsetof(struct revoke_options, reason)},
    {"lang", 0, "id|en", "language of the answer (default: en)",
     offsetof(struct revoke_options, lang)},
};

static SG_MUST_USE enum sg_status revoke(const struct home *home,
                                         const struct words *words,
                                         const struct revoke_options *options,
                                         struct sg_error *why)
{
    Segel__V1__RevokeMandateRequest request;
    ProtobufCMessage *reply = NULL;
    bool indonesian = false;

    if (words->count != 1) {
        return sg_fail(why, SG_INVALID,
                       "name one mandate: segel mandate revoke ID --reason TEXT");
    }
    TRY(options_need(&command_mandate_revoke.options, options, "reason", why));
    TRY(approval_language(options->lang, &indonesian, why));
    segel__v1__revoke_mandate_request__init(&request);
    request.id = words->at[0];
    request.reason = sg_unconst_text(options->reason);
    const struct gateway_ask ask = {"/segel.v1.MandateService/RevokeMandate",
                                    &request.base,
                                    &segel__v1__revoke_mandate_response__descriptor};
    TRY(gateway_call(home, &ask, &reply, why));
    const Segel__V1__Mandate *mandate =
        ((const Segel__V1__RevokeMandateResponse *)(const void *)reply)->mandate;
    if (mandate != NULL) {
        mandate_view_print(mandate, stdout, indonesian);
    }
    unpack_free(reply);
    return SG_OK;
}

static enum exit_code run(const struct home *home, struct words *words)
{
    struct revoke_options options = {.lang = "en"};
    struct sg_error why = {0};

    if (command_parse(&command_mandate_revoke, words, &options) != EXIT_WELL) {
        return EXIT_USAGE;
    }
    enum sg_status status = revoke(home, words, &options, &why);
    return status == SG_OK ? EXIT_WELL : command_failed(status, &why);
}

const struct command command_mandate_revoke = {
    .name = "mandate revoke",
    .operands = "ID",
    .summary = "end a mandate at once",
    .examples =
        "For officers and reviewers; one is enough. What is in the HSM's hands is\n"
        "finished, nothing else is signed under it.\n\n"
        "Examples:\n"
        "  segel mandate revoke m-01KC0N3V3E8Q4Z6T0V2W4Y6A8C --reason \"wrong "
        "letters\"\n",
    .options = {rows, SG_COUNT(rows)},
    .run = run,
};
