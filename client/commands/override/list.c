#include <stdio.h>

#include "client/call/approval_call.h"
#include "client/call/gateway_call.h"
#include "client/channel/unpack.h"
#include "client/console/command.h"
#include "client/console/screen.h"
#include "proto/text.h"

/* `segel override list` */
enum { RULE_WIDTH = 14, NAME_WIDTH = 18 };

struct list_options {
    const char *lang;
};

static const struct option rows[] = {
    {"lang", 0, "id|en", "language of the answer (default: en)",
     offsetof(struct list_options, lang)},
};

static void print(const Segel__V1__OverrideState *state, bool indonesian)
{
    char until[TEXT_TIME_SIZE];

    text_time_s(state->until_us < 0 ? 0 : state->until_us, until);
    screen_cell(stdout, state->rule, RULE_WIDTH);
    screen_cell(stdout, state->key, NAME_WIDTH);
    screen_cell(stdout, state->caller, NAME_WIDTH);
    screen_cell(stdout, state->document_class[0] == '\0' ? "*" : state->document_class,
                NAME_WIDTH);
    (void)printf(indonesian ? "%u dari %u, s.d. %s  " : "%u of %u, until %s  ",
                 state->used_jobs, state->max_jobs, until);
    screen_text(stdout, state->id);
    (void)fputc('\n', stdout);
}

static enum sg_status list(const struct home *home, const struct words *words,
                           const struct list_options *options, struct sg_error *why)
{
    Segel__V1__ListOverridesRequest request;
    ProtobufCMessage *reply = NULL;
    bool indonesian = false;

    if (words->count != 0) {
        return sg_fail(why, SG_INVALID, "override list takes no operands");
    }
    TRY(approval_language(options->lang, &indonesian, why));
    segel__v1__list_overrides_request__init(&request);
    const struct gateway_ask ask = {"/segel.v1.ApprovalService/ListOverrides",
                                    &request.base,
                                    &segel__v1__list_overrides_response__descriptor};
    TRY(gateway_call(home, &ask, &reply, why));
    const Segel__V1__ListOverridesResponse *response =
        (const Segel__V1__ListOverridesResponse *)(const void *)reply;
    for (size_t i = 0; i < response->n_overrides; i++) {
        print(response->overrides[i], indonesian);
    }
    if (response->n_overrides == 0) {
        (void)puts(indonesian ? "tidak ada aturan yang dikesampingkan"
                              : "no rule is lifted");
    }
    unpack_free(reply);
    return SG_OK;
}

static enum exit_code run(const struct home *home, struct words *words)
{
    struct list_options options = {.lang = "en"};
    struct sg_error why = {0};

    if (command_parse(&command_override_list, words, &options) != EXIT_WELL) {
        return EXIT_USAGE;
    }
    enum sg_status status = list(home, words, &options, &why);
    return status == SG_OK ? EXIT_WELL : command_failed(status, &why);
}

const struct command command_override_list = {
    .name = "override list",
    .operands = "",
    .summary = "which soft rules are lifted now, for whom and how long",
    .examples =
        "For officers, reviewers and operators. Those that are over stand on the log:\n"
        "'segel log show --type override'.\n\n"
        "Examples:\n"
        "  segel override list\n",
    .options = {rows, SG_COUNT(rows)},
    .run = run,
};
