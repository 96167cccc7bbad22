#include <string.h>

#include "client/commands/policy/ask.h"
#include "client/commands/policy/common.h"
#include "client/commands/policy/rule_said.h"
#include "client/commands/policy/rule_view.h"
#include "client/console/screen.h"

static const struct option rows[] = {
    {"policy", 0, "FILE", "judge by this policy file, without a gateway",
     offsetof(struct policy_options, policy)},
    {"gateway", 0, NULL, "ask the gateway, by the policy that it has in force",
     offsetof(struct policy_options, gateway)},
    {"job", 0, "FILE", "the job, JSON or YAML: facts for --policy, fields for --gateway",
     offsetof(struct policy_options, job)},
    {"json", 0, NULL, "one JSON object", offsetof(struct policy_options, json)},
    {"lang", 0, "id|en", "language of the report (default: en)",
     offsetof(struct policy_options, lang)},
};

static void print(const struct policy_options *options, const struct policy *policy,
                  const struct policy_case *job, const struct verdict *verdict)
{
    struct rule_why why;

    for (size_t i = 0; i < policy_rule_count(policy); i++) {
        const struct rule_view view =
            rule_view_of_file(options, policy, i, policy_case_facts(job), &why);
        rule_view_print(options, &view);
    }
    rule_view_print_decision(options, verdict->allow);
}

static json_t *json_of(const struct policy_options *options, const struct policy *policy,
                       const struct policy_case *job, const struct verdict *verdict)
{
    json_t *rules = json_array();
    struct rule_why why;

    for (size_t i = 0; i < policy_rule_count(policy); i++) {
        const struct rule_view view =
            rule_view_of_file(options, policy, i, policy_case_facts(job), &why);
        (void)json_array_append_new(rules, rule_view_json(&view));
    }
    return json_pack("{s:s, s:o}", "decision", verdict->allow ? "allow" : "deny", "rules",
                     rules);
}

static enum exit_code judge(const struct policy_options *options,
                            const struct policy *policy)
{
    struct policy_case *job = NULL;
    struct verdict verdict;
    struct sg_error why = {0};
    enum exit_code code = EXIT_WELL;
    enum sg_status status = policy_case_load(policy, options->job, &job, &why);

    if (status != SG_OK) { /* a file that is not there denies nothing */
        return command_failed(status == SG_NOT_FOUND ? SG_IO : status, &why);
    }
    policy_case_judge(job, &verdict);
    if (options->json) {
        code = policy_print_json(json_of(options, policy, job, &verdict));
    } else {
        print(options, policy, job, &verdict);
    }
    policy_case_free(job);
    return code == EXIT_WELL && !verdict.allow ? EXIT_REFUSED : code;
}

/* rule: NULL = a job is to be judged. */
static enum exit_code judge_here(const struct policy_options *options, const char *rule)
{
    struct policy *policy = NULL;
    enum exit_code code = policy_open(options->policy, &policy);

    if (code == EXIT_WELL) {
        code = rule != NULL ? rule_said(options, policy, rule) : judge(options, policy);
    }
    policy_free(policy);
    return code;
}

static enum exit_code complain(const char *sentence)
{
    screen_complain(sentence);
    return EXIT_USAGE;
}

static enum exit_code run(const struct home *home, struct words *words)
{
    struct policy_options options = {.lang = "en"};
    struct sg_error why = {0};

    if (policy_usage(&command_policy_explain, words, 0, 1, &options) != EXIT_WELL) {
        return EXIT_USAGE;
    }
    if (options.gateway == (options.policy != NULL)) {
        return complain(options.gateway
                            ? "--gateway and --policy exclude each other: a gateway "
                              "judges by the policy that it has in force"
                            : "say who is to judge: --policy FILE, or --gateway");
    }
    if (words->count == 1) {
        if (options.job != NULL) {
            return complain("a RULE, to be told what it says, or --job FILE, to have it "
                            "judged: not both");
        }
        return options.gateway ? rule_asked(home, &options, words->at[0])
                               : judge_here(&options, words->at[0]);
    }
    if (options_need(&command_policy_explain.options, &options, "job", &why) != SG_OK) {
        return complain(why.text);
    }
    return options.gateway ? policy_ask(home, &options) : judge_here(&options, NULL);
}

const struct command command_policy_explain = {
    .name = "policy explain",
    .operands = "[RULE]",
    .summary = "say of every rule how it judges one job, and why; or what a rule says",
    .examples =
        "No key is used and nothing is counted. Exit code 0: the job would be allowed;\n"
        "1: denied.\n\n"
        "With --policy no gateway is needed. The job file holds facts (docs/POLICY.md\n"
        "lists them), clock.now among them. What is not in the file is absent: a rule\n"
        "that asks for it errs, and an error denies. It begins like this:\n"
        "  {\"clock.now\": \"2026-05-02T08:00:00+07:00\", \"job.class\": \"seal\",\n"
        "   \"caller.keys\": [\"seal-demo\"], \"key.rsa_bits\": 3072}\n\n"
        "With --gateway the gateway of the home folder judges the job as the caller's\n"
        "own, by its policy and facts of this moment. The question goes on its log,\n"
        "without labels, reference and digest. The job file holds what the caller would\n"
        "send; key, profile, hash and document_class must be there:\n"
        "  {\"key\": \"seal-demo\", \"profile\": \"pades_b_b\", \"hash\": \"sha256\",\n"
        "   \"document_class\": \"surat_keterangan\", \"approval_ref\": "
        "\"ND-2026/001\",\n"
        "   \"notice\": true, \"content_type\": \"application/pdf\"}\n"
        "Also: scheme, mandate, batch, labels, request_id, digest.\n\n"
        "With a RULE, such as one of 'segel log show --decision deny', and without a "
        "job:\n"
        "what the file, or the policy in force, says of that rule. The gateway tells it\n"
        "to officers, reviewers and operators.\n\n"
        "Examples:\n"
        "  segel policy explain --policy policy.yaml --job facts.json\n"
        "  segel policy explain --policy policy.yaml --job facts.json --json\n"
        "  segel policy explain --policy policy.yaml CP-1.4-02 --lang id\n"
        "  segel policy explain --gateway CP-1.4-02\n"
        "  segel policy explain --gateway --job job.json\n"
        "  segel policy explain --gateway --job job.json --lang id\n",
    .options = {rows, SG_COUNT(rows)},
    .run = run,
};
