#include <stdio.h>

#include "client/call/gateway_call.h"
#include "client/channel/unpack.h"
#include "client/commands/key/rite_view.h"

/* `segel key backup NAME` */
struct backup_options {
    const char *medium;
    struct rite_style style;
};

static const struct option rows[] = {
    {"medium", 0, "TEXT", "which copy, and where it is kept; no secret",
     offsetof(struct backup_options, medium)},
    {"request-id", 0, "ID", "your own id for it",
     offsetof(struct backup_options, style.request_id)},
    {"lang", 0, "id|en", "language of the answer (default: en)",
     offsetof(struct backup_options, style.lang)},
    {"json", 0, NULL, "the answer as one line of JSON",
     offsetof(struct backup_options, style.json)},
};

static SG_MUST_USE enum sg_status confirm(const struct home *home,
                                          const struct words *words,
                                          struct backup_options *options,
                                          struct sg_error *why)
{
    Segel__V1__ConfirmBackupRequest request;
    ProtobufCMessage *reply = NULL;

    if (words->count != 1) {
        return sg_fail(why, SG_INVALID, "name one key: segel key backup NAME --medium …");
    }
    TRY(options_need(&command_key_backup.options, options, "medium", why));
    TRY(rite_begin(&options->style, why));
    segel__v1__confirm_backup_request__init(&request);
    request.request_id = sg_unconst_text(options->style.request_id);
    request.key = sg_unconst_text(words->at[0]);
    request.medium = sg_unconst_text(options->medium);
    const struct gateway_ask call = {"/segel.v1.KeyService/ConfirmBackup", &request.base,
                                     &segel__v1__confirm_backup_response__descriptor};
    TRY(gateway_call(home, &call, &reply, why));
    const Segel__V1__ConfirmBackupResponse *response =
        (const Segel__V1__ConfirmBackupResponse *)(const void *)reply;
    enum sg_status status = rite_print(NULL, response->key, &options->style, why);
    unpack_free(reply);
    return status;
}

static enum exit_code run(const struct home *home, struct words *words)
{
    struct backup_options options = {.style = {.lang = "en"}};
    struct sg_error why = {0};

    if (command_parse(&command_key_backup, words, &options) != EXIT_WELL) {
        return EXIT_USAGE;
    }
    enum sg_status status = confirm(home, words, &options, &why);
    return status == SG_OK ? EXIT_WELL : command_failed(status, &why);
}

const struct command command_key_backup = {
    .name = "key backup",
    .operands = "NAME",
    .summary = "state that the token with a new key was backed up",
    .examples =
        "For officers. Copy the token first, as its maker says; of a software token "
        "that\n"
        "is its directory. Without a backup no certificate is asked for or accepted.\n\n"
        "Examples:\n"
        "  segel key backup seal-2027 --medium \"tape 14, safe of the secretary\"\n",
    .options = {rows, SG_COUNT(rows)},
    .run = run,
};
