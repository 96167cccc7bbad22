#include <criterion/criterion.h>
#include <regex.h>
#include <stdio.h>
#include <string.h>

#include "gateway/policy/runs.h"

/* The short way through a pattern, held against regexec: which patterns may take it, and
 * that it says the same of every text. */

static struct runs read_runs(const char *pattern)
{
    struct runs runs = {0};

    cr_assert(runs_read(pattern, &runs), "%s", pattern);
    return runs;
}

static bool matches(const char *pattern, const char *text)
{
    const struct runs runs = read_runs(pattern);

    return runs_match(&runs, slice_str(text));
}

Test(policy_runs, approval_numbers_are_runs)
{
    static const char approval[] = "[A-Za-z0-9][A-Za-z0-9./_:-]{2,127}";
    char longest[130] = "";

    cr_expect(matches(approval, "ND/045/2026"));
    cr_expect(matches(approval, "a.b"));
    cr_expect_not(matches(approval, "ab"));
    cr_expect_not(matches(approval, ".ab"));
    cr_expect_not(matches(approval, "ND 045"));
    cr_expect_not(matches(approval, "ND/045\n"));
    (void)memset(longest, 'a', 128);
    cr_expect(matches(approval, longest));
    longest[128] = 'a';
    cr_expect_not(matches(approval, longest));
}

Test(policy_runs, the_whole_text_must_match)
{
    const struct runs runs = read_runs("ND");

    cr_expect(runs_match(&runs, slice_str("ND")));
    cr_expect_not(runs_match(&runs, slice_str("NDx")));
    cr_expect_not(runs_match(&runs, slice_of("ND\0x", 4)));
    cr_expect_not(runs_match(&runs, (struct slice){0}));
}

Test(policy_runs, what_needs_a_look_back_is_left_to_regexec)
{
    static const char *const patterns[] = {
        "a|b", "(a)",   "a*a",   "a{1,2}a", "[a-c]+x?b",   ".*x",  "a+b*a",
        "a**", "a{0}",  "a{,2}", "[^a]",    "[[:alpha:]]", "^a",   "a$",
        "\\w", "[a\\]", "]",     "a\\",     "\xc3\xa9",    "[]a]", "abcdefghijklmnopq"};
    struct runs runs;

    for (size_t i = 0; i < SG_COUNT(patterns); i++) {
        cr_expect_not(runs_read(patterns[i], &runs), "%s", patterns[i]);
    }
}

/* --- Random patterns --------------------------------------------------------------- */

static uint64_t state = 20261126;

static size_t pick(size_t below)
{
    state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (size_t)(state >> 33) % below;
}

static void random_pattern(char *out, size_t cap)
{
    static const char *const atoms[] = {
        "a",    "b",    "c",    "/",     "-",     "\\.",   ".",     "[ab]", "[a-c]",
        "[b/]", "[.-]", "[a-]", "[+-9]", "[(-b]", "[:a:]", "[-.a]", "(a)"};
    static const char *const counts[] = {
        "", "", "", "*", "+", "?", "{2}", "{1,3}", "{0,2}", "{2,}", "{0,}", "{3,3}"};
    size_t len = 0;
    size_t parts = pick(6);

    out[0] = '\0';
    for (size_t i = 0; i < parts; i++) {
        len +=
            (size_t)snprintf(out + len, cap - len, "%s%s", atoms[pick(SG_COUNT(atoms))],
                             counts[pick(SG_COUNT(counts))]);
    }
}

/* Of few bytes, so that many match: NUL and what is no ASCII among them, seldom. */
static size_t random_text(char *out, size_t cap)
{
    static const char bytes[] = {'a', 'b', 'c',  '/',  '-',   '.',
                                 ':', '+', '\n', '\0', '\xe9'};
    size_t len = pick(cap);
    size_t kinds = pick(4) == 0 ? sizeof(bytes) : 1 + pick(6);

    for (size_t i = 0; i < len; i++) {
        out[i] = bytes[pick(kinds)];
    }
    out[len] = '\0';
    return len;
}

static bool regexec_matches(const regex_t *regex, const char *text, size_t len)
{
    regmatch_t span = {.rm_so = 0, .rm_eo = (regoff_t)len};

    return regexec(regex, text, 1, &span, REG_STARTEND) == 0;
}

/* Returns how many of the texts matched. */
static size_t compare(const char *pattern, const struct runs *runs)
{
    enum { TEXTS = 100 };
    char anchored[128];
    char text[12];
    size_t matched = 0;
    regex_t regex;

    (void)snprintf(anchored, sizeof(anchored), "^(%s)$", pattern);
    cr_assert_eq(regcomp(&regex, anchored, REG_EXTENDED | REG_NOSUB), 0, "%s", anchored);
    for (int i = 0; i < TEXTS; i++) {
        size_t len = random_text(text, sizeof(text));
        bool wanted = regexec_matches(&regex, text, len);
        cr_assert_eq(runs_match(runs, slice_of(text, len)), wanted, "'%s' and '%s'",
                     pattern, text);
        matched += wanted ? 1 : 0;
    }
    regfree(&regex);
    return matched;
}

Test(policy_runs, they_say_what_regexec_says)
{
    enum { PATTERNS = 3000 };
    size_t taken = 0;
    size_t matched = 0;

    for (int i = 0; i < PATTERNS; i++) {
        char pattern[64];
        struct runs runs;
        random_pattern(pattern, sizeof(pattern));
        if (runs_read(pattern, &runs)) {
            taken++;
            matched += compare(pattern, &runs);
        }
    }
    cr_expect_gt(taken, PATTERNS / 5, "%zu", taken);
    cr_expect_gt(matched, PATTERNS, "%zu", matched);
}
