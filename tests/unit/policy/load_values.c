#include <criterion/criterion.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/unit/policy/support/parse.h"

/* What values a policy file may give to facts, and how much of them: a file of 1 MiB must
 * not take gigabytes, or minutes. */

#define RULE                                                                             \
    "rules:\n  - {id: R1, cp: \"1\", level: hard, require: {key.class: seal}, deny: "    \
    "NO}\n"
#define TEST(fields) RULE "tests:\n  - {name: t, now: 2026-05-02, " fields "}\n"

static void require_refused(const char *require, unsigned column, const char *holds)
{
    char rest[512];
    char begins[32];

    /* What follows "require: " stands in column 13 of line 8. */
    (void)snprintf(rest, sizeof(rest),
                   "rules:\n  - id: R1\n    cp: \"1\"\n    require: %s\n    level: hard\n"
                   "    deny: NO\n",
                   require);
    (void)snprintf(begins, sizeof(begins), "p.yaml:8:%u: ", column);
    refused(rest, begins, holds);
}

/* One line of the dump could look like two. */
Test(policy_load_values, values_are_one_line_of_bounded_length)
{
    char require[5000];

    require_refused("{job.batch: \"a\\nrule b\"}", 26, "without control characters");
    require_refused("{job.batch: {in: [\"a\\u2028b\"]}}", 32,
                    "without control characters");
    refused(RULE "lists: {a: [\"x\\u2028y\"]}\n", "p.yaml:7:13: ", "one line");
    refused(TEST("input: {job.batch: \"a\\nb\"}, expect: {decision: allow}"),
            "p.yaml:8:51: ", "one line");
    (void)snprintf(require, sizeof(require),
                   "rules:\n  - {id: R1, cp: \"1\", level: hard, "
                   "require: {job.batch: a%04096d}, deny: NO}\n",
                   0);
    refused(require, "p.yaml:6:", "at most 4096 bytes");
}

/* A rule that asks for what a fact never is would never apply. */
Test(policy_load_values, closed_facts_have_their_words_only)
{
    require_refused("{job.profile: pades-b-t}", 28,
                    "unknown job.profile 'pades-b-t'; did you mean 'pades_b_t'?");
    require_refused("{job.profile: {ne: pades}}", 33, "unknown job.profile 'pades'");
    require_refused("{clock.weekday: {not_in: [sun, monday]}}", 45, "'monday'");
    require_refused("{caller.roles: {subset: [backend, oficer]}}", 48, "'officer'?");
    refused(
        "rules:\n  - {id: R1, cp: \"1\", level: hard, require: {status.source: {in: l}}, "
        "deny: NO}\nlists: {l: [crl, ocps]}\n",
        "p.yaml:7:18: ", "unknown status.source 'ocps'; did you mean 'ocsp'?");
    refused(TEST("input: {key.class: seel}, expect: {decision: deny}"),
            "p.yaml:8:51: ", "did you mean 'seal'?");
    refused(TEST("input: {caller.auth: [mtl]}, expect: {decision: deny}"),
            "p.yaml:8:54: ", "did you mean 'mtls'?");
    policy_free(lawful(TEST("input: {key.class: seal, caller.auth: [bearer]}, expect: "
                            "{decision: allow}")));
    policy_free(one_rule("{job.profile: {ne: raw, exists: true, matches: \"pades.*\"}}"));
    policy_free(one_rule("{key.type: {not_in: [rsa-pss, unknown]}}"));
    policy_free(one_rule("{job.hash_alg: sha1, token.model: any}"));
}

/* --- Limits ------------------------------------------------------------------------ */

/* A file that is written by the test. */
struct file {
    char *text;
    size_t len;
    FILE *out;
};

static struct file *begin(void)
{
    static struct file file;

    file = (struct file){0};
    file.out = open_memstream(&file.text, &file.len);
    (void)fputs(HEAD, file.out);
    return &file;
}

static void put_words(FILE *out, const char *word, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        (void)fprintf(out, "%s%s%zu", i > 0 ? ", " : "[", word, i);
    }
    (void)fputs("]", out);
}

static void put_rules(FILE *out, size_t count, const char *require)
{
    (void)fputs("rules:\n", out);
    for (size_t i = 0; i < count; i++) {
        (void)fprintf(out,
                      "  - {id: R%zu, cp: \"1\", level: hard, require: %s, deny: NO}\n",
                      i, require);
    }
}

static void put_tests(FILE *out, size_t count)
{
    (void)fputs("tests:\n", out);
    for (size_t i = 0; i < count; i++) {
        (void)fputs(
            "  - {name: t, base: b, now: 2026-05-02, expect: {decision: allow}}\n", out);
    }
}

static void too_much(struct file *file, const char *holds)
{
    (void)fclose(file->out);
    refused_whole(file->text, "p.yaml:", holds);
    free(file->text);
}

static size_t in_use(void)
{
    struct mallinfo2 info = mallinfo2();

    return info.uordblks + info.hblkhd;
}

/* What the loaded policy takes, in MiB. */
static size_t taken(struct file *file)
{
    struct policy *policy = NULL;
    struct sg_error why = {0};

    (void)fclose(file->out);
    size_t before = in_use();
    cr_assert_eq(policy_parse(slice_str(file->text), "p.yaml", &policy, &why), SG_OK,
                 "%s", why.text);
    size_t mib = (in_use() - before) >> 20;
    policy_free(policy);
    free(file->text);
    return mib;
}

Test(policy_load_values, a_set_has_a_limit)
{
    for (size_t more = 0; more < 2; more++) {
        struct file *file = begin();
        put_rules(file->out, 1, "{job.meta_keys: {exists: true}}");
        (void)fputs("bases: {b: {job.meta_keys: ", file->out);
        put_words(file->out, "w", 256 + more);
        (void)fputs("}}\n", file->out);
        put_tests(file->out, 1);
        if (more == 0) {
            cr_expect_lt(taken(file), 16);
        } else {
            too_much(file, "at most 256 entries, found are 257");
        }
    }
}

Test(policy_load_values, a_base_is_read_once)
{
    static const char *const sets[] = {"caller.keys", "cert.eku", "job.meta_keys",
                                       "key.allowed_classes"};
    struct file *file = begin();

    put_rules(file->out, 1, "{job.meta_keys: {exists: true}}");
    (void)fputs("bases:\n  b:\n", file->out);
    for (size_t i = 0; i < SG_COUNT(sets); i++) {
        (void)fprintf(file->out, "    %s: ", sets[i]);
        put_words(file->out, "w", 256);
        (void)fputs("\n", file->out);
    }
    put_tests(file->out, 3000);
    cr_expect_lt(taken(file), 24);
}

Test(policy_load_values, a_list_is_read_once_however_many_rules_use_it)
{
    struct file *file = begin();

    (void)fputs("lists:\n  n: ", file->out);
    put_words(file->out, "1", 4000);
    (void)fputs("\n  h: [", file->out);
    for (size_t i = 0; i < 4000; i++) {
        (void)fprintf(file->out, "%s\"sha256:%064zx\"", i > 0 ? ", " : "", i);
    }
    (void)fputs("]\n", file->out);
    put_rules(file->out, 1000, "{caller.cert_fp: {in: h}, job.digest_len: {in: n}}");
    cr_expect_lt(taken(file), 24);
}

Test(policy_load_values, lists_and_patterns_have_a_limit)
{
    struct file *file = begin();

    (void)fputs("lists:\n", file->out);
    for (size_t i = 0; i < 1001; i++) {
        (void)fprintf(file->out, "  l%zu: [a]\n", i);
    }
    put_rules(file->out, 1, "{key.class: seal}");
    too_much(file, "at most 1000 lists, found are 1001");
    file = begin();
    put_rules(file->out, 40, "{job.id: {matches: \"a{1000}\"}}");
    too_much(file, "grow to more than 32768 characters");
    file = begin();
    put_rules(file->out, 30, "{job.id: {matches: \"a{1000}\"}}");
    cr_expect_lt(taken(file), 64);
}

Test(policy_load_values, work_of_tests_has_a_limit)
{
    for (size_t tests = 100; tests <= 1000; tests += 900) {
        struct file *file = begin();
        (void)fputs("lists:\n  l: ", file->out);
        put_words(file->out, "w", 5000);
        (void)fputs("\n", file->out);
        put_rules(file->out, 100, "{job.batch: {in: l}}");
        (void)fputs("bases: {b: {job.batch: w4999}}\n", file->out);
        put_tests(file->out, tests);
        if (tests == 100) {
            cr_expect_lt(taken(file), 24);
        } else {
            too_much(file, "more than 100000000 comparisons");
        }
    }
}
