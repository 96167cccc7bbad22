#include <stdlib.h>
#include <string.h>

#include "client/channel/unpack.h"
#include "client/commands/policy/common.h"
#include "client/commands/policy/info_view.h"
#include "client/console/screen.h"
#include "proto/text.h"
#include "proto/tlog/merkle.h"

/* `segel policy show [SHA256]`: the policy in force, or one that was, with what the log
 * says of how it came. */
enum { PATIENCE_MS = 60000, WORD_WIDTH = 16, HASH_SIZE = 32 };

struct show_options {
    struct policy_options common; /* first */
    bool text;
    bool note;
};

static const struct option rows[] = {
    {"text", 0, NULL, "only the file itself, when it is the one of that SHA-256",
     offsetof(struct show_options, text)},
    {"note", 0, NULL, "only what persons signed, a signed note, to be checked",
     offsetof(struct show_options, note)},
    {"json", 0, NULL, "one JSON object", offsetof(struct show_options, common.json)},
    {"lang", 0, "id|en", "language of the answer (default: en)",
     offsetof(struct show_options, common.lang)},
};

/* --- Words ------------------------------------------------------------------------- */

static void line(const char *word, const char *text)
{
    if (text[0] != '\0') {
        screen_cell(stdout, word, WORD_WIDTH);
        screen_text(stdout, text);
        (void)printf("\n");
    }
}

static void span(const struct policy_options *options, const char *word, int64_t from_us,
                 int64_t until_us)
{
    char from[TEXT_TIME_SIZE];
    char until[TEXT_TIME_SIZE];
    char text[2 * TEXT_TIME_SIZE + 16] = "";

    if (from_us > 0 && until_us > 0) {
        (void)snprintf(text, sizeof(text), "%s %s %s", info_view_moment(from_us, from),
                       policy_say(options, "sampai", "until"),
                       info_view_moment(until_us, until));
    } else if (until_us > 0) {
        (void)snprintf(text, sizeof(text), "%s %s",
                       policy_say(options, "sampai", "until"),
                       info_view_moment(until_us, until));
    } else if (from_us > 0) {
        (void)snprintf(text, sizeof(text), "%s %s", policy_say(options, "sejak", "since"),
                       info_view_moment(from_us, from));
    }
    line(word, text);
}

/* How it came in force. */
static const char *way(const struct policy_options *options, const char *source)
{
    static const struct {
        const char *source;
        const char *indonesian;
        const char *english;
    } ways[] = {
        {"officers", "oleh beberapa orang, melalui gateway",
         "by persons, through the gateway"},
        {"start", "dari berkas gateway, saat mulai",
         "from the gateway's file, at a start"},
        {"reload", "dari berkas gateway, tanpa mulai ulang",
         "from the gateway's file, without a restart"},
    };

    for (size_t i = 0; i < SG_COUNT(ways); i++) {
        if (strcmp(source, ways[i].source) == 0) {
            return policy_say(options, ways[i].indonesian, ways[i].english);
        }
    }
    return source;
}

/* --- Answers ----------------------------------------------------------------------- */

static void print_origin(const struct policy_options *options,
                         const Segel__V1__GetPolicyResponse *got)
{
    const Segel__V1__PolicyInfo *info = got->info;
    char place[32] = "";

    if (info->in_force_from_us == 0 && info->in_force_until_us == 0) {
        line(policy_say(options, "berlaku", "in force"),
             policy_say(options, "sejak kapan tidak diketahui: catatannya tidak ada lagi",
                        "since when is not known: its record is not there"));
    }
    span(options, policy_say(options, "berlaku", "in force"), info->in_force_from_us,
         info->in_force_until_us);
    line(policy_say(options, "cara", "came"), way(options, info->source));
    line(policy_say(options, "diminta oleh", "asked for by"), info->requester);
    line(policy_say(options, "disetujui oleh", "approved by"), info->approvers);
    line(policy_say(options, "permintaan", "request"), info->approval);
    if (got->log != NULL) {
        (void)snprintf(place, sizeof(place), "%llu", (unsigned long long)got->log->index);
    }
    line(policy_say(options, "nomor catatan", "log record"), place);
}

static void print(const struct policy_options *options,
                  const Segel__V1__GetPolicyResponse *got, const char *sha256)
{
    const Segel__V1__PolicyInfo *info = got->info;
    char text[TEXT_TIME_SIZE];

    screen_text(stdout, info->id);
    (void)printf(" %s %llu", policy_say(options, "versi", "version"),
                 (unsigned long long)info->version);
    if (got->not_loaded[0] == '\0') {
        (void)printf(", %s, %u %s",
                     info->production ? policy_say(options, "produksi", "production")
                                      : policy_say(options, "uji coba", "test"),
                     info->rules, policy_say(options, "aturan", "rules"));
    }
    (void)printf("\n");
    line("SHA-256", sha256);
    print_origin(options, got);
    line(policy_say(options, "tidak dimuat", "does not load"), got->not_loaded);
    line(policy_say(options, "tanggal berlaku", "effective"),
         info_view_moment(info->effective_us, text));
    line(policy_say(options, "tinjau sebelum", "review by"),
         info_view_moment(info->review_by_us, text));
    line(policy_say(options, "perjanjian", "agreement"), info->agreement_no);
    span(options, "", info->agreement_from_us, info->agreement_until_us);
}

static enum exit_code print_json(const Segel__V1__GetPolicyResponse *got,
                                 const char *sha256)
{
    const Segel__V1__PolicyInfo *info = got->info;
    json_t *value = info_view_json(info, sha256);

    if (got->not_loaded[0] == '\0') {
        (void)json_object_set_new(value, "production", json_boolean(info->production));
        (void)json_object_set_new(value, "rules", json_integer((json_int_t)info->rules));
    } else {
        (void)json_object_set_new(value, "not_loaded", json_string(got->not_loaded));
    }
    if (got->log != NULL) {
        (void)json_object_set_new(value, "log_index",
                                  json_integer((json_int_t)got->log->index));
    }
    return policy_print_json(value);
}

/* For a file or another program. */
static enum exit_code print_bytes(const ProtobufCBinaryData *bytes)
{
    (void)fwrite(bytes->data, 1, bytes->len, stdout);
    return EXIT_WELL;
}

static enum exit_code give_text(const Segel__V1__GetPolicyResponse *got)
{
    struct tlog_hash hash = tlog_sha256(slice_of(got->text.data, got->text.len));

    if (memcmp(hash.bytes, got->info->sha256.data, HASH_SIZE) != 0) {
        screen_complain("the gateway sent another policy than it says it is");
        return EXIT_BROKEN;
    }
    return print_bytes(&got->text);
}

static enum exit_code give_note(const struct policy_options *options,
                                const Segel__V1__GetPolicyResponse *got)
{
    if (got->note.len == 0) {
        screen_complain(policy_say(options, "tidak ada yang ditandatangani untuknya",
                                   "nobody signed anything for it"));
        return EXIT_REFUSED;
    }
    return print_bytes(&got->note);
}

static enum exit_code tell(const struct show_options *options,
                           const Segel__V1__GetPolicyResponse *got)
{
    char sha256[2 * HASH_SIZE + 1];

    if (got->info == NULL || got->info->sha256.len != HASH_SIZE) {
        screen_complain("the gateway's answer does not say which policy it is");
        return EXIT_BROKEN;
    }
    text_hex(slice_of(got->info->sha256.data, HASH_SIZE), sha256);
    if (options->text) {
        return give_text(got);
    }
    if (options->note) {
        return give_note(&options->common, got);
    }
    if (options->common.json) {
        return print_json(got, sha256);
    }
    print(&options->common, got, sha256);
    return EXIT_WELL;
}

/* --- The command ------------------------------------------------------------------- */

/* As logs and reports write it, with or without "sha256:". */
static SG_MUST_USE enum sg_status read_hash(const char *text, uint8_t out[HASH_SIZE],
                                            struct sg_error *why)
{
    static const char prefix[] = "sha256:";
    size_t len = 0;

    if (strncmp(text, prefix, strlen(prefix)) == 0) {
        text += strlen(prefix);
    }
    if (text_unhex(slice_str(text), out, HASH_SIZE, &len) != SG_OK || len != HASH_SIZE) {
        return sg_fail(why, SG_INVALID,
                       "the SHA-256 of a policy has 64 hexadecimal digits: records of "
                       "the log name it as policy_rev");
    }
    return SG_OK;
}

static SG_MUST_USE enum sg_status ask(const struct home *home, const struct words *words,
                                      const struct show_options *options,
                                      ProtobufCMessage **reply, struct sg_error *why)
{
    Segel__V1__GetPolicyRequest request;
    struct channel *channel = NULL;
    uint8_t hash[HASH_SIZE];

    segel__v1__get_policy_request__init(&request);
    request.language = sg_unconst_text(options->common.lang);
    request.with_text = options->text;
    if (words->count == 1) {
        TRY(read_hash(words->at[0], hash, why));
        request.sha256 = (ProtobufCBinaryData){sizeof(hash), hash};
    }
    TRY(home_connect(home, &channel, why));
    const struct unary unary = {.path = "/segel.v1.PolicyService/GetPolicy",
                                .timeout_ms = PATIENCE_MS,
                                .request = &request.base,
                                .reply_type =
                                    &segel__v1__get_policy_response__descriptor};
    enum sg_status status = channel_unary(channel, &unary, reply, NULL, why);
    channel_close(channel);
    return status;
}

static enum exit_code run(const struct home *home, struct words *words)
{
    struct show_options options = {.common = {.lang = "en"}};
    ProtobufCMessage *reply = NULL;
    struct sg_error why = {0};

    if (policy_usage(&command_policy_show, words, 0, 1, &options.common) != EXIT_WELL) {
        return EXIT_USAGE;
    }
    enum sg_status status = ask(home, words, &options, &reply, &why);
    if (status != SG_OK) {
        return command_failed(status, &why);
    }
    enum exit_code code =
        tell(&options, (const Segel__V1__GetPolicyResponse *)(const void *)reply);
    unpack_free(reply);
    return code;
}

const struct command command_policy_show = {
    .name = "policy show",
    .operands = "[SHA256]",
    .summary = "the policy in force, or an earlier one: since when, by whom",
    .examples =
        "For officers, reviewers and operators. Without SHA256 the policy in force; a\n"
        "record of the log names the one that it was decided by as policy_rev. Since\n"
        "when it is in force and who brought it there is as its record policy.load\n"
        "says; where officers had signed for it 'segel request show' shows the "
        "request.\n\n"
        "Examples:\n"
        "  segel policy show\n"
        "  segel policy show --text >in-force.yaml\n"
        "  segel policy diff in-force.yaml proposed.yaml\n"
        "  segel policy show --note >grant.note\n",
    .options = {rows, SG_COUNT(rows)},
    .run = run,
};
