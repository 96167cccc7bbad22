#include "gateway/policy/compare.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/unit/policy/support/parse.h"

/* What two policies say differently. No change may stay untold: neither by its length nor
 * by what its text looks like. */

#define RULE(require) RULE_OF("", require)
#define RULE_OF(when, require)                                                           \
    "  - {id: R1, cp: \"1\", level: soft, " when "require: " require ", deny: NO}\n"
#define PLAIN "rules:\n" RULE("{key.class: seal}")

/* All differences, one a line: "rule what: before -> after". */
struct told {
    char *text;
    size_t len;
    FILE *out;
};

static void tell(void *context, const struct policy_difference *difference)
{
    const struct told *told = context;

    (void)fprintf(told->out, "%s %s: %s -> %s\n", difference->rule, difference->what,
                  difference->before == NULL ? "none" : difference->before,
                  difference->after == NULL ? "none" : difference->after);
}

static struct policy *parse(const char *text)
{
    struct policy *policy = NULL;
    struct sg_error why = {0};

    cr_assert_eq(policy_parse(slice_str(text), "p.yaml", &policy, &why), SG_OK, "%s",
                 why.text);
    return policy;
}

/* The caller frees it. */
static char *differences(const char *before, const char *after)
{
    struct policy *old = parse(before);
    struct policy *new = parse(after);
    struct told told = {0};

    told.out = open_memstream(&told.text, &told.len);
    size_t count = policy_compare(old, new, tell, &told);
    (void)fclose(told.out);
    cr_expect_eq(count == 0, told.len == 0);
    policy_free(old);
    policy_free(new);
    return told.text;
}

static void expect_told(const char *before, const char *after, const char *wanted)
{
    char *text = differences(before, after);

    cr_expect_not_null(strstr(text, wanted), "%.400s\nwanted %s", text, wanted);
    free(text);
}

static void expect_nothing(const char *before, const char *after)
{
    char *text = differences(before, after);

    cr_expect_str_eq(text, "");
    free(text);
}

/* count fingerprints between what begins and what ends a file. The caller frees it. */
static char *with_hashes(const char *begin, size_t count, const char *end)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);

    (void)fputs(begin, out);
    for (size_t i = 0; i < count; i++) {
        (void)fprintf(out, "%s\"sha256:%064zx\"", i > 0 ? ", " : "", i);
    }
    (void)fputs(end, out);
    (void)fclose(out);
    return text;
}

static void one_more_is_told(const char *begin, const char *end, const char *wanted)
{
    enum { MANY = 920 }; /* more than 64 KiB */
    char *before = with_hashes(begin, MANY, end);
    char *after = with_hashes(begin, MANY + 1, end);

    expect_nothing(before, before);
    expect_told(before, after, wanted);
    free(before);
    free(after);
}

#define EXCEPTION(match, more)                                                           \
    "exceptions:\n  - {rule: R1, match: " match ", until: 2026-12-31, " more "}\n"
#define BY "approved_by: [g1, g2], reason: why"

Test(policy_compare, a_change_behind_much_text_is_told)
{
    one_more_is_told(HEAD "rules:\n  - {id: R1, cp: \"1\", level: soft, require: "
                          "{caller.cert_fp: {in: [",
                     "]}}, deny: NO}\n", "R1 demands: ");
    one_more_is_told(HEAD PLAIN "exceptions:\n  - {rule: R1, match: {caller.cert_fp: "
                                "{in: [",
                     "]}}, until: 2026-12-31, " BY "}\n", "- exception: R1 until ");
    one_more_is_told(HEAD "rules:\n" RULE("{caller.cert_fp: {in: l}}") "lists: {l: [",
                     "]}\n", "- list: l sha256:");
}

Test(policy_compare, a_change_at_the_end_of_a_long_text_is_told)
{
    char before[4096];
    char after[4096];

    (void)snprintf(before, sizeof(before), HEAD PLAIN "lists: {l: [x%02000d]}\n", 1);
    (void)snprintf(after, sizeof(after), HEAD PLAIN "lists: {l: [x%02000d]}\n", 2);
    expect_told(before, after, "- list: l x0");
}

/* A long list is not written again by each rule: its name is, and so another list. */
Test(policy_compare, another_long_list_is_told)
{
    char *before = with_hashes(
        HEAD "rules:\n" RULE("{caller.cert_fp: {in: a}}") "lists: {a: [", 99,
        "], b: [\"sha256:"
        "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff\"]}\n");
    char *after = strdup(before);

    strstr(after, "in: a")[4] = 'b';
    expect_told(before, after,
                "R1 demands: require caller.cert_fp one of a -> require caller.cert_fp "
                "one of b [sha256:ff");
    free(before);
    free(after);
}

Test(policy_compare, who_approved_an_exception_and_why_is_told)
{
    static const char before[] = HEAD PLAIN EXCEPTION("{key.id: a}", BY);

    expect_nothing(before, before);
    expect_told(before,
                HEAD PLAIN EXCEPTION("{key.id: a}", "approved_by: [g1, g3], reason: why"),
                "approved by g1, g3; reason why\n");
    expect_told(
        before,
        HEAD PLAIN EXCEPTION("{key.id: a}", "approved_by: [g1, g2], reason: other"),
        "approved by g1, g2; reason other\n");
}

#define TESTS(class, name)                                                               \
    "bases: {b: {key.class: " class "}}\n"                                               \
                                    "tests:\n  - {name: " name                           \
                                    ", base: b, now: 2026-05-02, expect: {decision: "    \
                                    "allow}}\n"

Test(policy_compare, what_tests_say_is_told)
{
    static const char any[] = "rules:\n" RULE("{key.class: {exists: true}}");
    char before[2048];
    char after[2048];

    (void)snprintf(before, sizeof(before), HEAD "%s" TESTS("seal", "t"), any);
    (void)snprintf(after, sizeof(after), HEAD "%s" TESTS("seal", "u"), any);
    expect_told(before, after, "- tests: 1 sha256:");
    (void)snprintf(after, sizeof(after), HEAD "%s" TESTS("signature", "t"), any);
    expect_told(before, after, "- tests: 1 sha256:");
    (void)snprintf(after, sizeof(after),
                   HEAD "%s# said otherwise\n" TESTS("\"seal\"", "t"), any);
    expect_nothing(before, after);
}

/* Each pair reads the same where its texts are not told from the words around them. */
Test(policy_compare, texts_that_look_like_the_dump_hide_nothing)
{
    expect_told(HEAD "rules:\n" RULE_OF("when: {key.id: x}, ",
                                        "{job.batch: \"y; require job.alg = z\"}"),
                HEAD "rules:\n" RULE_OF("when: {key.id: \"x; require job.batch = y\"}, ",
                                        "{job.alg: z}"),
                "R1 demands: ");
    expect_told(HEAD PLAIN EXCEPTION("{key.id: \"a; approved by g1; reason x\"}", BY),
                HEAD PLAIN EXCEPTION("{key.id: a}",
                                     "approved_by: [g1], reason: \"x; approved by "
                                     "g1, g2; reason why\""),
                "- exception: R1");
    expect_told(HEAD PLAIN "notice: {statement: {id: Satu, en: One}}\n",
                HEAD PLAIN "notice: {statement: {id: One, en: Satu}}\n",
                "- statement: id Satu -> none");
}
