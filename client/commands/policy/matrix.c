#include <string.h>

#include "client/commands/policy/counts.h"
#include "client/console/period.h"
#include "client/console/screen.h"

struct matrix_options {
    struct policy_options common; /* first: policy_usage is given its address */
    const char *from;
    const char *until;
};

static const struct option rows[] = {
    {"from", 0, "TIME",
     "ask the gateway how often each rule has denied since: 2026-05-02 or "
     "2026-05-02T01:02:03Z",
     offsetof(struct matrix_options, from)},
    {"until", 0, "TIME", "the same, before this time",
     offsetof(struct matrix_options, until)},
    {"json", 0, NULL, "one JSON object a rule", offsetof(struct policy_options, json)},
    {"lang", 0, "id|en", "language of the report (default: en)",
     offsetof(struct policy_options, lang)},
};

static const struct catalogue_row nothing = {
    .rule = "", .title = "", .title_id = "", .law = "", .beside = ""};

static const struct catalogue_row *row_of(const struct rule_info *rule)
{
    const struct catalogue_row *row = catalogue_find(rule->id);

    return row == NULL ? &nothing : row;
}

/* Who sees to it that the rule is kept. */
static const char *keeper(const struct policy_options *options,
                          const struct rule_info *rule)
{
    static const struct {
        const char *indonesian;
        const char *english;
    } words[] = {[RULE_ENFORCE] = {"mesin", "machine"},
                 [RULE_SHADOW] = {"mesin mencatat saja", "machine notes only"},
                 [RULE_OFF] = {"dimatikan", "switched off"},
                 [RULE_PENDING] = {"belum dinilai", "not yet judged"}};

    if (rule->mode == RULE_ENFORCE && rule->level == RULE_ADVISORY) {
        return policy_say(options, "mesin memperingatkan", "machine warns");
    }
    return policy_say(options, words[rule->mode].indonesian, words[rule->mode].english);
}

static void print_row(const struct policy_options *options, const struct policy *policy,
                      size_t rule)
{
    const struct rule_info *info = policy_rule(policy, rule);
    const struct catalogue_row *row = row_of(info);
    struct rule_coverage coverage = policy_coverage(policy, rule);
    const char *lacks = policy_lacks(policy, rule);

    (void)printf("| %s | %s | %s | %s | %s | %s%s%s%s | %s | %u + %u |\n", info->id,
                 info->cp_section, policy_say(options, row->title_id, row->title),
                 row->law[0] == '\0' ? "-" : row->law, rule_level_name(info->level),
                 keeper(options, info), lacks == NULL ? "" : " (`",
                 lacks == NULL ? "" : lacks, lacks == NULL ? "" : "`)",
                 row->beside[0] == '\0' ? "-" : row->beside, coverage.passed,
                 coverage.failed);
}

static void print_missing(const struct policy_options *options,
                          const struct policy *policy)
{
    const struct catalogue_row *row;

    for (size_t i = 0; (row = catalogue_at(i)) != NULL; i++) {
        if (policy_find_rule(policy, row->rule) == policy_rule_count(policy)) {
            (void)printf("| %s | - | %s | %s | - | %s | %s | - |\n", row->rule,
                         policy_say(options, row->title_id, row->title),
                         row->law[0] == '\0' ? "-" : row->law,
                         policy_say(options, "tidak ada dalam berkas", "not in the file"),
                         row->beside[0] == '\0' ? "-" : row->beside);
        }
    }
}

static void print(const struct policy_options *options, const struct policy *policy)
{
    (void)printf("%s", policy_say(options,
                                  "| Aturan | CP | Isi | Dasar | Tingkat | Penegak | "
                                  "Selain aturan | Uji lulus + gagal |\n",
                                  "| Rule | CP | Asks | Law | Level | Kept by | Beside "
                                  "the rule | Tests pass + fail |\n"));
    (void)printf("| --- | --- | --- | --- | --- | --- | --- | --- |\n");
    for (size_t i = 0; i < policy_rule_count(policy); i++) {
        print_row(options, policy, i);
    }
    print_missing(options, policy);
}

static enum exit_code print_json(const struct policy *policy)
{
    enum exit_code code = EXIT_WELL;

    for (size_t i = 0; code == EXIT_WELL && i < policy_rule_count(policy); i++) {
        const struct rule_info *info = policy_rule(policy, i);
        const struct catalogue_row *row = row_of(info);
        struct rule_coverage coverage = policy_coverage(policy, i);
        code = policy_print_json(json_pack(
            "{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:I, s:I, s:s*}", "rule", info->id, "cp",
            info->cp_section, "title", row->title, "law", row->law, "level",
            rule_level_name(info->level), "mode", rule_mode_name(info->mode), "beside",
            row->beside, "allowing", (json_int_t)coverage.passed, "denying",
            (json_int_t)coverage.failed, "lacks", policy_lacks(policy, i)));
    }
    return code;
}

static enum sg_status read_period(const struct matrix_options *options,
                                  struct policy_period *out, struct sg_error *why)
{
    TRY(period_time("from", options->from, &out->from_us, why));
    TRY(period_time("until", options->until, &out->until_us, why));
    return period_order(out->from_us, out->until_us, why);
}

static enum exit_code run(const struct home *home, struct words *words)
{
    struct matrix_options options = {.common = {.lang = "en"}};
    struct policy_period period = {0};
    struct policy *policy = NULL;
    struct sg_error why = {0};

    if (policy_usage(&command_policy_matrix, words, 1, 1, &options.common) != EXIT_WELL) {
        return EXIT_USAGE;
    }
    enum sg_status status = read_period(&options, &period, &why);
    if (status != SG_OK) {
        return command_failed(status, &why);
    }
    enum exit_code code = policy_open(words->at[0], &policy);
    if (code != EXIT_WELL) {
        return code;
    }
    if (options.from != NULL || options.until != NULL) {
        code = policy_counts(home, &options.common, policy, &period);
    } else if (options.common.json) {
        code = print_json(policy);
    } else {
        print(&options.common, policy);
    }
    policy_free(policy);
    return code;
}

const struct command command_policy_matrix = {
    .name = "policy matrix",
    .operands = "FILE",
    .summary = "rule, CP section, law, who keeps it, which tests: a table for reviewers",
    .examples =
        "Needs no gateway. The table is Markdown; docs/POLICY.md holds that of the\n"
        "sample policy. Rules of the catalogue that the file lacks are named. With a\n"
        "period the table says how often each rule has denied, or was not passed by a\n"
        "job that went through, by the gateway's log.\n\n"
        "Examples:\n"
        "  segel policy matrix deploy/policies/bsre-seal.yaml\n"
        "  segel policy matrix --lang id policy.yaml\n"
        "  segel policy matrix --from 2026-01-01 --until 2027-01-01 policy.yaml\n",
    .options = {rows, SG_COUNT(rows)},
    .run = run,
};
