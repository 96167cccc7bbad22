#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>

#include "client/call/approval_words.h"
#include "client/call/gateway_call.h"
#include "client/channel/unpack.h"
#include "client/console/command.h"
#include "client/console/screen.h"
#include "proto/text.h"
#include "segel/v1/approvals.pb-c.h"

/* `segel token unlock LANE` */
enum { ID_BYTES = 8 };

struct unlock_options {
    const char *request_id;
    const char *reason;
    const char *lang;
};

static const struct option rows[] = {
    {"reason", 0, "TEXT", "what was found and mended, for the log; no personal data",
     offsetof(struct unlock_options, reason)},
    {"request-id", 0, "ID", "your own id; the same one again asks for no second try",
     offsetof(struct unlock_options, request_id)},
    {"lang", 0, "id|en", "language of the answer (default: en)",
     offsetof(struct unlock_options, lang)},
};

static void print_done(const Segel__V1__CreateRequestResponse *response, const char *lane,
                       bool indonesian)
{
    const Segel__V1__Approval *approval = response->approval;
    const Segel__V1__LogPosition *log = approval == NULL ? NULL : approval->log;

    if (approval != NULL &&
        approval->state != SEGEL__V1__APPROVAL_STATE__APPROVAL_STATE_EXECUTED) {
        approval_print(approval, stdout, indonesian);
        return;
    }
    (void)printf(indonesian ? "jalur " : "lane ");
    screen_text(stdout, lane);
    (void)printf(indonesian
                     ? " boleh mencoba PIN sekali lagi; 'segel token list' menunjukkan "
                       "hasilnya\n"
                     : " may try its PIN once more; 'segel token list' shows what "
                       "comes of it\n");
    if (log != NULL) {
        (void)printf(indonesian ? "tercatat pada log sebagai nomor %llu\n"
                                : "the log holds it as record %llu\n",
                     (unsigned long long)log->index);
    }
}

static enum sg_status unlock(const struct home *home, const char *lane,
                             const struct unlock_options *options, struct sg_error *why)
{
    Segel__V1__CreateRequestRequest request;
    Segel__V1__UnlockPinTask task;
    ProtobufCMessage *reply = NULL;

    segel__v1__create_request_request__init(&request);
    segel__v1__unlock_pin_task__init(&task);
    task.lane = sg_unconst_text(lane);
    request.request_id = sg_unconst_text(options->request_id);
    request.reason = sg_unconst_text(options->reason);
    request.task_case = SEGEL__V1__CREATE_REQUEST_REQUEST__TASK_UNLOCK_PIN;
    request.unlock_pin = &task;
    const struct gateway_ask ask = {"/segel.v1.ApprovalService/CreateRequest",
                                    &request.base,
                                    &segel__v1__create_request_response__descriptor};
    TRY(gateway_call(home, &ask, &reply, why));
    const Segel__V1__CreateRequestResponse *response =
        (const Segel__V1__CreateRequestResponse *)(const void *)reply;
    bool indonesian = strcmp(options->lang, "id") == 0;
    print_done(response, lane, indonesian);
    enum sg_status status = approval_stands(response->approval, indonesian, why);
    unpack_free(reply);
    return status;
}

static SG_MUST_USE enum sg_status check(const struct unlock_options *options,
                                        const struct words *words, struct sg_error *why)
{
    if (words->count != 1) {
        return sg_fail(why, SG_INVALID,
                       "name one lane: segel token unlock LANE; 'segel token list' shows "
                       "them");
    }
    if (strcmp(options->lang, "id") != 0 && strcmp(options->lang, "en") != 0) {
        return sg_fail(why, SG_INVALID, "--lang is id or en");
    }
    return SG_OK;
}

static enum exit_code run(const struct home *home, struct words *words)
{
    struct unlock_options options = {.reason = "no reason was given", .lang = "en"};
    struct sg_error why = {0};
    uint8_t bytes[ID_BYTES];
    char id[2 * ID_BYTES + 1];

    if (command_parse(&command_token_unlock, words, &options) != EXIT_WELL) {
        return EXIT_USAGE;
    }
    enum sg_status status = check(&options, words, &why);
    if (status == SG_OK && RAND_bytes(bytes, sizeof(bytes)) != 1) {
        status = sg_fail(&why, SG_INTERNAL, "this machine gives no random numbers");
    }
    if (status == SG_OK) {
        text_hex(slice_of(bytes, sizeof(bytes)), id);
        options.request_id = options.request_id == NULL ? id : options.request_id;
        status = unlock(home, words->at[0], &options, &why);
    }
    return status == SG_OK ? EXIT_WELL : command_failed(status, &why);
}

const struct command command_token_unlock = {
    .name = "token unlock",
    .operands = "LANE",
    .summary = "let a lane that a wrong PIN stopped try its PIN once more",
    .examples =
        "For officers. Mend the PIN file on the gateway's machine first: each wrong try\n"
        "brings the token nearer to locking itself. The PIN itself is never sent. Where "
        "a\n"
        "quorum file is in force other officers must approve it ('segel approve').\n\n"
        "Examples:\n"
        "  segel token unlock lane0 --reason \"PIN file restored from the safe\"\n"
        "  segel token unlock lane0 --request-id 2026-05-02-hsm1\n",
    .options = {rows, SG_COUNT(rows)},
    .run = run,
};
