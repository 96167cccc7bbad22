#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>

#include "client/call/approval_words.h"
#include "client/channel/unpack.h"
#include "client/commands/policy/preview.h"
#include "client/console/file.h"
#include "client/console/screen.h"
#include "proto/text.h"
#include "segel/v1/policy.pb-c.h"

/* `segel policy load FILE` */
enum { PATIENCE_MS = 60000, ID_BYTES = 8, POLICY_MAX = 1 << 20 };

struct load_options {
    struct policy_options common; /* first */
    const char *reason;
    const char *request_id;
    bool yes;
};

static const struct option rows[] = {
    {"yes", 'y', NULL, "do not ask before the gateway is told",
     offsetof(struct load_options, yes)},
    {"reason", 0, "TEXT", "what changed and why, for the log; no personal data",
     offsetof(struct load_options, reason)},
    {"request-id", 0, "ID", "your own id for this request",
     offsetof(struct load_options, request_id)},
    {"json", 0, NULL,
     "one JSON object a difference and a decision that would change, then the sums "
     "of those, then what came of it",
     offsetof(struct load_options, common.json)},
    {"lang", 0, "id|en", "language of the answer (default: en)",
     offsetof(struct load_options, common.lang)},
};

/* What one run holds. */
struct loading {
    struct load_options *options;
    struct channel *channel;  /* owned */
    struct file_bytes bytes;  /* owned: what is checked is what is sent */
    struct policy *wanted;    /* owned */
    ProtobufCMessage *answer; /* owned: a LoadPolicyResponse */
};

static void fini(struct loading *all)
{
    unpack_free(all->answer);
    policy_free(all->wanted);
    file_free(&all->bytes);
    channel_close(all->channel);
}

/* --- Before ------------------------------------------------------------------------ */

static SG_MUST_USE enum sg_status read_wanted(struct loading *all, const char *path,
                                              struct sg_error *why)
{
    TRY(file_read(path, POLICY_MAX, &all->bytes, why));
    return policy_parse(slice_of(all->bytes.data, all->bytes.len), path, &all->wanted,
                        why);
}

static bool agreed(const struct load_options *options)
{
    char answer[16] = "";

    if (options->yes) {
        return true;
    }
    (void)fprintf(stderr, "%s",
                  policy_say(&options->common, "Ajukan kebijakan ini? [y/t] ",
                             "Ask the gateway for this policy? [y/n] "));
    (void)fflush(stdout);
    return fgets(answer, sizeof(answer), stdin) != NULL &&
           (answer[0] == 'y' || answer[0] == 'Y');
}

/* --- The request ------------------------------------------------------------------- */

static SG_MUST_USE enum sg_status send_wanted(struct loading *all, struct sg_error *why)
{
    const struct load_options *options = all->options;
    Segel__V1__LoadPolicyRequest request;

    segel__v1__load_policy_request__init(&request);
    request.request_id = sg_unconst_text(options->request_id);
    request.reason = sg_unconst_text(options->reason);
    request.text.data = all->bytes.data;
    request.text.len = all->bytes.len;
    const struct unary unary = {.path = "/segel.v1.PolicyService/LoadPolicy",
                                .timeout_ms = PATIENCE_MS,
                                .request = &request.base,
                                .reply_type =
                                    &segel__v1__load_policy_response__descriptor};
    return channel_unary(all->channel, &unary, &all->answer, NULL, why);
}

/* --- What came of it --------------------------------------------------------------- */

/* Two persons send the same bytes; the first of them stands first among the votes. With a
 * quorum file who asks is none of those who agree. */
static bool by_second_person(const Segel__V1__Approval *approval)
{
    return approval->n_votes > 0 &&
           strcmp(approval->votes[0]->person, approval->requester) == 0;
}

/* The officers who asked so far need a reviewer beside them. */
static bool lacks_reviewer(const Segel__V1__Approval *approval)
{
    for (size_t i = 0; i < approval->n_votes; i++) {
        if (strcmp(approval->votes[i]->role, "reviewer") == 0) {
            return false;
        }
    }
    return true;
}

static const char *missing(const struct policy_options *options,
                           const Segel__V1__Approval *approval)
{
    if (!by_second_person(approval)) {
        return policy_say(options, "tanda tangan orang lain", "signatures of others");
    }
    return lacks_reviewer(approval)
               ? policy_say(options, "orang kedua, seorang reviewer",
                            "a second person, a reviewer")
               : policy_say(options, "orang kedua, seorang officer atau reviewer",
                            "a second person, an officer or reviewer");
}

static bool is_executed(const Segel__V1__Approval *approval)
{
    return approval->state == SEGEL__V1__APPROVAL_STATE__APPROVAL_STATE_EXECUTED;
}

static bool is_waiting(const Segel__V1__Approval *approval)
{
    return approval->state == SEGEL__V1__APPROVAL_STATE__APPROVAL_STATE_PENDING;
}

static enum exit_code print_over(const struct policy_options *options,
                                 const Segel__V1__Approval *approval)
{
    bool indonesian = strcmp(options->lang, "id") == 0;
    struct sg_error why = {0};

    approval_print(approval, stdout, indonesian);
    return command_failed(approval_stands(approval, indonesian, &why), &why);
}

static void print_answer(const struct loading *all, const Segel__V1__Approval *approval)
{
    const struct policy_options *options = &all->options->common;
    const struct policy_info *info = policy_info(all->wanted);
    char until[TEXT_TIME_SIZE];

    screen_text(stdout, info->id);
    (void)printf(" %s %lld ", policy_say(options, "versi", "version"),
                 (long long)info->version);
    if (is_executed(approval)) {
        (void)printf("%s\n", policy_say(options, "berlaku", "is in force"));
    } else {
        text_time_s(approval->not_after_us, until);
        (void)printf("%s %s, %s %s\n", policy_say(options, "menunggu", "waits for"),
                     missing(options, approval), policy_say(options, "sampai", "until"),
                     until);
    }
    if (!is_executed(approval) && !by_second_person(approval)) {
        (void)printf("%s: segel request show %s; segel approve %s (%u)\n",
                     policy_say(options, "mereka berkata", "they say"), approval->id,
                     approval->id, approval->approvals_required);
    }
    if (approval->log != NULL) {
        (void)printf("%s %llu\n",
                     policy_say(options, "tercatat pada log sebagai nomor",
                                "the log holds it as record"),
                     (unsigned long long)approval->log->index);
    }
}

static enum exit_code print_answer_json(const struct loading *all,
                                        const Segel__V1__Approval *approval)
{
    const struct policy_info *info = policy_info(all->wanted);
    char hash[65];
    char until[TEXT_TIME_SIZE] = "";
    bool executed = is_executed(approval);
    bool waits = is_waiting(approval);

    text_hex(slice_of(info->sha256, sizeof(info->sha256)), hash);
    text_time_s(approval->not_after_us, until);
    json_t *value =
        json_pack("{s:s, s:I, s:s, s:s, s:s*, s:s*}", "id", info->id, "version",
                  (json_int_t)info->version, "sha256", hash, "state",
                  executed ? "in_force" : approval_state_name(approval->state), "missing",
                  waits ? missing(&all->options->common, approval) : NULL, "until",
                  waits ? until : NULL);
    if (!executed) {
        (void)json_object_set_new(value, "request", json_string(approval->id));
    }
    if (approval->log != NULL) {
        (void)json_object_set_new(value, "log_index",
                                  json_integer((json_int_t)approval->log->index));
    }
    enum exit_code code = policy_print_json(value);
    return code == EXIT_WELL && !executed && !waits ? EXIT_REFUSED : code;
}

static enum exit_code tell(const struct loading *all)
{
    const Segel__V1__LoadPolicyResponse *response =
        (const Segel__V1__LoadPolicyResponse *)(const void *)all->answer;

    if (response->approval == NULL) {
        screen_complain("the gateway's answer lacks what became of the request");
        return EXIT_BROKEN;
    }
    if (all->options->common.json) {
        return print_answer_json(all, response->approval);
    }
    if (!is_executed(response->approval) && !is_waiting(response->approval)) {
        return print_over(&all->options->common, response->approval);
    }
    print_answer(all, response->approval);
    return EXIT_WELL;
}

/* --- The command ------------------------------------------------------------------- */

static enum exit_code load(const struct home *home, const char *path,
                           struct load_options *options)
{
    AUTO(fini) struct loading all = {.options = options};
    struct sg_error why = {0};
    enum sg_status status = read_wanted(&all, path, &why);

    if (status == SG_INVALID) {
        screen_complain(why.text);
        return EXIT_REFUSED;
    }
    if (status == SG_OK) {
        status = home_connect(home, &all.channel, &why);
    }
    if (status == SG_OK) {
        const struct policy_preview preview = {&options->common, all.channel, all.wanted};
        status = policy_preview(&preview, &why);
    }
    if (status != SG_OK) {
        return command_failed(status, &why);
    }
    if (!agreed(options)) {
        screen_complain(policy_say(&options->common, "tidak ada yang diajukan",
                                   "nothing was asked for"));
        return EXIT_REFUSED;
    }
    status = send_wanted(&all, &why);
    return status == SG_OK ? tell(&all) : command_failed(status, &why);
}

static enum exit_code run(const struct home *home, struct words *words)
{
    struct load_options options = {.common = {.lang = "en"},
                                   .reason = "no reason was given"};
    uint8_t bytes[ID_BYTES];
    char id[2 * ID_BYTES + 1];

    if (policy_usage(&command_policy_load, words, 1, 1, &options.common) != EXIT_WELL) {
        return EXIT_USAGE;
    }
    if (!options.yes && !screen_is_terminal(stdin)) {
        screen_complain("nobody can be asked here; say --yes to send the policy");
        return EXIT_USAGE;
    }
    if (RAND_bytes(bytes, sizeof(bytes)) != 1) {
        screen_complain("this machine gives no random numbers");
        return EXIT_BROKEN;
    }
    text_hex(slice_of(bytes, sizeof(bytes)), id);
    options.request_id = options.request_id == NULL ? id : options.request_id;
    return load(home, words->at[0], &options);
}

const struct command command_policy_load = {
    .name = "policy load",
    .operands = "FILE",
    .summary = "ask for another policy; others have to agree",
    .examples =
        "For officers and reviewers. The file is checked and its tests are run here\n"
        "first; then what it changes against the policy in force is shown, and to\n"
        "reviewers what it would have made of the last 1000 decisions. It comes in\n"
        "force when the persons of the quorum file have signed for it ('segel "
        "approve');\n"
        "without such a file when two persons have sent the same bytes, one of them a\n"
        "reviewer, within 30 minutes. Its version has to be above the one in force. "
        "Exit\n"
        "code 0: it is in force, or waits; 1: the file or the gateway refuses, or the\n"
        "request of that id is over.\n\n"
        "Examples:\n"
        "  segel policy load policy.yaml --reason \"new class surat_edaran\"\n"
        "  segel policy load --yes --json policy.yaml\n",
    .options = {rows, SG_COUNT(rows)},
    .run = run,
};
