#include <stdio.h>
#include <string.h>

#include "client/call/approval_call.h"
#include "client/call/gateway_call.h"
#include "client/channel/unpack.h"
#include "client/commands/ceremony/minutes_kept.h"
#include "client/console/command.h"
#include "client/console/screen.h"
#include "proto/text.h"

/* `segel ceremony minutes` and `segel ceremony keep FILE` */
struct minutes_options {
    const char *lang;
    bool raw;
    bool json;
};

#define AT(member) offsetof(struct minutes_options, member)
/* The last is of both. */
static const struct option rows[] = {
    {"raw", 0, NULL, "the signed note itself, byte for byte", AT(raw)},
    {"json", 0, NULL, "one JSON object a line, for machines", AT(json)},
    {"lang", 0, "id|en", "language of the answer (default: en)", AT(lang)},
};

/* --- The list ---------------------------------------------------------------------- */

static void print_head(const Segel__V1__MinutesHead *head, bool indonesian)
{
    char when[TEXT_TIME_SIZE];

    text_time_s(head->since_us, when);
    screen_cell(stdout, head->id, 30);
    screen_cell(stdout, head->ceremony, 24);
    (void)printf("%s  ", when);
    if (head->missing == 0) {
        (void)puts(indonesian ? "lengkap" : "complete");
    } else {
        (void)printf(indonesian ? "%u belum menandatangani\n" : "%u must still sign\n",
                     head->missing);
    }
}

static void print_json(const Segel__V1__MinutesHead *head)
{
    char sha256[2 * 32 + 1] = "";
    char when[TEXT_TIME_SIZE];

    if (head->text_sha256.len == 32) {
        text_hex(slice_of(head->text_sha256.data, 32), sha256);
    }
    text_time_s(head->since_us, when);
    (void)printf("{\"id\":\"%s\",\"ceremony\":\"%s\",\"since\":\"%s\",\"missing\":%u,"
                 "\"text_sha256\":\"%s\"}\n",
                 head->id, head->ceremony, when, head->missing, sha256);
}

/* Names only: nothing that a terminal or a reader of JSON would take for more. */
static bool sound(const Segel__V1__MinutesHead *head)
{
    return text_name(slice_str(head->id)) && text_name(slice_str(head->ceremony));
}

static void print_one(const Segel__V1__MinutesHead *head,
                      const struct minutes_options *options)
{
    if (sound(head) && options->json) {
        print_json(head);
    } else if (sound(head)) {
        print_head(head, strcmp(options->lang, "id") == 0);
    }
}

static SG_MUST_USE enum sg_status page(const struct home *home,
                                       const struct minutes_options *options,
                                       char token[64], struct sg_error *why)
{
    Segel__V1__ListMinutesRequest request;
    ProtobufCMessage *reply = NULL;

    segel__v1__list_minutes_request__init(&request);
    request.page_token = token;
    const struct gateway_ask ask = {"/segel.v1.KeyService/ListMinutes", &request.base,
                                    &segel__v1__list_minutes_response__descriptor};
    TRY(gateway_call(home, &ask, &reply, why));
    const Segel__V1__ListMinutesResponse *got =
        (const Segel__V1__ListMinutesResponse *)(const void *)reply;
    for (size_t i = 0; i < got->n_minutes; i++) {
        print_one(got->minutes[i], options);
    }
    (void)snprintf(token, 64, "%s", got->next_page_token);
    unpack_free(reply);
    return SG_OK;
}

static enum sg_status list(const struct home *home, const struct minutes_options *options,
                           struct sg_error *why)
{
    char token[64] = "";

    do {
        TRY(page(home, options, token, why));
    } while (token[0] != '\0');
    return SG_OK;
}

/* --- One --------------------------------------------------------------------------- */

static enum sg_status show(const struct home *home, const char *id,
                           const struct minutes_options *options, struct sg_error *why)
{
    AUTO(minutes_file_free) struct minutes_file file = {.signatures = 0};

    TRY(minutes_kept_fetch(home, id, &file, why));
    if (options->raw) {
        (void)fwrite(file.bytes.data, 1, file.bytes.len, stdout);
    } else {
        minutes_file_print(slice_of(file.bytes.data, file.bytes.len), stdout);
    }
    return SG_OK;
}

static enum exit_code run(const struct home *home, struct words *words)
{
    struct minutes_options options = {.lang = "en"};
    struct sg_error why = {0};
    bool indonesian = false;

    if (command_parse(&command_ceremony_minutes, words, &options) != EXIT_WELL) {
        return EXIT_USAGE;
    }
    enum sg_status status = approval_language(options.lang, &indonesian, &why);
    if (status == SG_OK && words->count > 1) {
        status = sg_fail(&why, SG_INVALID, "name one: segel ceremony minutes ID");
    }
    if (status == SG_OK) {
        status = words->count == 0 ? list(home, &options, &why)
                                   : show(home, words->at[0], &options, &why);
    }
    return status == SG_OK ? EXIT_WELL : command_failed(status, &why);
}

const struct command command_ceremony_minutes = {
    .name = "ceremony minutes",
    .operands = "[ID]",
    .summary = "minutes that the gateway keeps: all of them, or one",
    .examples =
        "Without ID one line each: id, ceremony, since when, and who is missing. With ID "
        "the\n"
        "minutes with their signatures; --raw writes what 'segel ceremony verify' "
        "reads.\n\n"
        "Examples:\n"
        "  segel ceremony minutes --lang id\n"
        "  segel ceremony minutes c-01J9ZC8K3TQ4 --raw >seal-2027.minutes\n",
    .options = {rows, SG_COUNT(rows)},
    .run = run,
};

/* --- keep -------------------------------------------------------------------------- */

static enum sg_status hand_in(const struct home *home, const char *path, bool indonesian,
                              struct sg_error *why)
{
    AUTO(minutes_file_free) struct minutes_file file = {.signatures = 0};
    size_t missing = 0;

    TRY(minutes_file_load(path, &file, why));
    TRY(minutes_kept_hand_in(home, &file, &missing, why));
    minutes_kept_tell(missing, indonesian);
    return SG_OK;
}

static enum exit_code run_keep(const struct home *home, struct words *words)
{
    struct minutes_options options = {.lang = "en"};
    struct sg_error why = {0};
    bool indonesian = false;

    if (command_parse(&command_ceremony_keep, words, &options) != EXIT_WELL) {
        return EXIT_USAGE;
    }
    enum sg_status status = approval_language(options.lang, &indonesian, &why);
    if (status == SG_OK) {
        status =
            words->count == 1
                ? hand_in(home, words->at[0], indonesian, &why)
                : sg_fail(&why, SG_INVALID, "name one file: segel ceremony keep MINUTES");
    }
    return status == SG_OK ? EXIT_WELL : command_failed(status, &why);
}

const struct command command_ceremony_keep = {
    .name = "ceremony keep",
    .operands = "MINUTES",
    .summary = "have the gateway keep minutes that stand in a file",
    .examples =
        "Hands in the signatures of the file; those that the gateway has change "
        "nothing.\n"
        "'segel ceremony sign' does it by itself where the gateway is reached.\n\n"
        "Examples:\n"
        "  segel ceremony keep seal-2027.minutes\n",
    .options = {rows + 2, 1},
    .run = run_keep,
};
