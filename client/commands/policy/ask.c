#include "client/commands/policy/ask.h"

#include "client/channel/channel.h"
#include "client/channel/unpack.h"
#include "client/commands/policy/job_file.h"
#include "client/commands/policy/rule_view.h"
#include "client/console/screen.h"
#include "proto/text.h"

enum { PATIENCE_MS = 10000 };

static void free_job(struct job_file **job)
{
    job_file_free(*job);
}

static bool allows(const Segel__V1__ExplainResponse *answer)
{
    return answer->decision == SEGEL__V1__DECISION__DECISION_ALLOW;
}

static const char *sentence_of(const Segel__V1__ExplainResponse *answer)
{
    return answer->status == NULL ? "" : answer->status->message;
}

static void print(const struct policy_options *options,
                  const Segel__V1__ExplainResponse *answer)
{
    for (size_t i = 0; i < answer->n_rules; i++) {
        const struct rule_view view = rule_view_of_answer(answer->rules[i]);
        rule_view_print(options, &view);
    }
    if (sentence_of(answer)[0] != '\0') {
        screen_text(stdout, sentence_of(answer));
        (void)putchar('\n');
    }
    rule_view_print_decision(options, allows(answer));
}

static json_t *json_of(const Segel__V1__ExplainResponse *answer)
{
    json_t *rules = json_array();
    char sha256[2 * 32 + 1] = "";

    for (size_t i = 0; i < answer->n_rules; i++) {
        const struct rule_view view = rule_view_of_answer(answer->rules[i]);
        (void)json_array_append_new(rules, rule_view_json(&view));
    }
    if (answer->policy_sha256.len == 32) {
        text_hex(slice_of(answer->policy_sha256.data, 32), sha256);
    }
    json_int_t index = answer->log == NULL ? -1 : (json_int_t)answer->log->index;
    return json_pack("{s:s, s:s, s:o, s:s, s:s, s:I}", "decision",
                     allows(answer) ? "allow" : "deny", "why", sentence_of(answer),
                     "rules", rules, "policy", answer->policy_id, "policy_sha256", sha256,
                     "log_index", index);
}

static enum sg_status ask(const struct home *home, const struct policy_options *options,
                          ProtobufCMessage **reply, struct sg_error *why)
{
    AUTO(channel_end) struct channel *channel = NULL;
    AUTO(free_job) struct job_file *job = NULL;

    enum sg_status loaded = job_file_load(options->job, options->lang, &job, why);
    if (loaded != SG_OK) { /* a file that is not there denies nothing */
        return loaded == SG_NOT_FOUND ? SG_IO : loaded;
    }
    const struct unary unary = {.path = "/segel.v1.SigningService/Explain",
                                .timeout_ms = PATIENCE_MS,
                                .request = &job_file_request(job)->base,
                                .reply_type = &segel__v1__explain_response__descriptor};
    TRY(home_connect(home, &channel, why));
    return channel_unary(channel, &unary, reply, NULL, why);
}

enum exit_code policy_ask(const struct home *home, const struct policy_options *options)
{
    ProtobufCMessage *reply = NULL;
    struct sg_error why = {0};
    enum exit_code code = EXIT_WELL;
    enum sg_status status = ask(home, options, &reply, &why);

    if (status != SG_OK) {
        return command_failed(status, &why);
    }
    const Segel__V1__ExplainResponse *answer =
        (const Segel__V1__ExplainResponse *)(const void *)reply;
    bool allowed = allows(answer);
    if (options->json) {
        code = policy_print_json(json_of(answer));
    } else {
        print(options, answer);
    }
    unpack_free(reply);
    return code == EXIT_WELL && !allowed ? EXIT_REFUSED : code;
}
