#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/call/approval_call.h"
#include "client/call/approval_words.h"
#include "client/call/gateway_call.h"
#include "client/channel/unpack.h"
#include "client/commands/mandate/digests.h"
#include "client/console/command.h"
#include "client/console/file.h"
#include "client/console/period.h"
#include "proto/algorithm.h"
#include "proto/text.h"
#include "segel/v1/mandates.pb-c.h"

/* `segel mandate open` */
enum { LIST_MAX = 16, LIST_TEXT = 1200 };

struct open_options {
    const char *key;
    const char *caller;
    const char *class;
    const char *profile;
    const char *max;
    const char *from;
    const char *until;
    const char *approval;
    const char *digests;
    const char *hash;
    const char *reason;
    const char *request_id;
    const char *lang;
    char made[APPROVAL_ID_SIZE]; /* where none was given */
};

#define AT(field) offsetof(struct open_options, field)
static const struct option rows[] = {
    {"key", 0, "NAME", "key that signs", AT(key)},
    {"caller", 0, "NAME", "system that may ask for the signatures", AT(caller)},
    {"class", 0, "NAME,…", "classes of documents", AT(class)},
    {"profile", 0, "P,…", "kinds of signatures (default: pades-b-b)", AT(profile)},
    {"max", 0, "N", "signatures (default: one for each line of --digests)", AT(max)},
    {"from", 0, "TIME", "as 2026-05-02T08:00:00+07:00 (default: when it is approved)",
     AT(from)},
    {"until", 0, "TIME", "end; at most 31 days later", AT(until)},
    {"approval", 0, "REF", "consent of the signer that it rests on", AT(approval)},
    {"digests", 0, "FILE", "only these documents, each once: one hexadecimal hash a line",
     AT(digests)},
    {"hash", 0, "H", "of these: sha256 (default), sha384 or sha512", AT(hash)},
    {"reason", 0, "TEXT", "for the log and the approvers; no personal data", AT(reason)},
    {"request-id", 0, "ID", "your own id; the same one again is the same request",
     AT(request_id)},
    {"lang", 0, "id|en", "language of the answer (default: en)", AT(lang)},
};

/* What the request points into. */
struct opening {
    Segel__V1__OpenMandateRequest request;
    Segel__V1__MandateTerms terms;
    char *classes[LIST_MAX];
    char class_text[LIST_TEXT];
    Segel__V1__SignatureProfile profiles[LIST_MAX];
    struct mandate_digests digests; /* owned */
};

/* Parts of a list with commas. SG_INVALID: too many, or an empty one. */
static SG_MUST_USE enum sg_status split(const char *list, char text[LIST_TEXT],
                                        char *out[LIST_MAX], size_t *count,
                                        struct sg_error *why)
{
    char *rest = text;
    char *part = NULL;
    int len = snprintf(text, LIST_TEXT, "%s", list);
    bool sound = len > 0 && len < LIST_TEXT;

    *count = 0;
    while (sound && (part = strsep(&rest, ",")) != NULL) {
        sound = *count < LIST_MAX && part[0] != '\0';
        if (sound) {
            out[(*count)++] = part;
        }
    }
    return sound ? SG_OK
                 : sg_fail(why, SG_INVALID,
                           "'%.100s' is not a list: write 1 to %d names with commas",
                           list, LIST_MAX);
}

static SG_MUST_USE enum sg_status read_profiles(const char *list, struct opening *out,
                                                struct sg_error *why)
{
    char text[LIST_TEXT];
    char *names[LIST_MAX];
    size_t count = 0;

    TRY(split(list, text, names, &count, why));
    for (size_t i = 0; i < count; i++) {
        enum sg_profile profile = sg_profile_parse(names[i]);
        if (profile == SG_PROFILE_NONE) {
            return sg_fail(why, SG_INVALID,
                           "'%.60s' is not a profile: pades-b-b, pades-b-t, cades-b-b, "
                           "cades-b-t or raw",
                           names[i]);
        }
        out->profiles[i] = (Segel__V1__SignatureProfile)profile;
    }
    out->terms.profiles = out->profiles;
    out->terms.n_profiles = count;
    return SG_OK;
}

static SG_MUST_USE enum sg_status read_time(const char *text, const char *option,
                                            int64_t *out, struct sg_error *why)
{
    return text_time_parse(slice_str(text), out) == SG_OK
               ? SG_OK
               : sg_fail(why, SG_INVALID,
                         "%s '%.60s' is not a time with its zone: write "
                         "2026-05-02T08:00:00+07:00",
                         option, text);
}

static SG_MUST_USE enum sg_status read_documents(const struct open_options *options,
                                                 struct opening *out,
                                                 struct sg_error *why)
{
    enum sg_hash hash = sg_hash_parse(options->hash);
    uint64_t max = 0;

    if (hash == SG_HASH_NONE) {
        return sg_fail(why, SG_INVALID, "--hash is sha256, sha384 or sha512");
    }
    if (options->digests != NULL) {
        TRY(mandate_digests_read(options->digests, hash, &out->digests, why));
        out->terms.digests = out->digests.items;
        out->terms.n_digests = out->digests.count;
        out->terms.hash_algorithm = (Segel__V1__HashAlgorithm)hash;
        max = out->digests.count;
    }
    if (options->max != NULL &&
        text_uint(slice_str(options->max), INT64_MAX, &max) != SG_OK) {
        return sg_fail(why, SG_INVALID, "--max '%.60s' is not a number", options->max);
    }
    if (max == 0) {
        return sg_fail(why, SG_INVALID,
                       "--max is missing: how many signatures the mandate is for");
    }
    out->terms.max_signatures = max;
    return SG_OK;
}

static SG_MUST_USE enum sg_status fill(const struct open_options *options,
                                       struct opening *out, struct sg_error *why)
{
    Segel__V1__MandateTerms *terms = &out->terms;

    segel__v1__open_mandate_request__init(&out->request);
    segel__v1__mandate_terms__init(terms);
    out->request.terms = terms;
    out->request.request_id = sg_unconst_text(options->request_id);
    out->request.reason = sg_unconst_text(options->reason);
    terms->key = sg_unconst_text(options->key);
    terms->caller = sg_unconst_text(options->caller);
    terms->approval_ref = sg_unconst_text(options->approval);
    TRY(split(options->class, out->class_text, out->classes, &terms->n_document_classes,
              why));
    terms->document_classes = out->classes;
    TRY(read_profiles(options->profile, out, why));
    TRY(read_time(options->until, "--until", &terms->until_us, why));
    if (options->from != NULL) {
        TRY(read_time(options->from, "--from", &terms->from_us, why));
        TRY(period_order(terms->from_us, terms->until_us, why));
    }
    return read_documents(options, out, why);
}

static void print_id(const Segel__V1__OpenMandateResponse *got, bool indonesian)
{
    if (got->approval->state == SEGEL__V1__APPROVAL_STATE__APPROVAL_STATE_PENDING) {
        (void)printf(indonesian ? "setelah disetujui, mandat ini: %s\n"
                                : "when it is approved, the mandate is %s\n",
                     got->mandate->id);
    }
    if (got->approval->state == SEGEL__V1__APPROVAL_STATE__APPROVAL_STATE_EXECUTED) {
        (void)printf(indonesian ? "mandat ini: %s\n" : "the mandate is %s\n",
                     got->mandate->id);
    }
}

static SG_MUST_USE enum sg_status ask(const struct home *home,
                                      const struct opening *opening, bool indonesian,
                                      struct sg_error *why)
{
    ProtobufCMessage *reply = NULL;
    const struct gateway_ask call = {"/segel.v1.MandateService/OpenMandate",
                                     &opening->request.base,
                                     &segel__v1__open_mandate_response__descriptor};

    TRY(gateway_call(home, &call, &reply, why));
    const Segel__V1__OpenMandateResponse *got =
        (const Segel__V1__OpenMandateResponse *)(const void *)reply;
    if (got->approval != NULL && got->mandate != NULL) {
        approval_print(got->approval, stdout, indonesian);
        print_id(got, indonesian);
    }
    enum sg_status status = approval_stands(got->approval, indonesian, why);
    unpack_free(reply);
    return status;
}

static void free_opening(struct opening *opening)
{
    mandate_digests_free(&opening->digests);
}

static SG_MUST_USE enum sg_status open_one(const struct home *home,
                                           const struct words *words,
                                           struct open_options *options,
                                           struct sg_error *why)
{
    static const char *const needed[] = {"key",   "caller",   "class",
                                         "until", "approval", "reason"};
    AUTO(free_opening) struct opening opening = {.digests = {.count = 0}};
    bool indonesian = false;

    if (words->count != 0) {
        return sg_fail(why, SG_INVALID,
                       "mandate open takes options only: 'segel mandate open --help'");
    }
    for (size_t i = 0; i < SG_COUNT(needed); i++) {
        TRY(options_need(&command_mandate_open.options, options, needed[i], why));
    }
    TRY(approval_language(options->lang, &indonesian, why));
    if (options->request_id == NULL) {
        TRY(approval_make_id(options->made, why));
        options->request_id = options->made;
    }
    TRY(fill(options, &opening, why));
    return ask(home, &opening, indonesian, why);
}

static enum exit_code run(const struct home *home, struct words *words)
{
    struct open_options options = {
        .profile = "pades-b-b", .hash = "sha256", .lang = "en"};
    struct sg_error why = {0};

    if (command_parse(&command_mandate_open, words, &options) != EXIT_WELL) {
        return EXIT_USAGE;
    }
    enum sg_status status = open_one(home, words, &options, &why);
    return status == SG_OK ? EXIT_WELL : command_failed(status, &why);
}

const struct command command_mandate_open = {
    .name = "mandate open",
    .operands = "",
    .summary = "ask for so many signatures for one system, which other officers must "
               "approve",
    .examples =
        "For officers of the quorum file. The others read it ('segel request show')\n"
        "and sign it ('segel approve'); then the system signs with 'segel sign\n"
        "--mandate ID'. The first bound that is reached ends the mandate, and one "
        "officer\n"
        "or reviewer can do so at any time ('segel mandate revoke').\n\n"
        "Examples:\n"
        "  segel mandate open --key seal-dinas --caller e-office --class surat_tugas \\\n"
        "      --max 500 --until 2026-05-02T17:00:00+07:00 --approval ND-2026/001 \\\n"
        "      --reason \"letters of the week\"\n",
    .options = {rows, SG_COUNT(rows)},
    .run = run,
};
