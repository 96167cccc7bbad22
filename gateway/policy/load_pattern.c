#include <stdio.h>

#include "gateway/policy/load.h"

/* Patterns are POSIX extended regular expressions over the whole value. */

enum { WEIGHT_MAX = 2048, COUNT_MAX = 32767 };

/* --- What a pattern grows to ----------------------------------------------------- */

/* glibc unrolls repetitions: "a{9}" into nine, "(a+)+" into four. The weight of a pattern
 * is the number of its characters and sets after that; it bounds memory at loading and
 * time at each judgement. */
struct weigher {
    uint64_t sums[LOAD_PATTERN_MAX + 1]; /* of each group that is open */
    size_t depth;
    uint64_t last; /* of what a repetition would repeat; part of the innermost sum */
};

static uint64_t bounded(uint64_t weight)
{
    return weight > WEIGHT_MAX ? WEIGHT_MAX + 1 : weight;
}

static void add(struct weigher *weigher, uint64_t weight)
{
    uint64_t *sum = &weigher->sums[weigher->depth];

    weigher->last = weight;
    *sum = bounded(*sum + weight);
}

static void repeat(struct weigher *weigher, uint64_t times)
{
    uint64_t *sum = &weigher->sums[weigher->depth];

    *sum = bounded(*sum + weigher->last * (times - 1));
    weigher->last = bounded(weigher->last * times);
}

static void open_group(struct weigher *weigher)
{
    weigher->last = 0;
    weigher->sums[++weigher->depth] = 0;
}

/* One too many is for the compiler to refuse. */
static void close_group(struct weigher *weigher)
{
    if (weigher->depth > 0) {
        uint64_t weight = weigher->sums[weigher->depth--];
        add(weigher, weight == 0 ? 1 : weight);
    }
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

/* The last character of a set: "[]a]", "[^]]", "[[:digit:]]". */
static const char *end_of_set(const char *open)
{
    const char *at = open + (open[1] == '^' ? 2 : 1);

    at += *at == ']' ? 1 : 0;
    while (*at != '\0' && *at != ']') {
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
    case '*':
    case '?':
        return at;
    case '+':
        repeat(weigher, 2);
        return at;
    case '{':
        repeat(weigher, count_of(at));
        return at + strcspn(at, "}") - (strchr(at, '}') == NULL ? 1 : 0);
    case '[':
        add(weigher, 1);
        return end_of_set(at);
    default:
        add(weigher, 1);
        return at + (at[0] == '\\' && at[1] != '\0' ? 1 : 0);
    }
}

static bool is_heavy(const char *pattern)
{
    struct weigher weigher = {.depth = 0};

    for (const char *at = pattern; *at != '\0'; at++) {
        at = weigh_one(&weigher, at);
    }
    while (weigher.depth > 0) {
        close_group(&weigher);
    }
    return weigher.sums[0] > WEIGHT_MAX;
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
    if (is_heavy(text)) {
        return yaml_fail(loader->doc, node, loader->why,
                         "the pattern repeats too much; use smaller counts in { }");
    }
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
    return SG_OK;
}
