#include <stdio.h>

#include "gateway/policy/load.h"

/* Patterns are POSIX extended regular expressions over the whole value. */

enum { WEIGHT_MAX = 2048, COUNT_MAX = 32767 };

/* --- What a pattern grows to ----------------------------------------------------- */

/* glibc unrolls repetitions: "a{9}" into nine, "(a+)+" into four. The weight of a pattern
 * is the number of its characters and sets after that; it bounds memory at loading and
 * time at each judgement. Repetitions of what may be empty cost glibc far more, and
 * without end for "a?*{9}": they are too heavy whatever their count. */
struct group {
    uint64_t sum;
    bool empty;  /* the branch so far may be */
    bool before; /* the same without its last part */
    bool any;    /* an earlier branch may be */
};

struct weigher {
    struct group groups[LOAD_PATTERN_MAX + 1]; /* those that are open */
    size_t depth;
    uint64_t last; /* what a repetition would repeat; part of the innermost sum */
    bool last_empty;
    bool unmatched; /* a group is closed that was not opened */
    bool collating; /* a set holds "[.x.]" or "[=x=]" */
};

static uint64_t bounded(uint64_t weight)
{
    return weight > WEIGHT_MAX ? WEIGHT_MAX + 1 : weight;
}

static void add(struct weigher *weigher, uint64_t weight, bool empty)
{
    struct group *group = &weigher->groups[weigher->depth];

    weigher->last = weight;
    weigher->last_empty = empty;
    group->before = group->empty;
    group->empty = group->empty && empty;
    group->sum = bounded(group->sum + weight);
}

static void repeat(struct weigher *weigher, uint64_t times)
{
    struct group *group = &weigher->groups[weigher->depth];

    if (weigher->last_empty && times > 1) {
        times = WEIGHT_MAX + 1;
    }
    group->sum = bounded(group->sum + weigher->last * (times - 1));
    weigher->last = bounded(weigher->last * times);
}

static void allow_none(struct weigher *weigher)
{
    struct group *group = &weigher->groups[weigher->depth];

    weigher->last_empty = true;
    group->empty = group->before;
}

static void open_group(struct weigher *weigher)
{
    weigher->groups[++weigher->depth] = (struct group){.empty = true, .before = true};
    weigher->last = 1;
    weigher->last_empty = true;
}

static void next_branch(struct weigher *weigher)
{
    struct group *group = &weigher->groups[weigher->depth];

    group->any = group->any || group->empty;
    group->empty = true;
    add(weigher, 1, true);
}

static void close_group(struct weigher *weigher)
{
    if (weigher->depth == 0) {
        weigher->unmatched = true;
        return;
    }
    const struct group *group = &weigher->groups[weigher->depth--];
    add(weigher, group->sum == 0 ? 1 : group->sum, group->any || group->empty);
}

/* The larger number of "{2,5}"; "{2,}" is two and a loop. */
static uint64_t count_of(const char *braces)
{
    uint64_t count = 0;
    uint64_t most = 1;
    const char *c = braces + 1;

    for (; *c != '\0' && *c != '}'; c++) {
        bool digit = *c >= '0' && *c <= '9';
        count = digit ? count * 10 + (uint64_t)(*c - '0') : 0;
        count = count < COUNT_MAX ? count : COUNT_MAX;
        most = count > most ? count : most;
    }
    return most + (c[-1] == ',' ? 1 : 0);
}

/* Returns the last character of "{2,5}". */
static const char *repeat_counted(struct weigher *weigher, const char *open)
{
    const char *close = strchr(open, '}');

    repeat(weigher, count_of(open));
    if (open[1] < '1' || open[1] > '9') {
        allow_none(weigher);
    }
    return close == NULL ? open + strlen(open) - 1 : close;
}

/* The last character of a set: "[]a]", "[^]]", "[[:digit:]]". A collating symbol may hold
 * the bracket that would end the set. */
static const char *end_of_set(struct weigher *weigher, const char *open)
{
    const char *at = open + (open[1] == '^' ? 2 : 1);

    at += *at == ']' ? 1 : 0;
    while (*at != '\0' && *at != ']') {
        weigher->collating |= at[0] == '[' && (at[1] == '.' || at[1] == '=');
        const char *class_end = at[0] == '[' && at[1] == ':' ? strstr(at, ":]") : NULL;
        at = class_end == NULL ? at + 1 : class_end + 2;
    }
    return *at == '\0' ? at - 1 : at;
}

/* Returns its last character. */
static const char *weigh_one(struct weigher *weigher, const char *at)
{
    switch (*at) {
    case '(':
        open_group(weigher);
        return at;
    case ')':
        close_group(weigher);
        return at;
    case '|':
        next_branch(weigher);
        return at;
    case '*':
    case '?':
        allow_none(weigher);
        return at;
    case '+':
        repeat(weigher, 2);
        return at;
    case '{':
        return repeat_counted(weigher, at);
    case '[':
        add(weigher, 1, false);
        return end_of_set(weigher, at);
    default:
        add(weigher, 1, *at == '^' || *at == '$');
        return at + (at[0] == '\\' && at[1] != '\0' ? 1 : 0);
    }
}

static void weigh(struct weigher *weigher, const char *pattern)
{
    *weigher = (struct weigher){.groups = {{.empty = true, .before = true}}};
    for (const char *at = pattern; *at != '\0'; at++) {
        at = weigh_one(weigher, at);
    }
    while (weigher->depth > 0) {
        close_group(weigher);
    }
}

/* --- Loading --------------------------------------------------------------------- */

static bool refers_back(const char *pattern)
{
    for (const char *at = pattern; *at != '\0'; at++) {
        if (*at != '\\') {
            continue;
        }
        at++;
        if (*at >= '1' && *at <= '9') {
            return true;
        }
        if (*at == '\0') {
            return false;
        }
    }
    return false;
}

static enum sg_status compile(struct loader *loader, const struct yaml_node *node,
                              const char *text, regex_t *out)
{
    char reason[128] = "";
    int status = regcomp(out, text, REG_EXTENDED | REG_NOSUB);

    if (status == 0) {
        return SG_OK;
    }
    (void)regerror(status, out, reason, sizeof(reason));
    return yaml_fail(loader->doc, node, loader->why,
                     "'%s' is not a POSIX extended regular expression: %s", node->text,
                     reason);
}

/* Alone first: "a)|(b" is broken alone, but would slip out of the anchors. */
static enum sg_status check_alone(struct loader *loader, const struct yaml_node *node)
{
    regex_t alone;

    TRY(compile(loader, node, node->text, &alone));
    regfree(&alone);
    return SG_OK;
}

/* glibc takes an unmatched ")" for a character, but it would close the anchors' group:
 * "a)|b" would let in whatever begins with "a". */
static enum sg_status check_weight(struct loader *loader, const struct yaml_node *node,
                                   uint32_t *weight)
{
    struct weigher weigher;

    weigh(&weigher, node->text);
    if (weigher.collating) {
        return yaml_fail(loader->doc, node, loader->why,
                         "collating symbols ([. .], [= =]) are not allowed in a pattern; "
                         "write the characters themselves");
    }
    if (weigher.unmatched) {
        return yaml_fail(loader->doc, node, loader->why,
                         "the pattern closes a group that it does not open; write \\) "
                         "for the character");
    }
    if (weigher.groups[0].sum > WEIGHT_MAX) {
        return yaml_fail(loader->doc, node, loader->why,
                         "the pattern repeats too much, or it repeats what may be "
                         "empty; use smaller counts in { }");
    }
    *weight = (uint32_t)weigher.groups[0].sum;
    loader->weight += *weight;
    if (loader->weight > LOAD_PATTERNS_WEIGHT) {
        return yaml_fail(loader->doc, node, loader->why,
                         "the patterns of the file, with this one, grow to more than %d "
                         "characters; use smaller counts in { }, or fewer patterns",
                         LOAD_PATTERNS_WEIGHT);
    }
    return SG_OK;
}

enum sg_status load_pattern(struct loader *loader, const struct yaml_node *node,
                            struct condition *condition)
{
    char anchored[LOAD_PATTERN_MAX + 8];
    const char *text = "";

    TRY(load_text(loader, node, &text));
    if (strlen(text) > LOAD_PATTERN_MAX) {
        return yaml_fail(loader->doc, node, loader->why,
                         "the pattern is longer than %d bytes", LOAD_PATTERN_MAX);
    }
    if (refers_back(text)) {
        return yaml_fail(loader->doc, node, loader->why,
                         "back-references (\\1) are not allowed in a pattern");
    }
    TRY(check_weight(loader, node, &condition->weight));
    TRY(check_alone(loader, node));
    struct pattern *pattern = pool_take(&loader->policy->pool, 1, sizeof(*pattern));
    if (pattern == NULL) {
        return SG_NO_MEMORY;
    }
    (void)snprintf(anchored, sizeof(anchored), "^(%s)$", text);
    TRY(compile(loader, node, anchored, &pattern->regex));
    pattern->next = loader->policy->patterns;
    loader->policy->patterns = pattern;
    condition->text = slice_str(text);
    condition->pattern = &pattern->regex;
    condition->runs = runs_read(text, &pattern->runs) ? &pattern->runs : NULL;
    return SG_OK;
}
