#include "client/commands/lockdown/lockdown.h"
#include "client/call/gateway_call.h"

#include <stdio.h>
#include <string.h>

#include "client/call/approval_call.h"
#include "client/channel/unpack.h"
#include "client/console/command.h"
#include "client/console/screen.h"
#include "proto/text.h"

/* `segel lockdown` */
struct lockdown_options {
    const char *reason;
    const char *lang;
};

static const struct option rows[] = {
    {"reason", 0, "TEXT", "what happened, for the log; no personal data",
     offsetof(struct lockdown_options, reason)},
    {"lang", 0, "id|en", "language of the answer (default: en)",
     offsetof(struct lockdown_options, lang)},
};

void lockdown_print(const Segel__V1__LockDownState *state, bool indonesian)
{
    char since[TEXT_TIME_SIZE];

    if (state == NULL || !state->active) {
        (void)printf(indonesian
                         ? "tidak ada penghentian darurat: gateway menandatangani\n"
                         : "there is no lock-down: the gateway signs\n");
        return;
    }
    text_time(state->since_us, since);
    (void)printf(indonesian ? "semua penandatanganan dihentikan: "
                            : "all signing is stopped: ");
    screen_text(stdout, state->id);
    (void)printf(indonesian ? ", oleh " : ", by ");
    screen_text(stdout, state->person);
    (void)printf(indonesian ? ", sejak %s\n" : ", since %s\n", since);
    (void)printf(indonesian ? "alasan: " : "reason: ");
    screen_text(stdout, state->reason);
    (void)printf("\n");
}

static SG_MUST_USE enum sg_status begin(const struct home *home,
                                        const struct words *words,
                                        const struct lockdown_options *options,
                                        struct sg_error *why)
{
    Segel__V1__LockDownRequest request;
    ProtobufCMessage *reply = NULL;
    bool indonesian = false;

    if (words->count != 0) {
        return sg_fail(why, SG_INVALID,
                       "'%.40s' is no part of it: 'segel lockdown --reason TEXT' stops "
                       "all signing, 'lockdown clear' and 'lockdown status' are the "
                       "others",
                       words->at[0]);
    }
    TRY(options_need(&command_lockdown.options, options, "reason", why));
    TRY(approval_language(options->lang, &indonesian, why));
    segel__v1__lock_down_request__init(&request);
    request.reason = sg_unconst_text(options->reason);
    const struct gateway_ask ask = {"/segel.v1.ApprovalService/LockDown", &request.base,
                                    &segel__v1__lock_down_response__descriptor};
    TRY(gateway_call(home, &ask, &reply, why));
    lockdown_print(((const Segel__V1__LockDownResponse *)(const void *)reply)->state,
                   indonesian);
    unpack_free(reply);
    return SG_OK;
}

static enum exit_code run(const struct home *home, struct words *words)
{
    struct lockdown_options options = {.lang = "en"};
    struct sg_error why = {0};

    if (command_parse(&command_lockdown, words, &options) != EXIT_WELL) {
        return EXIT_USAGE;
    }
    enum sg_status status = begin(home, words, &options, &why);
    return status == SG_OK ? EXIT_WELL : command_failed(status, &why);
}

const struct command command_lockdown = {
    .name = "lockdown",
    .operands = "",
    .summary = "stop all signing at once; one officer or reviewer is enough",
    .examples =
        "Jobs that the HSM holds are finished and delivered; all others are denied\n"
        "until several persons have signed for the end ('segel lockdown clear').\n\n"
        "Examples:\n"
        "  segel lockdown --reason \"key of the seal may be known\"\n",
    .options = {rows, SG_COUNT(rows)},
    .run = run,
};
