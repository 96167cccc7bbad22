#include <stdio.h>

#include "client/call/gateway_call.h"
#include "client/channel/unpack.h"
#include "client/commands/key/rite_view.h"

/* `segel key destroy NAME` */
enum { WITNESSES_MAX = 4 };

struct destroy_options {
    const char *witnesses;
    const char *reason;
    bool backups_destroyed;
    struct rite_style style;
};

static const struct option rows[] = {
    {"witnesses", 0, "A,B", "persons of the quorum file who are present, one a reviewer",
     offsetof(struct destroy_options, witnesses)},
    {"backups-destroyed", 0, NULL, "you state that no copy of the key is left",
     offsetof(struct destroy_options, backups_destroyed)},
    {"reason", 0, "TEXT", "why, for the log; no personal data",
     offsetof(struct destroy_options, reason)},
    {"request-id", 0, "ID", "your own id; the same one again is the same request",
     offsetof(struct destroy_options, style.request_id)},
    {"lang", 0, "id|en", "language of the answer (default: en)",
     offsetof(struct destroy_options, style.lang)},
    {"json", 0, NULL, "the answer as one line of JSON",
     offsetof(struct destroy_options, style.json)},
};

static SG_MUST_USE enum sg_status ask(const struct home *home, const char *name,
                                      const struct destroy_options *options,
                                      struct sg_error *why)
{
    Segel__V1__DestroyKeyRequest request;
    ProtobufCMessage *reply = NULL;
    char list[512];
    char *witnesses[WITNESSES_MAX];

    segel__v1__destroy_key_request__init(&request);
    (void)snprintf(list, sizeof(list), "%s", options->witnesses);
    TRY(rite_names(list, witnesses, WITNESSES_MAX, &request.n_witnesses, why));
    request.request_id = sg_unconst_text(options->style.request_id);
    request.key = sg_unconst_text(name);
    request.reason = sg_unconst_text(options->reason);
    request.witnesses = witnesses;
    request.backups_destroyed = options->backups_destroyed;
    const struct gateway_ask call = {"/segel.v1.KeyService/DestroyKey", &request.base,
                                     &segel__v1__destroy_key_response__descriptor};
    TRY(gateway_call(home, &call, &reply, why));
    const Segel__V1__DestroyKeyResponse *response =
        (const Segel__V1__DestroyKeyResponse *)(const void *)reply;
    enum sg_status status =
        rite_print(response->approval, response->key, &options->style, why);
    unpack_free(reply);
    return status;
}

static SG_MUST_USE enum sg_status destroy(const struct home *home,
                                          const struct words *words,
                                          struct destroy_options *options,
                                          struct sg_error *why)
{
    if (words->count != 1) {
        return sg_fail(why, SG_INVALID, "name one key: segel key destroy NAME …");
    }
    TRY(options_need(&command_key_destroy.options, options, "witnesses", why));
    TRY(options_need(&command_key_destroy.options, options, "reason", why));
    if (!options->backups_destroyed) {
        return sg_fail(why, SG_INVALID,
                       "--backups-destroyed is missing: destroy every copy of the key "
                       "first, and state it");
    }
    TRY(rite_begin(&options->style, why));
    return ask(home, words->at[0], options, why);
}

static enum exit_code run(const struct home *home, struct words *words)
{
    struct destroy_options options = {.style = {.lang = "en"}};
    struct sg_error why = {0};

    if (command_parse(&command_key_destroy, words, &options) != EXIT_WELL) {
        return EXIT_USAGE;
    }
    enum sg_status status = destroy(home, words, &options, &why);
    return status == SG_OK ? EXIT_WELL : command_failed(status, &why);
}

const struct command command_key_destroy = {
    .name = "key destroy",
    .operands = "NAME",
    .summary = "ask for the destruction of a key, which other officers must approve",
    .examples =
        "For officers. With the last signature ('segel approve') the key signs nothing "
        "any\n"
        "more, is destroyed on its token and looked for again. That a file of a "
        "software\n"
        "token was deleted does not prove that its bytes are gone from the disk.\n\n"
        "Examples:\n"
        "  segel key destroy seal-2025 --witnesses dewi,citra --backups-destroyed \\\n"
        "    --reason \"its certificate has ended\"\n",
    .options = {rows, SG_COUNT(rows)},
    .run = run,
};
