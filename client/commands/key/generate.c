#include <openssl/sha.h>
#include <stdio.h>
#include <string.h>

#include "client/call/gateway_call.h"
#include "client/channel/unpack.h"
#include "client/commands/key/rite_view.h"
#include "client/console/file.h"
#include "proto/key_kind.h"
#include "proto/text.h"

/* `segel key generate NAME` */
enum { PERSONS_MAX = 16, SCRIPT_MAX = 1 << 20 };

struct generate_options {
    const char *lane;
    const char *type;
    const char *scheme;
    const char *purpose;
    const char *from;
    const char *until;
    const char *place;
    const char *participants;
    const char *witness;
    const char *script;
    const char *reason;
    struct rite_style style;
};

static const struct option rows[] = {
    {"lane", 0, "LANE", "the lane whose token makes the key ('segel token list')",
     offsetof(struct generate_options, lane)},
    {"type", 0, "TYPE", "rsa-2048, rsa-3072, rsa-4096, p-256 or p-384",
     offsetof(struct generate_options, type)},
    {"scheme", 0, "NAME", "needed for RSA: rsa-pkcs1 or rsa-pss; the key can do no other",
     offsetof(struct generate_options, scheme)},
    {"purpose", 0, "NAME", "seal (default) or signature",
     offsetof(struct generate_options, purpose)},
    {"from", 0, "YYYY-MM-DD", "first day of its use, for the token",
     offsetof(struct generate_options, from)},
    {"until", 0, "YYYY-MM-DD", "last day of its use, for the token",
     offsetof(struct generate_options, until)},
    {"place", 0, "TEXT", "where the ceremony is held",
     offsetof(struct generate_options, place)},
    {"participants", 0, "A,B",
     "who does the work, by the quorum file: two officers or more",
     offsetof(struct generate_options, participants)},
    {"witness", 0, "NAME", "the reviewer who sees to it, and has no part in the work",
     offsetof(struct generate_options, witness)},
    {"script", 0, "FILE", "the ceremony's script; its SHA-256 is recorded",
     offsetof(struct generate_options, script)},
    {"reason", 0, "TEXT", "why, for the log; no personal data",
     offsetof(struct generate_options, reason)},
    {"request-id", 0, "ID", "your own id; the same one again is the same request",
     offsetof(struct generate_options, style.request_id)},
    {"lang", 0, "id|en", "language of the answer (default: en)",
     offsetof(struct generate_options, style.lang)},
    {"json", 0, NULL, "the answer as one line of JSON",
     offsetof(struct generate_options, style.json)},
};

/* A word and the value that the gateway knows it by. */
struct word {
    const char *text;
    int value;
};

static SG_MUST_USE enum sg_status find_word(const struct word *words, size_t count,
                                            const char *text, int *value,
                                            struct sg_error *why)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(words[i].text, text) == 0) {
            *value = words[i].value;
            return SG_OK;
        }
    }
    return sg_fail(why, SG_INVALID,
                   "'%s' is none of the words that are known here: "
                   "'segel key generate --help'",
                   text);
}

/* The gateway says the same in the words of the protocol, and before anything else. */
static SG_MUST_USE enum sg_status check_scheme(const struct generate_options *options,
                                               bool rsa, struct sg_error *why)
{
    if (rsa && options->scheme == NULL) {
        return sg_fail(why, SG_INVALID,
                       "--scheme is missing: for RSA write rsa-pkcs1 or rsa-pss");
    }
    return options->scheme == NULL || rsa != (strcmp(options->scheme, "ecdsa") == 0)
               ? SG_OK
               : sg_fail(why, SG_INVALID,
                         "--scheme %s does not fit --type %s: give rsa-pkcs1 or rsa-pss "
                         "for RSA, none for p-256 and p-384",
                         options->scheme, options->type);
}

static SG_MUST_USE enum sg_status read_kind(const struct generate_options *options,
                                            Segel__V1__GenerateKeyRequest *out,
                                            struct sg_error *why)
{
    static const struct word types[] = {
#define KEY_KIND(type, rsa, name) {name, SEGEL__V1__KEY_TYPE__KEY_TYPE_##type},
#include "proto/key_kind.def"
#undef KEY_KIND
    };
    static const struct word schemes[] = {
        {"rsa-pkcs1", SEGEL__V1__SIGNATURE_ALGORITHM__SIGNATURE_ALGORITHM_RSA_PKCS1},
        {"rsa-pss", SEGEL__V1__SIGNATURE_ALGORITHM__SIGNATURE_ALGORITHM_RSA_PSS},
        {"ecdsa", SEGEL__V1__SIGNATURE_ALGORITHM__SIGNATURE_ALGORITHM_ECDSA}};
    static const struct word purposes[] = {
        {"seal", SEGEL__V1__KEY_PURPOSE__KEY_PURPOSE_SEAL},
        {"signature", SEGEL__V1__KEY_PURPOSE__KEY_PURPOSE_SIGNATURE}};
    int type = 0;
    int scheme = 0;
    int purpose = 0;

    TRY(find_word(types, SG_COUNT(types), options->type, &type, why));
    TRY(find_word(purposes, SG_COUNT(purposes), options->purpose, &purpose, why));
    if (options->scheme != NULL) {
        TRY(find_word(schemes, SG_COUNT(schemes), options->scheme, &scheme, why));
    }
    TRY(check_scheme(options, key_kind_is_rsa((Segel__V1__KeyType)type), why));
    out->type = (Segel__V1__KeyType)type;
    out->purpose = (Segel__V1__KeyPurpose)purpose;
    out->signature_algorithm = (Segel__V1__SignatureAlgorithm)scheme;
    return SG_OK;
}

static SG_MUST_USE enum sg_status read_day(const char *text, int64_t *unix_us,
                                           struct sg_error *why)
{
    char moment[32];

    *unix_us = 0;
    if (text == NULL) {
        return SG_OK;
    }
    (void)snprintf(moment, sizeof(moment), "%.10sT00:00:00Z", text);
    return strlen(text) == 10 && text_time_parse(slice_str(moment), unix_us) == SG_OK
               ? SG_OK
               : sg_fail(why, SG_INVALID, "'%s' is not a day of the form YYYY-MM-DD",
                         text);
}

static SG_MUST_USE enum sg_status hash_script(const char *path, uint8_t hash[32],
                                              struct sg_error *why)
{
    AUTO(file_free) struct file_bytes bytes = {0};

    TRY(file_read(path, SCRIPT_MAX, &bytes, why));
    (void)SHA256(bytes.data, bytes.len, hash);
    return SG_OK;
}

/* What the request's message borrows from. */
struct room {
    char list[1024];
    char *persons[PERSONS_MAX];
    uint8_t hash[32];
};

static SG_MUST_USE enum sg_status fill(const struct generate_options *options,
                                       struct room *room,
                                       Segel__V1__GenerateKeyRequest *out,
                                       struct sg_error *why)
{
    TRY(read_kind(options, out, why));
    TRY(read_day(options->from, &out->valid_from_us, why));
    TRY(read_day(options->until, &out->valid_until_us, why));
    TRY(hash_script(options->script, room->hash, why));
    (void)snprintf(room->list, sizeof(room->list), "%s", options->participants);
    out->participants = room->persons;
    TRY(rite_names(room->list, room->persons, PERSONS_MAX, &out->n_participants, why));
    out->script_sha256.data = room->hash;
    out->script_sha256.len = sizeof(room->hash);
    out->request_id = sg_unconst_text(options->style.request_id);
    out->lane = sg_unconst_text(options->lane);
    out->place = sg_unconst_text(options->place);
    out->witness = sg_unconst_text(options->witness);
    out->reason = sg_unconst_text(options->reason);
    return SG_OK;
}

static SG_MUST_USE enum sg_status ask(const struct home *home, const char *name,
                                      const struct generate_options *options,
                                      struct sg_error *why)
{
    Segel__V1__GenerateKeyRequest request;
    ProtobufCMessage *reply = NULL;
    struct room room;

    segel__v1__generate_key_request__init(&request);
    request.key = sg_unconst_text(name);
    TRY(fill(options, &room, &request, why));
    const struct gateway_ask call = {"/segel.v1.KeyService/GenerateKey", &request.base,
                                     &segel__v1__generate_key_response__descriptor};
    TRY(gateway_call(home, &call, &reply, why));
    const Segel__V1__GenerateKeyResponse *response =
        (const Segel__V1__GenerateKeyResponse *)(const void *)reply;
    enum sg_status status =
        rite_print(response->approval, response->key, &options->style, why);
    unpack_free(reply);
    return status;
}

static SG_MUST_USE enum sg_status generate(const struct home *home,
                                           const struct words *words,
                                           struct generate_options *options,
                                           struct sg_error *why)
{
    static const char *const needed[] = {"lane",    "type",   "place", "participants",
                                         "witness", "script", "reason"};

    if (words->count != 1) {
        return sg_fail(why, SG_INVALID,
                       "name one key of the gateway's configuration: segel key generate "
                       "NAME …");
    }
    for (size_t i = 0; i < SG_COUNT(needed); i++) {
        TRY(options_need(&command_key_generate.options, options, needed[i], why));
    }
    TRY(rite_begin(&options->style, why));
    return ask(home, words->at[0], options, why);
}

static enum exit_code run(const struct home *home, struct words *words)
{
    struct generate_options options = {.purpose = "seal", .style = {.lang = "en"}};
    struct sg_error why = {0};

    if (command_parse(&command_key_generate, words, &options) != EXIT_WELL) {
        return EXIT_USAGE;
    }
    enum sg_status status = generate(home, words, &options, &why);
    return status == SG_OK ? EXIT_WELL : command_failed(status, &why);
}

const struct command command_key_generate = {
    .name = "key generate",
    .operands = "NAME",
    .summary = "ask for a new key on a token, which other officers must approve",
    .examples =
        "For officers. NAME stands in the gateway's configuration (keys:) without id "
        "and\n"
        "certificate. With the last signature ('segel approve') the ceremony begins: "
        "the\n"
        "lanes of the token rest, the key is made, read back and tried.\n\n"
        "Examples:\n"
        "  segel key generate seal-2027 --lane lane0 --type rsa-3072 --scheme rsa-pss "
        "\\\n"
        "    --place \"server room\" --participants budi,citra --witness dewi \\\n"
        "    --script ceremony.txt --reason \"the old seal ends in May\"\n",
    .options = {rows, SG_COUNT(rows)},
    .run = run,
};
