#include "client/commands/policy/rule_said.h"

#include <stdlib.h>
#include <string.h>

#include "client/console/screen.h"

enum { WORD_WIDTH = 14 };

static const struct catalogue_row nothing = {
    .rule = "", .title = "", .title_id = "", .law = "", .beside = ""};

/* The file's own rules are in no catalogue. */
static const struct catalogue_row *row_of(const struct rule_text *rule)
{
    const struct catalogue_row *row = catalogue_find(rule->id);

    return row == NULL ? &nothing : row;
}

/* --- Printed ----------------------------------------------------------------------- */

static void print_line(const char *word, const char *text)
{
    if (text[0] != '\0') {
        (void)printf("%-*s", WORD_WIDTH, word);
        screen_text(stdout, text);
        (void)printf("\n");
    }
}

/* The word stands before the first one. */
static void print_facts(const char *word, const struct rule_text *rule)
{
    for (size_t i = 0; i < rule->fact_count; i++) {
        (void)printf("%-*s", WORD_WIDTH, i == 0 ? word : "");
        screen_text(stdout, rule->facts[i].name);
        (void)printf(" (");
        screen_text(stdout, rule->facts[i].type);
        (void)printf("): ");
        screen_text(stdout, rule->facts[i].help);
        (void)printf("\n");
    }
}

static void print_tests(const struct policy_options *options,
                        const struct rule_text *rule)
{
    (void)printf("%-*s", WORD_WIDTH, policy_say(options, "uji", "tests"));
    (void)printf("%s %u, %s %u\n", policy_say(options, "dipenuhi dalam", "it passes in"),
                 rule->passed,
                 policy_say(options, "tidak dipenuhi dalam", "and fails in"),
                 rule->failed);
}

static void print(const struct policy_options *options, const struct rule_text *rule)
{
    const struct catalogue_row *row = row_of(rule);
    const char *const words[] = {rule->cp_section, rule->code, rule->level, rule->mode};

    screen_text(stdout, rule->id);
    for (size_t i = 0; i < SG_COUNT(words); i++) {
        (void)printf(i == 0 ? "  CP " : "  ");
        screen_text(stdout, words[i]);
    }
    (void)printf("\n");
    print_line(policy_say(options, "isi", "about"),
               policy_say(options, row->title_id, row->title));
    print_line(policy_say(options, "bila ditolak", "says"), rule->message);
    print_line(policy_say(options, "meminta", "asks"), rule->asks);
    print_facts(policy_say(options, "melihat", "looks at"), rule);
    print_line(policy_say(options, "dasar", "law"), row->law);
    print_tests(options, rule);
}

static json_t *facts_json(const struct rule_text *rule)
{
    json_t *out = json_array();

    for (size_t i = 0; i < rule->fact_count; i++) {
        (void)json_array_append_new(
            out, json_pack("{s:s, s:s, s:s}", "name", rule->facts[i].name, "type",
                           rule->facts[i].type, "help", rule->facts[i].help));
    }
    return out;
}

enum exit_code rule_text_print(const struct policy_options *options,
                               const struct rule_text *rule)
{
    const struct catalogue_row *row = row_of(rule);

    if (!options->json) {
        print(options, rule);
        return EXIT_WELL;
    }
    return policy_print_json(json_pack(
        "{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:o, s:i, s:i}", "rule", rule->id,
        "cp", rule->cp_section, "code", rule->code, "level", rule->level, "mode",
        rule->mode, "title", policy_say(options, row->title_id, row->title), "message",
        rule->message, "asks", rule->asks, "law", row->law, "facts", facts_json(rule),
        "tests_passed", (int)rule->passed, "tests_failed", (int)rule->failed));
}

/* --- Of a file --------------------------------------------------------------------- */

/* A rule without conditions asks nothing. */
static const char *without_head(const char *demands)
{
    return strncmp(demands, "; ", 2) == 0 ? demands + 2 : demands;
}

static void add_facts(const struct policy *policy, size_t rule, struct rule_text *out)
{
    bool looked_at[FACT_COUNT];

    policy_rule_facts(policy, rule, looked_at);
    for (size_t i = 0; i < FACT_COUNT; i++) {
        if (looked_at[i]) {
            size_t at = out->fact_count++;
            out->facts[at].name = fact_name((enum fact)i);
            out->facts[at].type = fact_type_word(fact_type((enum fact)i));
            out->facts[at].help = fact_help((enum fact)i);
        }
    }
}

static enum exit_code print_of_file(const struct policy_options *options,
                                    const struct policy *policy, size_t rule,
                                    const char *demands)
{
    const struct rule_info *info = policy_rule(policy, rule);
    struct rule_coverage coverage = policy_coverage(policy, rule);
    struct rule_text text = {.id = info->id,
                             .cp_section = info->cp_section,
                             .code = info->code,
                             .level = rule_level_name(info->level),
                             .mode = rule_mode_name(info->mode),
                             .message = policy_message(options, info),
                             .asks = without_head(demands),
                             .passed = coverage.passed,
                             .failed = coverage.failed};

    add_facts(policy, rule, &text);
    return rule_text_print(options, &text);
}

enum exit_code rule_said(const struct policy_options *options,
                         const struct policy *policy, const char *id)
{
    size_t rule = policy_find_rule(policy, id);
    struct sg_error why = {0};

    if (rule == policy_rule_count(policy)) {
        (void)snprintf(why.text, sizeof(why.text),
                       "there is no rule '%.40s' in the file: 'segel policy matrix FILE' "
                       "lists its rules",
                       id);
        screen_complain(why.text);
        return EXIT_USAGE;
    }
    char *demands = policy_demands_text(policy, rule);
    if (demands == NULL) {
        return command_failed(SG_NO_MEMORY, &why);
    }
    enum exit_code code = print_of_file(options, policy, rule, demands);
    free(demands);
    return code;
}
