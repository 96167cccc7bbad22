#include <string.h>

#include "client/commands/policy/common.h"
#include "client/console/screen.h"

static const struct option rows[] = {
    {"json", 0, NULL, "one JSON object", offsetof(struct policy_options, json)},
    {"lang", 0, "id|en", "language of the report (default: en)",
     offsetof(struct policy_options, lang)},
};

static size_t count_mode(const struct policy *policy, enum rule_mode mode)
{
    size_t count = 0;

    for (size_t i = 0; i < policy_rule_count(policy); i++) {
        count += policy_rule(policy, i)->mode == mode ? 1 : 0;
    }
    return count;
}

static json_t *json_of(const struct policy *policy)
{
    const struct policy_info *info = policy_info(policy);
    json_t *pending = json_array();

    for (size_t i = 0; i < policy_rule_count(policy); i++) {
        if (policy_lacks(policy, i) != NULL) {
            (void)json_array_append_new(
                pending, json_pack("{s:s, s:s}", "rule", policy_rule(policy, i)->id,
                                   "fact", policy_lacks(policy, i)));
        }
    }
    return json_pack("{s:s, s:I, s:s, s:I, s:I, s:I, s:I, s:I, s:o}", "id", info->id,
                     "version", (json_int_t)info->version, "profile",
                     info->production ? "production" : "test", "rules",
                     (json_int_t)policy_rule_count(policy), "enforced",
                     (json_int_t)count_mode(policy, RULE_ENFORCE), "shadow",
                     (json_int_t)count_mode(policy, RULE_SHADOW), "off",
                     (json_int_t)count_mode(policy, RULE_OFF), "tests",
                     (json_int_t)policy_test_count(policy), "not_yet_judged", pending);
}

static void print(const struct policy_options *options, const struct policy *policy)
{
    const struct policy_info *info = policy_info(policy);

    (void)printf("%s %s %lld: ", info->id, policy_say(options, "versi", "version"),
                 (long long)info->version);
    (void)printf("%zu %s (", policy_rule_count(policy),
                 policy_say(options, "aturan", "rules"));
    (void)printf("%zu %s, ", count_mode(policy, RULE_ENFORCE),
                 policy_say(options, "berlaku", "enforced"));
    (void)printf("%zu %s, ", count_mode(policy, RULE_SHADOW),
                 policy_say(options, "bayangan", "shadow"));
    (void)printf("%zu %s, ", count_mode(policy, RULE_OFF),
                 policy_say(options, "mati", "off"));
    (void)printf("%zu %s), ", count_mode(policy, RULE_PENDING),
                 policy_say(options, "belum dinilai", "not yet judged"));
    (void)printf("%zu %s\n", policy_test_count(policy),
                 policy_say(options, "uji lulus", "tests pass"));
    for (size_t i = 0; i < policy_rule_count(policy); i++) {
        if (policy_lacks(policy, i) != NULL) {
            policy_say_lacking(options, stdout, policy_rule(policy, i)->id,
                               policy_lacks(policy, i));
            (void)putchar('\n');
        }
    }
}

static enum exit_code run(const struct home *home, struct words *words)
{
    struct policy_options options = {.lang = "en"};
    struct policy *policy = NULL;

    (void)home;
    if (policy_usage(&command_policy_check, words, 1, 1, &options) != EXIT_WELL) {
        return EXIT_USAGE;
    }
    enum exit_code code = policy_open(words->at[0], &policy);
    if (code != EXIT_WELL) {
        return code;
    }
    if (options.json) {
        code = policy_print_json(json_of(policy));
    } else {
        print(&options, policy);
    }
    policy_free(policy);
    return code;
}

const struct command command_policy_check = {
    .name = "policy check",
    .operands = "FILE",
    .summary = "load a policy file as the gateway would, and say what it does not judge",
    .examples =
        "Needs no gateway. Exit code 1: the gateway would refuse the file; the\n"
        "sentence names line and column. Rules that read facts which the gateway\n"
        "does not know yet are listed, one sentence each.\n\n"
        "Examples:\n"
        "  segel policy check deploy/policies/bsre-seal.yaml\n"
        "  segel policy check --lang id policy.yaml\n"
        "  segel policy check --json policy.yaml\n",
    .options = {rows, SG_COUNT(rows)},
    .run = run,
};
