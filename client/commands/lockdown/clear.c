#include <stdio.h>
#include <string.h>

#include "client/call/approval_call.h"
#include "client/call/approval_words.h"
#include "client/call/gateway_call.h"
#include "client/channel/unpack.h"
#include "client/commands/lockdown/lockdown.h"
#include "client/console/command.h"

/* `segel lockdown clear` */
struct clear_options {
    const char *reason;
    const char *request_id;
    const char *id;
    const char *lang;
    char made[APPROVAL_ID_SIZE]; /* where these were not given */
    char found[65];
};

static const struct option rows[] = {
    {"reason", 0, "TEXT", "what was found and mended, for the log; no personal data",
     offsetof(struct clear_options, reason)},
    {"id", 0, "ID", "the lock-down that is meant (default: the one in force)",
     offsetof(struct clear_options, id)},
    {"request-id", 0, "ID", "your own id; the same one again is the same request",
     offsetof(struct clear_options, request_id)},
    {"lang", 0, "id|en", "language of the answer (default: en)",
     offsetof(struct clear_options, lang)},
};

static SG_MUST_USE enum sg_status find_lockdown(const struct home *home, char out[65],
                                                struct sg_error *why)
{
    ProtobufCMessage *reply = NULL;

    TRY(approval_roster(home, &reply, why));
    const Segel__V1__LockDownState *state =
        ((const Segel__V1__GetRosterResponse *)(const void *)reply)->lock_down;
    bool active = state != NULL && state->active;
    (void)snprintf(out, 65, "%.64s", active ? state->id : "");
    unpack_free(reply);
    return active ? SG_OK
                  : sg_fail(why, SG_PRECONDITION,
                            "there is no lock-down: the gateway signs");
}

static SG_MUST_USE enum sg_status
ask(const struct home *home, const struct clear_options *options, struct sg_error *why)
{
    Segel__V1__ReleaseLockDownRequest request;
    ProtobufCMessage *reply = NULL;
    bool indonesian = strcmp(options->lang, "id") == 0;

    segel__v1__release_lock_down_request__init(&request);
    request.request_id = sg_unconst_text(options->request_id);
    request.id = sg_unconst_text(options->id);
    request.reason = sg_unconst_text(options->reason);
    const struct gateway_ask call = {"/segel.v1.ApprovalService/ReleaseLockDown",
                                     &request.base,
                                     &segel__v1__release_lock_down_response__descriptor};
    TRY(gateway_call(home, &call, &reply, why));
    const Segel__V1__ReleaseLockDownResponse *response =
        (const Segel__V1__ReleaseLockDownResponse *)(const void *)reply;
    if (response->approval != NULL) {
        approval_print(response->approval, stdout, indonesian);
    }
    lockdown_print(response->state, indonesian);
    enum sg_status status = approval_stands(response->approval, indonesian, why);
    unpack_free(reply);
    return status;
}

static SG_MUST_USE enum sg_status clear(const struct home *home,
                                        const struct words *words,
                                        struct clear_options *options,
                                        struct sg_error *why)
{
    bool indonesian = false;

    if (words->count != 0) {
        return sg_fail(why, SG_INVALID,
                       "lockdown clear takes options only: --reason TEXT");
    }
    TRY(options_need(&command_lockdown_clear.options, options, "reason", why));
    TRY(approval_language(options->lang, &indonesian, why));
    if (options->request_id == NULL) {
        TRY(approval_make_id(options->made, why));
        options->request_id = options->made;
    }
    if (options->id == NULL) {
        TRY(find_lockdown(home, options->found, why));
        options->id = options->found;
    }
    return ask(home, options, why);
}

static enum exit_code run(const struct home *home, struct words *words)
{
    struct clear_options options = {.lang = "en"};
    struct sg_error why = {0};

    if (command_parse(&command_lockdown_clear, words, &options) != EXIT_WELL) {
        return EXIT_USAGE;
    }
    enum sg_status status = clear(home, words, &options, &why);
    return status == SG_OK ? EXIT_WELL : command_failed(status, &why);
}

const struct command command_lockdown_clear = {
    .name = "lockdown clear",
    .operands = "",
    .summary = "ask for the end of a lock-down, which other officers must approve",
    .examples =
        "For officers of the quorum file. The others read it ('segel request show')\n"
        "and sign it ('segel approve'); with the last signature signing goes on.\n\n"
        "Examples:\n"
        "  segel lockdown clear --reason \"the card was found; nobody had it\"\n",
    .options = {rows, SG_COUNT(rows)},
    .run = run,
};
