#include <string.h>

#include "client/policy_common.h"
#include "client/screen.h"

static const struct option rows[] = {
    {"policy", 0, "FILE", "the policy", offsetof(struct policy_options, policy)},
    {"job", 0, "FILE", "the job as JSON: {\"fact\": value, …}, clock.now among them",
     offsetof(struct policy_options, job)},
    {"json", 0, NULL, "one JSON object", offsetof(struct policy_options, json)},
    {"lang", 0, "id|en", "language of the report (default: en)",
     offsetof(struct policy_options, lang)},
};

static enum screen_colour colour_of(enum rule_result result)
{
    static const enum screen_colour colours[] = {
        [RULE_PASS] = SCREEN_GREEN,         [RULE_FAIL] = SCREEN_RED,
        [RULE_WARN] = SCREEN_YELLOW,        [RULE_ERROR] = SCREEN_RED,
        [RULE_SKIP] = SCREEN_DIM,           [RULE_SHADOW_PASS] = SCREEN_GREEN,
        [RULE_SHADOW_FAIL] = SCREEN_YELLOW, [RULE_SHADOW_ERROR] = SCREEN_YELLOW};

    return colours[result];
}

static bool troubles(enum rule_result result)
{
    return result != RULE_PASS && result != RULE_SHADOW_PASS && result != RULE_SKIP;
}

static void print_rule(const struct policy_options *options, const struct policy *policy,
                       size_t rule, const struct rule_why *why)
{
    const struct rule_info *info = policy_rule(policy, rule);

    (void)printf("%s", screen_colour(stdout, colour_of(why->result)));
    screen_cell(stdout, rule_result_name(why->result), 13);
    (void)printf("%s", screen_colour(stdout, SCREEN_PLAIN));
    screen_cell(stdout, info->id, 13);
    screen_cell(stdout, info->cp_section, 8);
    screen_cell(stdout, rule_level_name(info->level), 9);
    screen_cell(stdout, rule_mode_name(info->mode), 8);
    if (policy_lacks(policy, rule) != NULL) {
        policy_say_lacking(options, stdout, info, policy_lacks(policy, rule));
        return;
    }
    if (why->fact[0] != '\0') {
        (void)printf("%s: ", why->fact);
        screen_text(stdout, why->found[0] == '\0'
                                ? policy_say(options, "tidak ada", "absent")
                                : why->found);
        (void)printf("%s", policy_say(options, "; diminta ", "; required "));
        screen_text(stdout, why->required);
    }
    if (troubles(why->result)) {
        (void)printf(" - %s: ", info->code);
        screen_text(stdout, policy_message(options, info));
    }
    (void)putchar('\n');
}

static void print(const struct policy_options *options, const struct policy *policy,
                  const struct policy_case *job, const struct verdict *verdict)
{
    struct rule_why why;

    for (size_t i = 0; i < policy_rule_count(policy); i++) {
        policy_explain(policy, i, policy_case_facts(job), &why);
        print_rule(options, policy, i, &why);
    }
    (void)printf("%s%s%s\n",
                 screen_colour(stdout, verdict->allow ? SCREEN_GREEN : SCREEN_RED),
                 verdict->allow ? policy_say(options, "diizinkan", "allowed")
                                : policy_say(options, "ditolak", "denied"),
                 screen_colour(stdout, SCREEN_PLAIN));
}

static json_t *json_rule(const struct policy_options *options,
                         const struct policy *policy, size_t rule,
                         const struct facts *facts)
{
    const struct rule_info *info = policy_rule(policy, rule);
    const char *lacks = policy_lacks(policy, rule);
    struct rule_why why;

    policy_explain(policy, rule, facts, &why);
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s*}", "id",
                     info->id, "cp", info->cp_section, "level",
                     rule_level_name(info->level), "mode", rule_mode_name(info->mode),
                     "result", rule_result_name(why.result), "code", info->code, "fact",
                     why.fact, "found", why.found, "required", why.required, "message",
                     policy_message(options, info), "lacks", lacks);
}

static json_t *json_of(const struct policy_options *options, const struct policy *policy,
                       const struct policy_case *job, const struct verdict *verdict)
{
    json_t *rules = json_array();

    for (size_t i = 0; i < policy_rule_count(policy); i++) {
        (void)json_array_append_new(
            rules, json_rule(options, policy, i, policy_case_facts(job)));
    }
    return json_pack("{s:s, s:o}", "decision", verdict->allow ? "allow" : "deny", "rules",
                     rules);
}

static enum exit_code explain(const struct policy_options *options,
                              const struct policy *policy)
{
    struct policy_case *job = NULL;
    struct verdict verdict;
    struct sg_error why = {0};
    enum exit_code code = EXIT_WELL;
    enum sg_status status = policy_case_load(policy, options->job, &job, &why);

    if (status != SG_OK) {
        return command_failed(status, &why);
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

static enum exit_code run(const struct home *home, struct words *words)
{
    struct policy_options options = {.lang = "en"};
    const struct option_table *table = &command_policy_explain.options;
    struct policy *policy = NULL;
    struct sg_error why = {0};

    (void)home;
    if (policy_usage(&command_policy_explain, words, 0, 0, &options) != EXIT_WELL) {
        return EXIT_USAGE;
    }
    if (options_need(table, &options, "policy", &why) != SG_OK ||
        options_need(table, &options, "job", &why) != SG_OK) {
        screen_complain(why.text);
        return EXIT_USAGE;
    }
    enum exit_code code = policy_open(options.policy, &policy);
    if (code == EXIT_WELL) {
        code = explain(&options, policy);
    }
    policy_free(policy);
    return code;
}

const struct command command_policy_explain = {
    .name = "policy explain",
    .operands = "",
    .summary = "say of every rule how it judges one job, and why",
    .examples =
        "Needs no gateway; no key is used and nothing is counted. Exit code 1: the job\n"
        "would be denied. What is not in the file is absent: a rule that asks for it\n"
        "errs, and an error denies.\n\n"
        "Examples:\n"
        "  segel policy explain --policy policy.yaml --job job.json\n"
        "  segel policy explain --policy policy.yaml --job job.json --json\n\n"
        "A job file begins like this:\n"
        "  {\"clock.now\": \"2026-05-02T08:00:00+07:00\", \"job.class\": \"seal\",\n"
        "   \"caller.keys\": [\"seal-demo\"], \"key.rsa_bits\": 3072}\n",
    .options = {rows, SG_COUNT(rows)},
    .run = run,
};
