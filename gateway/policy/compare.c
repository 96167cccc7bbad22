#include "gateway/policy/compare.h"

#include <stdlib.h>
#include <string.h>

#include "gateway/policy/review.h"

enum sg_status policy_supersedes(const struct policy *policy,
                                 const struct policy *in_force, struct sg_error *why)
{
    const struct policy_info *info = policy_info(policy);
    const struct policy_info *now = policy_info(in_force);

    if (info->version > now->version) {
        return SG_OK;
    }
    return sg_fail(why, SG_PRECONDITION,
                   "policy '%s' has version %lld, but version %lld is in force: other "
                   "rules need a higher metadata.version",
                   info->id, (long long)info->version, (long long)now->version);
}

struct comparison {
    const struct policy *old;
    const struct policy *new;
    difference_told tell;
    void *context;
    size_t count;
};

static void tell(struct comparison *all, const struct policy_difference *difference)
{
    all->count++;
    all->tell(all->context, difference);
}

/* A text that one of them does not have counts as empty. */
static void compare_word(struct comparison *all, const char *rule, const char *what,
                         const char *before, const char *after)
{
    before = before == NULL ? "" : before;
    after = after == NULL ? "" : after;
    const struct policy_difference difference = {
        .rule = rule,
        .what = what,
        .before = before,
        .after = after,
        .looser = strcmp(what, "mode") == 0 &&
                  strcmp(before, rule_mode_name(RULE_ENFORCE)) == 0,
    };

    if (strcmp(before, after) != 0) {
        tell(all, &difference);
    }
}

/* "; when a; require b" without the first two bytes. The caller frees it. */
static char *asked(const struct policy *policy, size_t rule)
{
    char *text = policy_demands_text(policy, rule);

    if (text != NULL && strncmp(text, "; ", 2) == 0) {
        memmove(text, text + 2, strlen(text + 2) + 1);
    }
    return text;
}

static void compare_demands(struct comparison *all, size_t old_rule, size_t new_rule)
{
    if (policy_same_demands(all->old, old_rule, all->new, new_rule)) {
        return;
    }
    char *before = asked(all->old, old_rule);
    char *after = asked(all->new, new_rule);
    const struct policy_difference difference = {.rule =
                                                     policy_rule(all->old, old_rule)->id,
                                                 .what = "demands",
                                                 .before = before == NULL ? "" : before,
                                                 .after = after == NULL ? "" : after};
    tell(all, &difference);
    free(before);
    free(after);
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
    compare_word(all, id, "message id", before->message_id, after->message_id);
    compare_word(all, id, "message en", before->message_en, after->message_en);
    compare_demands(all, old_rule, new_rule);
}

static void compare_old_rule(struct comparison *all, size_t index)
{
    const struct rule_info *rule = policy_rule(all->old, index);
    size_t found = policy_find_rule(all->new, rule->id);
    const struct policy_difference removed = {.rule = rule->id,
                                              .what = "removed",
                                              .before = rule->code,
                                              .looser = rule->mode == RULE_ENFORCE};

    if (found == policy_rule_count(all->new)) {
        tell(all, &removed);
    } else {
        compare_rule(all, index, found);
    }
}

static void compare_rules(struct comparison *all)
{
    for (size_t i = 0; i < policy_rule_count(all->old); i++) {
        compare_old_rule(all, i);
    }
    for (size_t i = 0; i < policy_rule_count(all->new); i++) {
        const struct rule_info *rule = policy_rule(all->new, i);
        const struct policy_difference added = {
            .rule = rule->id, .what = "added", .after = rule->code};
        if (policy_find_rule(all->old, rule->id) == policy_rule_count(all->old)) {
            tell(all, &added);
        }
    }
}

/* The next rule from *index on that the other policy has, too; NULL behind the last. */
static const char *next_common(const struct policy *policy, const struct policy *other,
                               size_t *index)
{
    while (*index < policy_rule_count(policy)) {
        const char *id = policy_rule(policy, (*index)++)->id;
        if (policy_find_rule(other, id) < policy_rule_count(other)) {
            return id;
        }
    }
    return NULL;
}

/* The first rule that denies gives status and sentence: their order is a difference. */
static void compare_order(struct comparison *all)
{
    struct policy_difference order = {.rule = "-", .what = "order"};
    size_t in_old = 0;
    size_t in_new = 0;

    do {
        order.before = next_common(all->old, all->new, &in_old);
        order.after = next_common(all->new, all->old, &in_new);
    } while (order.before != NULL && strcmp(order.before, order.after) == 0);
    if (order.before != NULL) {
        tell(all, &order);
    }
}

/* One of the lines of a text, whole. */
static bool has_line(const char *text, const char *line, size_t len)
{
    while (*text != '\0') {
        size_t here = strcspn(text, "\n");
        if (here == len && strncmp(text, line, len) == 0) {
            return true;
        }
        text += here + (text[here] == '\n' ? 1 : 0);
    }
    return false;
}

/* "list hashes sha256, …": the first word is what it is, the rest its value. */
static void tell_line(struct comparison *all, const char *line, size_t len, bool old)
{
    char *text = strndup(line, len);
    char *value = text;
    const char *what = strsep(&value, " ");

    if (what != NULL) {
        value = value == NULL ? text + len : value;
        const struct policy_difference difference = {.rule = "-",
                                                     .what = what,
                                                     .before = old ? value : NULL,
                                                     .after = old ? NULL : value};
        tell(all, &difference);
    }
    free(text);
}

/* The lines of one that the other lacks. */
static void compare_lines(struct comparison *all, const char *one, const char *other,
                          bool old)
{
    while (*one != '\0') {
        size_t len = strcspn(one, "\n");
        if (len > 0 && !has_line(other, one, len)) {
            tell_line(all, one, len, old);
        }
        one += len + (one[len] == '\n' ? 1 : 0);
    }
}

/* No change may hide behind another: metadata, lists, exceptions, tests. */
static void compare_rest(struct comparison *all)
{
    static const struct policy_difference lost = {.rule = "-",
                                                  .what =
                                                      "not compared for want of memory",
                                                  .before = "",
                                                  .after = ""};
    char *before = policy_rest_text(all->old);
    char *after = policy_rest_text(all->new);

    if (before == NULL || after == NULL) {
        tell(all, &lost);
    } else {
        compare_lines(all, before, after, true);
        compare_lines(all, after, before, false);
    }
    free(before);
    free(after);
}

size_t policy_compare(const struct policy *old, const struct policy *new,
                      difference_told told, void *context)
{
    struct comparison all = {.old = old, .new = new, .tell = told, .context = context};

    compare_rules(&all);
    compare_order(&all);
    compare_rest(&all);
    return all.count;
}
