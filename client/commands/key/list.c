#include <stdlib.h>
#include <string.h>

#include "client/call/approval_call.h"
#include "client/call/gateway_call.h"
#include "client/channel/unpack.h"
#include "client/commands/key/view.h"
#include "client/console/command.h"

/* `segel key list` and `segel key show NAME` */
enum { PAGE = 64, TOKEN_SIZE = 65 };

struct look_options {
    const char *lang;
    bool json;
};

static const struct option rows[] = {
    {"lang", 0, "id|en", "language of the answer (default: en)",
     offsetof(struct look_options, lang)},
    {"json", 0, NULL, "one JSON object a key", offsetof(struct look_options, json)},
};

static SG_MUST_USE enum sg_status print_json(const Segel__V1__Key *key)
{
    struct json_out out;
    struct slice text;
    char *buffer = (char *)malloc(KEY_JSON_MAX);

    if (buffer == NULL) {
        return SG_NO_MEMORY;
    }
    json_start(&out, buffer, KEY_JSON_MAX);
    key_json(&out, key);
    enum sg_status status = json_finish(&out, &text);
    if (status == SG_OK) {
        (void)printf("%.*s\n", (int)text.len, (const char *)text.data);
    }
    free(buffer);
    return status;
}

/* --- List -------------------------------------------------------------------------- */

static SG_MUST_USE enum sg_status print_one(const Segel__V1__Key *key,
                                            const struct look_options *options)
{
    if (options->json) {
        return print_json(key);
    }
    key_print_row(key, stdout, strcmp(options->lang, "id") == 0);
    return SG_OK;
}

static SG_MUST_USE enum sg_status print_keys(const Segel__V1__ListKeysResponse *got,
                                             const struct look_options *options)
{
    for (size_t i = 0; i < got->n_keys; i++) {
        TRY(print_one(got->keys[i], options));
    }
    return SG_OK;
}

/* token becomes that of the next page, "" = there is none. */
static SG_MUST_USE enum sg_status page(const struct home *home,
                                       const struct look_options *options,
                                       char token[TOKEN_SIZE], struct sg_error *why)
{
    Segel__V1__ListKeysRequest request;
    ProtobufCMessage *reply = NULL;

    segel__v1__list_keys_request__init(&request);
    request.page_size = PAGE;
    request.page_token = sg_unconst_text(token);
    const struct gateway_ask ask = {"/segel.v1.KeyService/ListKeys", &request.base,
                                    &segel__v1__list_keys_response__descriptor};
    TRY(gateway_call(home, &ask, &reply, why));
    const Segel__V1__ListKeysResponse *got =
        (const Segel__V1__ListKeysResponse *)(const void *)reply;
    enum sg_status status = print_keys(got, options);
    (void)snprintf(token, TOKEN_SIZE, "%s", got->next_page_token);
    unpack_free(reply);
    return status;
}

static SG_MUST_USE enum sg_status
list(const struct home *home, const struct look_options *options, struct sg_error *why)
{
    char token[TOKEN_SIZE] = "";
    bool indonesian = false;

    TRY(approval_language(options->lang, &indonesian, why));
    if (!options->json) {
        key_print_head(stdout, indonesian);
    }
    do {
        TRY(page(home, options, token, why));
    } while (token[0] != '\0');
    return SG_OK;
}

static enum exit_code run_list(const struct home *home, struct words *words)
{
    struct look_options options = {.lang = "en"};
    struct sg_error why = {0};

    if (command_parse(&command_key_list, words, &options) != EXIT_WELL) {
        return EXIT_USAGE;
    }
    enum sg_status status =
        words->count == 0
            ? list(home, &options, &why)
            : sg_fail(&why, SG_INVALID,
                      "key list takes options only; 'segel key show KEY' shows one");
    return status == SG_OK ? EXIT_WELL : command_failed(status, &why);
}

const struct command command_key_list = {
    .name = "key list",
    .operands = "",
    .summary = "keys of the gateway, and where each stands in its life",
    .examples = "For officers, reviewers and operators.\n\n"
                "Examples:\n"
                "  segel key list\n"
                "  segel key list --json\n",
    .options = {rows, SG_COUNT(rows)},
    .run = run_list,
};

/* --- Show -------------------------------------------------------------------------- */

static SG_MUST_USE enum sg_status show(const struct home *home, const char *name,
                                       const struct look_options *options,
                                       struct sg_error *why)
{
    Segel__V1__GetKeyRequest request;
    ProtobufCMessage *reply = NULL;
    enum sg_status status = SG_OK;
    bool indonesian = false;

    TRY(approval_language(options->lang, &indonesian, why));
    segel__v1__get_key_request__init(&request);
    request.key = sg_unconst_text(name);
    const struct gateway_ask ask = {"/segel.v1.KeyService/GetKey", &request.base,
                                    &segel__v1__get_key_response__descriptor};
    TRY(gateway_call(home, &ask, &reply, why));
    const Segel__V1__Key *key =
        ((const Segel__V1__GetKeyResponse *)(const void *)reply)->key;
    if (key == NULL) {
        status = sg_fail(why, SG_CORRUPT, "the gateway's answer is empty");
    } else if (options->json) {
        status = print_json(key);
    } else {
        key_print(key, stdout, indonesian);
    }
    unpack_free(reply);
    return status;
}

static enum exit_code run_show(const struct home *home, struct words *words)
{
    struct look_options options = {.lang = "en"};
    struct sg_error why = {0};

    if (command_parse(&command_key_show, words, &options) != EXIT_WELL) {
        return EXIT_USAGE;
    }
    enum sg_status status =
        words->count == 1
            ? show(home, words->at[0], &options, &why)
            : sg_fail(&why, SG_INVALID,
                      "name one key: segel key show KEY; 'segel key list' shows them");
    return status == SG_OK ? EXIT_WELL : command_failed(status, &why);
}

const struct command command_key_show = {
    .name = "key show",
    .operands = "KEY",
    .summary = "all that is known of one key",
    .examples = "For officers, reviewers and operators.\n\n"
                "Examples:\n"
                "  segel key show seal-setda\n"
                "  segel key show seal-setda --json --lang id\n",
    .options = {rows, SG_COUNT(rows)},
    .run = run_show,
};
