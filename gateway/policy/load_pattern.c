#include <stdio.h>

#include "gateway/policy/load.h"

/* Patterns are POSIX extended regular expressions over the whole value. */

enum { REPEATS_MAX = 4096 };

/* The larger number of "{2,5}"; "{2,}" is unrolled to two and a loop. */
static uint64_t count_of(const char *braces)
{
    uint64_t count = 0;
    uint64_t most = 1;
    const char *c = braces + 1;

    for (; *c != '\0' && *c != '}'; c++) {
        bool digit = *c >= '0' && *c <= '9';
        count = digit ? count * 10 + (uint64_t)(*c - '0') : 0;
        count = count < REPEATS_MAX ? count : REPEATS_MAX;
        most = count > most ? count : most;
    }
    return most + (c[-1] == ',' ? 1 : 0);
}

/* Into how many copies of what stands in front of it glibc unrolls a repetition. A "+" is
 * one copy and a loop; it multiplies only what can itself be long: a group, or what was
 * repeated already. */
static uint64_t copies(const char *pattern, size_t at)
{
    if (pattern[at] == '{') {
        return count_of(pattern + at);
    }
    bool on_more = at > 0 && strchr(")+*?}", pattern[at - 1]) != NULL;
    return pattern[at] == '+' && on_more ? 2 : 1;
}

/* Nested repetitions multiply; the product of all bounds what a pattern can grow to. */
static uint64_t repeats(const char *pattern)
{
    uint64_t product = 1;

    for (size_t at = 0; pattern[at] != '\0' && product <= REPEATS_MAX; at++) {
        product *= copies(pattern, at);
    }
    return product;
}

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
    if (repeats(text) > REPEATS_MAX) {
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
