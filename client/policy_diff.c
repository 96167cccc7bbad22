#include <stdlib.h>
#include <string.h>

#include "client/policy_common.h"
#include "client/screen.h"

static const struct option rows[] = {
    {"json", 0, NULL, "one JSON object a difference",
     offsetof(struct policy_options, json)},
    {"lang", 0, "id|en", "language of the report (default: en)",
     offsetof(struct policy_options, lang)},
};

/* One comparison. differences is what was told so far. */
struct comparison {
    const struct policy_options *options;
    const struct policy *old;
    const struct policy *new;
    size_t differences;
};

/* NULL texts stand for what is not there. */
static void tell(struct comparison *all, const char *rule, const char *what,
                 const char *before, const char *after)
{
    all->differences++;
    if (all->options->json) {
        (void)policy_print_json(json_pack("{s:s, s:s, s:s*, s:s*}", "rule", rule, "what",
                                          what, "old", before, "new", after));
        return;
    }
    const char *sign = before == NULL ? "+" : "-";
    bool changed = before != NULL && after != NULL;
    enum screen_colour colour = before == NULL ? SCREEN_GREEN : SCREEN_RED;
    (void)printf("%s%s %s%s", screen_colour(stdout, changed ? SCREEN_YELLOW : colour),
                 changed ? "~" : sign, rule, screen_colour(stdout, SCREEN_PLAIN));
    (void)printf(" %s: ", what);
    screen_text(stdout, before == NULL ? after : before);
    if (changed) {
        (void)printf(" -> ");
        screen_text(stdout, after);
    }
    (void)putchar('\n');
}

static void compare_word(struct comparison *all, const char *rule, const char *what,
                         const char *before, const char *after)
{
    if (strcmp(before, after) != 0) {
        tell(all, rule, what, before, after);
    }
}

/* "; when a; require b" without the first two bytes. */
static char *asked(const struct policy *policy, size_t rule)
{
    char *text = policy_demands_text(policy, rule);

    if (text != NULL && strncmp(text, "; ", 2) == 0) {
        memmove(text, text + 2, strlen(text + 2) + 1);
    }
    return text;
}

static void compare_rule(struct comparison *all, size_t old_rule, size_t new_rule)
{
    const struct rule_info *before = policy_rule(all->old, old_rule);
    const struct rule_info *after = policy_rule(all->new, new_rule);
    const char *id = before->id;

    compare_word(all, id, "cp", before->cp_section, after->cp_section);
    compare_word(all, id, "level", rule_level_name(before->level),
                 rule_level_name(after->level));
    compare_word(all, id, "mode", rule_mode_name(before->mode),
                 rule_mode_name(after->mode));
    compare_word(all, id, "code", before->code, after->code);
    if (!policy_same_demands(all->old, old_rule, all->new, new_rule)) {
        char *first = asked(all->old, old_rule);
        char *second = asked(all->new, new_rule);
        tell(all, id, "demands", first == NULL ? "" : first,
             second == NULL ? "" : second);
        free(first);
        free(second);
    }
}

static void compare(struct comparison *all)
{
    for (size_t i = 0; i < policy_rule_count(all->old); i++) {
        const struct rule_info *rule = policy_rule(all->old, i);
        size_t found = policy_find_rule(all->new, rule->id);
        if (found == policy_rule_count(all->new)) {
            tell(all, rule->id, "removed", rule->code, NULL);
        } else {
            compare_rule(all, i, found);
        }
    }
    for (size_t i = 0; i < policy_rule_count(all->new); i++) {
        const struct rule_info *rule = policy_rule(all->new, i);
        if (policy_find_rule(all->old, rule->id) == policy_rule_count(all->old)) {
            tell(all, rule->id, "added", NULL, rule->code);
        }
    }
}

/* The dump without its rules: metadata, lists, exceptions. The caller frees it. */
static char *rest_of(const struct policy *policy)
{
    static const char rule[] = "rule ";
    char *rest = strdup(policy_dump(policy));
    char *to = rest;

    for (const char *line = rest; line != NULL && *line != '\0';) {
        const char *end = strchr(line, '\n');
        size_t len = end == NULL ? strlen(line) : (size_t)(end - line) + 1;
        if (strncmp(line, rule, strlen(rule)) != 0) {
            memmove(to, line, len);
            to += len;
        }
        line += len;
    }
    if (rest != NULL) {
        *to = '\0';
    }
    return rest;
}

/* No change may hide behind another. */
static void compare_rest(struct comparison *all)
{
    char *before = rest_of(all->old);
    char *after = rest_of(all->new);

    if (before == NULL || after == NULL || strcmp(before, after) != 0) {
        tell(all, "-", "metadata, lists, exceptions or number of tests", "old", "new");
    }
    free(before);
    free(after);
    if (all->differences == 0 && !all->options->json) {
        (void)printf("%s\n",
                     policy_say(all->options, "tidak ada perbedaan", "no difference"));
    }
}

static enum exit_code run(const struct home *home, struct words *words)
{
    struct policy_options options = {.lang = "en"};
    struct policy *old = NULL;
    struct policy *new = NULL;

    (void)home;
    if (policy_usage(&command_policy_diff, words, 2, 2, &options) != EXIT_WELL) {
        return EXIT_USAGE;
    }
    enum exit_code code = policy_open(words->at[0], &old);
    if (code == EXIT_WELL) {
        code = policy_open(words->at[1], &new);
    }
    if (code == EXIT_WELL) {
        struct comparison all = {.options = &options, .old = old, .new = new};
        compare(&all);
        compare_rest(&all);
    }
    policy_free(old);
    policy_free(new);
    return code;
}

const struct command command_policy_diff = {
    .name = "policy diff",
    .operands = "OLD NEW",
    .summary = "say which rules were added, removed or changed",
    .examples =
        "Needs no gateway. Compares what the files mean, not how they are written.\n"
        "+ added, - removed, ~ changed. Exit code 1: a file does not load.\n\n"
        "Examples:\n"
        "  segel policy diff in-force.yaml proposed.yaml\n"
        "  segel policy diff --json in-force.yaml proposed.yaml\n",
    .options = {rows, SG_COUNT(rows)},
    .run = run,
};
