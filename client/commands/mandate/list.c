#include <stdio.h>
#include <string.h>

#include "client/call/approval_call.h"
#include "client/call/gateway_call.h"
#include "client/channel/unpack.h"
#include "client/commands/mandate/view.h"
#include "client/console/command.h"

/* `segel mandate list` */
enum { PAGE = 64, TOKEN_SIZE = 64 };

struct list_options {
    const char *key;
    const char *caller;
    const char *lang;
    bool all;
    bool json;
};

static const struct option rows[] = {
    {"key", 0, "NAME", "of this key only", offsetof(struct list_options, key)},
    {"caller", 0, "NAME", "of this system only", offsetof(struct list_options, caller)},
    {"all", 'a', NULL, "those that have ended, too", offsetof(struct list_options, all)},
    {"json", 0, NULL, "one JSON object a mandate", offsetof(struct list_options, json)},
    {"lang", 0, "id|en", "language of the table (default: en)",
     offsetof(struct list_options, lang)},
};

static void print_all(const Segel__V1__ListMandatesResponse *got,
                      const struct list_options *options)
{
    for (size_t i = 0; i < got->n_mandates; i++) {
        if (options->json) {
            mandate_view_json(got->mandates[i], stdout);
        } else {
            mandate_view_row(got->mandates[i], stdout, strcmp(options->lang, "id") == 0);
        }
    }
}

/* Prints a page; token becomes that of the next one, "" = there is none. */
static SG_MUST_USE enum sg_status page(const struct home *home,
                                       const struct list_options *options,
                                       char token[TOKEN_SIZE], struct sg_error *why)
{
    Segel__V1__MandateState open = SEGEL__V1__MANDATE_STATE__MANDATE_STATE_OPEN;
    Segel__V1__ListMandatesRequest request;
    ProtobufCMessage *reply = NULL;

    segel__v1__list_mandates_request__init(&request);
    request.key = sg_unconst_text(options->key);
    request.caller = sg_unconst_text(options->caller);
    request.page_size = PAGE;
    request.page_token = sg_unconst_text(token);
    request.states = &open;
    request.n_states = options->all ? 0 : 1;
    const struct gateway_ask ask = {"/segel.v1.MandateService/ListMandates",
                                    &request.base,
                                    &segel__v1__list_mandates_response__descriptor};
    TRY(gateway_call(home, &ask, &reply, why));
    const Segel__V1__ListMandatesResponse *got =
        (const Segel__V1__ListMandatesResponse *)(const void *)reply;
    print_all(got, options);
    (void)snprintf(token, TOKEN_SIZE, "%s", got->next_page_token);
    unpack_free(reply);
    return SG_OK;
}

static SG_MUST_USE enum sg_status
list(const struct home *home, const struct list_options *options, struct sg_error *why)
{
    char token[TOKEN_SIZE] = "";
    bool indonesian = false;

    TRY(approval_language(options->lang, &indonesian, why));
    if (!options->json) {
        mandate_view_head(stdout, indonesian);
    }
    do {
        TRY(page(home, options, token, why));
    } while (token[0] != '\0');
    return SG_OK;
}

static enum exit_code run(const struct home *home, struct words *words)
{
    struct list_options options = {.key = "", .caller = "", .lang = "en"};
    struct sg_error why = {0};

    if (command_parse(&command_mandate_list, words, &options) != EXIT_WELL) {
        return EXIT_USAGE;
    }
    enum sg_status status =
        words->count == 0 ? list(home, &options, &why)
                          : sg_fail(&why, SG_INVALID,
                                    "mandate list takes options only: 'segel mandate "
                                    "list --help'");
    return status == SG_OK ? EXIT_WELL : command_failed(status, &why);
}

const struct command command_mandate_list = {
    .name = "mandate list",
    .operands = "",
    .summary = "which signatures officers have granted, and what is left of them",
    .examples =
        "Officers and reviewers see all of them, a system its own. One that is\n"
        "'rotated' was given for a key that another has followed: nothing can be\n"
        "drawn on it, so revoke it, and open one for the new key ('mandate show').\n\n"
        "Examples:\n"
        "  segel mandate list\n"
        "  segel mandate list --all --caller e-office --json\n",
    .options = {rows, SG_COUNT(rows)},
    .run = run,
};
