#include <stdio.h>

#include "client/call/approval_call.h"
#include "client/channel/unpack.h"
#include "client/commands/lockdown/lockdown.h"
#include "client/console/command.h"

/* `segel lockdown status` */
struct status_options {
    const char *lang;
};

static const struct option rows[] = {
    {"lang", 0, "id|en", "language of the answer (default: en)",
     offsetof(struct status_options, lang)},
};

static SG_MUST_USE enum sg_status show(const struct home *home, const char *lang,
                                       struct sg_error *why)
{
    ProtobufCMessage *reply = NULL;
    bool indonesian = false;

    TRY(approval_language(lang, &indonesian, why));
    TRY(approval_roster(home, &reply, why));
    lockdown_print(((const Segel__V1__GetRosterResponse *)(const void *)reply)->lock_down,
                   indonesian);
    unpack_free(reply);
    return SG_OK;
}

static enum exit_code run(const struct home *home, struct words *words)
{
    struct status_options options = {.lang = "en"};
    struct sg_error why = {0};

    if (command_parse(&command_lockdown_status, words, &options) != EXIT_WELL) {
        return EXIT_USAGE;
    }
    enum sg_status status =
        words->count == 0
            ? show(home, options.lang, &why)
            : sg_fail(&why, SG_INVALID, "lockdown status takes options only");
    return status == SG_OK ? EXIT_WELL : command_failed(status, &why);
}

const struct command command_lockdown_status = {
    .name = "lockdown status",
    .operands = "",
    .summary = "whether all signing is stopped, by whom and why",
    .examples = "For officers, reviewers and operators.\n\n"
                "Examples:\n"
                "  segel lockdown status\n",
    .options = {rows, SG_COUNT(rows)},
    .run = run,
};
