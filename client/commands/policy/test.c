#include "client/commands/policy/common.h"
#include "client/console/screen.h"

static const struct option rows[] = {
    {"coverage", 0, NULL, "fail when a rule lacks an allowing or a denying test",
     offsetof(struct policy_options, coverage)},
    {"json", 0, NULL, "one JSON object a file", offsetof(struct policy_options, json)},
    {"lang", 0, "id|en", "language of the report (default: en)",
     offsetof(struct policy_options, lang)},
};

static bool covered(struct rule_coverage coverage)
{
    return coverage.passed > 0 && coverage.failed > 0;
}

static size_t count_bare(const struct policy *policy)
{
    size_t count = 0;

    for (size_t i = 0; i < policy_rule_count(policy); i++) {
        count += covered(policy_coverage(policy, i)) ? 0 : 1;
    }
    return count;
}

static void print_bare(const struct policy_options *options, const struct policy *policy)
{
    for (size_t i = 0; i < policy_rule_count(policy); i++) {
        struct rule_coverage coverage = policy_coverage(policy, i);
        const char *id = policy_rule(policy, i)->id;
        if (coverage.passed == 0) {
            (void)printf("%s: %s\n", id,
                         policy_say(options, "tidak ada uji yang mengizinkan",
                                    "no allowing test"));
        }
        if (coverage.failed == 0) {
            (void)printf(
                "%s: %s\n", id,
                policy_say(options, "tidak ada uji yang menolak", "no denying test"));
        }
    }
}

static json_t *json_of(const char *path, const struct policy *policy)
{
    json_t *bare = json_array();

    for (size_t i = 0; i < policy_rule_count(policy); i++) {
        struct rule_coverage coverage = policy_coverage(policy, i);
        if (!covered(coverage)) {
            (void)json_array_append_new(
                bare, json_pack("{s:s, s:I, s:I}", "rule", policy_rule(policy, i)->id,
                                "allowing", (json_int_t)coverage.passed, "denying",
                                (json_int_t)coverage.failed));
        }
    }
    return json_pack("{s:s, s:I, s:I, s:o}", "file", path, "tests",
                     (json_int_t)policy_test_count(policy), "rules",
                     (json_int_t)policy_rule_count(policy), "not_covered", bare);
}

static enum exit_code report(const struct policy_options *options, const char *path,
                             const struct policy *policy)
{
    size_t rules = policy_rule_count(policy);
    size_t bare = count_bare(policy);

    if (options->json) {
        if (policy_print_json(json_of(path, policy)) != EXIT_WELL) {
            return EXIT_BROKEN;
        }
    } else {
        screen_text(stdout, path);
        (void)printf(": %zu %s; ", policy_test_count(policy),
                     policy_say(options, "uji lulus", "tests pass"));
        (void)printf(
            "%zu %s %zu %s\n", rules - bare, policy_say(options, "dari", "of"), rules,
            policy_say(options, "aturan teruji dua arah", "rules seen both ways"));
        if (options->coverage) {
            print_bare(options, policy);
        }
    }
    return options->coverage && bare > 0 ? EXIT_REFUSED : EXIT_WELL;
}

static enum exit_code test_file(const struct policy_options *options, const char *path)
{
    struct policy *policy = NULL;
    enum exit_code code = policy_open(path, &policy);

    if (code == EXIT_WELL) {
        code = report(options, path, policy);
    }
    policy_free(policy);
    return code;
}

static enum exit_code run(const struct home *home, struct words *words)
{
    struct policy_options options = {.lang = "en"};
    enum exit_code worst = EXIT_WELL;

    (void)home;
    if (policy_usage(&command_policy_test, words, 1, SIZE_MAX, &options) != EXIT_WELL) {
        return EXIT_USAGE;
    }
    for (size_t i = 0; i < words->count; i++) {
        enum exit_code code = test_file(&options, words->at[i]);
        worst = code > worst ? code : worst;
    }
    return worst;
}

const struct command command_policy_test = {
    .name = "policy test",
    .operands = "FILE…",
    .summary = "run the tests that policy files carry",
    .examples =
        "Needs no gateway. The tests have their own clock. Rules in mode pending are\n"
        "judged in tests, although they judge no job yet.\n\n"
        "Examples:\n"
        "  segel policy test deploy/policies/bsre-seal.yaml\n"
        "  segel policy test --coverage *.yaml\n",
    .options = {rows, SG_COUNT(rows)},
    .run = run,
};
