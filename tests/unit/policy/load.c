#include <criterion/criterion.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/unit/policy/support/parse.h"

/* What a policy file may not hold, and where the sentence points. */

#define RULE                                                                             \
    "rules:\n  - {id: R1, cp: \"1\", level: hard, require: {key.class: seal}, deny: "    \
    "NO}\n"

Test(policy_load, head_is_kept)
{
    struct policy *policy = lawful(
        RULE "notice: {statement: {id: Satu, en: One}, verify_url: \"https://x.id/\"}\n"
             "lists: {algs: [a, b]}\n");
    const struct policy_info *info = policy_info(policy);
    size_t count = 0;
    const struct slice *algs = policy_list(policy, "algs", &count);

    cr_expect_str_eq(info->id, "p");
    cr_expect_eq(info->version, 1);
    cr_expect_not(info->production);
    cr_expect_eq(info->effective_us, INT64_C(1767200400) * 1000000);
    cr_expect_str_eq(info->statement_id, "Satu");
    cr_expect_str_eq(info->statement_en, "One");
    cr_expect_str_eq(info->verify_url, "https://x.id/");
    cr_expect_eq(info->agreement_until_us, 0);
    cr_expect_str_eq(info->agreement_no, "");
    cr_assert_eq(count, 2);
    cr_expect(slice_equal(algs[1], slice_str("b")));
    cr_expect_null(policy_list(policy, "none", &count));
    cr_expect_eq(count, 0);
    policy_free(policy);
}

Test(policy_load, digest_is_that_of_the_bytes)
{
    static const char text[] = HEAD RULE;
    uint8_t expected[32];
    struct policy *policy = lawful(RULE);

    cr_assert_eq(EVP_Digest(text, strlen(text), expected, NULL, EVP_sha256(), NULL), 1);
    cr_expect_eq(memcmp(policy_info(policy)->sha256, expected, sizeof(expected)), 0);
    policy_free(policy);
}

Test(policy_load, unknown_fields_are_refused_with_the_nearest)
{
    refused(RULE "ruls: []\n",
            "p.yaml:7:1: ", "unknown field 'ruls'; did you mean 'rules'?");
    refused("rules:\n  - {id: R1, cp: \"1\", levle: hard}\n",
            "p.yaml:6:23: ", "did you mean 'level'?");
    refused(RULE "notice: {statment: x}\n", "p.yaml:7:10: ", "did you mean 'statement'?");
    refused(RULE "defaults: {on_eror: deny}\n",
            "p.yaml:7:12: ", "did you mean 'on_error'?");
    refused(RULE "colour: red\n", "p.yaml:7:1: ", "allowed are apiVersion, kind");
}

Test(policy_load, duplicates_are_refused)
{
    refused(RULE "profile: test\n", "p.yaml:7:1: ", "already given in line 4");
    refused(
        "rules:\n"
        "  - {id: R1, cp: \"1\", level: hard, require: {key.class: seal}, deny: NO}\n"
        "  - {id: R1, cp: \"1\", level: hard, require: {key.class: seal}, deny: NO}\n",
        "p.yaml:7:10: ", "already a rule 'R1'");
    refused("rules:\n"
            "  - {id: R1, cp: \"1\", level: hard, require: {key.class: a, key.class: b}, "
            "deny: NO}\n",
            "p.yaml:6:60: ", "already given");
    refused(RULE "lists: {a: [x, y, x]}\n", "p.yaml:7:19: ", "listed twice");
}

Test(policy_load, missing_fields_are_named)
{
    refused("", "p.yaml:1:1: ", "'rules' is missing");
    refused("rules: []\n", "p.yaml:5:8: ", "1 to 1000 entries");
    refused("rules:\n  - {id: R1, level: hard, require: {key.class: seal}, deny: NO}\n",
            "p.yaml:6:5: ", "'cp' is missing");
    refused("rules:\n  - {id: R1, cp: \"1\", require: {key.class: seal}, deny: NO}\n",
            "p.yaml:6:5: ", "'level' is missing");
    refused("rules:\n  - {id: R1, cp: \"1\", level: hard, deny: NO}\n",
            "p.yaml:6:5: ", "'require' is missing");
    refused("rules:\n  - {id: R1, cp: \"1\", level: hard, require: {key.class: seal}}\n",
            "p.yaml:6:5: ", "'deny' is missing");
    refused(RULE "notice: {statement: {id: Satu}}\n", "p.yaml:7:21: ", "'en' is missing");
}

static void head_refused(const char *from, const char *to, const char *begins,
                         const char *holds)
{
    static const char head[] = HEAD RULE;
    char text[2048];
    const char *at = strstr(head, from);

    cr_assert_not_null(at);
    (void)snprintf(text, sizeof(text), "%.*s%s%s", (int)(at - head), head, to,
                   at + strlen(from));
    refused_whole(text, begins, holds);
}

/* One that was written with a zero too many is not the end. */
Test(policy_load, a_version_above_a_million_can_be_followed)
{
    static const char text[] =
        "apiVersion: segel/v1\nkind: CertificatePolicy\nmetadata: {id: p, version: "
        "202611281530, effective: 2026-01-01, review_by: 2027-01-01}\nprofile: "
        "test\n" RULE;
    struct policy *policy = NULL;
    struct sg_error why = {0};

    cr_assert_eq(policy_parse(slice_str(text), "p", &policy, &why), SG_OK, "%s",
                 why.text);
    cr_expect_eq(policy_info(policy)->version, INT64_C(202611281530));
    policy_free(policy);
}

Test(policy_load, each_field_of_the_head_is_checked)
{
    head_refused("segel/v1", "segel/v2", "p.yaml:1:13: ", "did you mean 'segel/v1'?");
    head_refused("CertificatePolicy", "Policy", "p.yaml:2:7: ", "CertificatePolicy");
    head_refused("id: p,", "id: \"a b\",", "p.yaml:3:16: ", "not a name");
    head_refused("version: 1", "version: 0", "p.yaml:3:28: ", "from 1 to");
    head_refused("version: 1", "version: \"1\"", "p.yaml:3:28: ", "remove the quotes");
    head_refused("version: 1", "version: 9007199254740992", "p.yaml:3:28: ", "from 1 to");
    head_refused("version: 1", "version: 9007199254740991",
                 "p.yaml:3:28: ", "no policy could follow version 9007199254740991");
    head_refused("2026-01-01", "2026-01-01T00:00:00", "p.yaml:3:42: ", "with its zone");
    head_refused("2027-01-01", "2025-01-01", "p.yaml:3:11: ", "later than effective");
    head_refused("profile: test", "profile: prod",
                 "p.yaml:4:10: ", "allowed are test, production");
    head_refused("profile: test", "profile: produktion",
                 "p.yaml:4:10: ", "did you mean 'production'?");
    head_refused(
        "review_by: 2027-01-01",
        "review_by: 2027-01-01, agreement: {no: x, from: 2026-01-02, until: 2026-01-01}",
        "p.yaml:3:88: ", "ends before it begins");
    head_refused("review_by: 2027-01-01",
                 "review_by: 2027-01-01, cp_document: {title: x, sha256: abc}",
                 "p.yaml:3:109: ", "64 hexadecimal digits");
    refused(RULE "defaults: {on_error: allow}\n", "p.yaml:7:22: ", "deny");
    refused(RULE "notice: {statement: {id: a, en: b}, verify_url: \"http://x\"}\n",
            "p.yaml:7:49: ", "https://");
    refused(RULE "notice: {statement: {id: \"a\\nb\", en: b}}\n",
            "p.yaml:7:26: ", "one line");
}

static void require_refused(const char *require, unsigned column, const char *holds)
{
    char rest[512];
    char begins[32];

    /* What follows "require: " stands in column 13 of line 8. */
    (void)snprintf(rest, sizeof(rest),
                   "rules:\n  - id: R1\n    cp: \"1\"\n    require: %s\n    level: hard\n"
                   "    deny: NO\nlists: {algs: [a, b]}\n",
                   require);
    (void)snprintf(begins, sizeof(begins), "p.yaml:8:%u: ", column);
    refused(rest, begins, holds);
}

Test(policy_load, facts_operators_and_types_are_checked)
{
    require_refused("{key.rsa_bit: 1}", 15, "did you mean 'key.rsa_bits'?");
    require_refused("{key.rsa_bits: {gte: 1}}", 30, "did you mean 'ge'?");
    require_refused("{key.class: {ge: 1}}", 27, "which is a text; use one of eq, ne, in");
    require_refused("{key.local: {in: [a]}}", 27, "which is a bool");
    require_refused("{cert.eku: {eq: a}}", 26,
                    "which is a set; use one of subset, exists");
    require_refused("{cert.eku: a}", 25, "which is a set");
    require_refused("{key.class: [a]}", 26, "use one of");
    require_refused("{key.class: {}}", 26, "operator is missing");
    require_refused("{}", 14, "at least one");
    require_refused("seal", 14, "a map");
    require_refused("{key.local: yes}", 26, "true or false");
    require_refused("{key.rsa_bits: 010}", 29, "whole number");
    require_refused("{key.rsa_bits: \"2048\"}", 29, "remove the quotes");
    require_refused("{clock.now: {le: 2026-05-02T08:00:00}}", 31, "with its zone");
    require_refused("{clock.now: {le: cert.serial}}", 31, "date");
    require_refused("{caller.cert_fp: \"sha256:12\"}", 31, "64 hexadecimal digits");
    require_refused("{job.alg: {in: alg}}", 29,
                    "unknown list 'alg'; did you mean 'algs'?");
    require_refused("{job.alg: {in: []}}", 29, "1 to 10000");
    refused("rules:\n  - {id: R1, cp: \"1\", level: hard, require: {key.rsa_bits: {in: "
            "algs}}, deny: NO}\nlists: {algs: [a, b]}\n",
            "p.yaml:7:16: ", "whole number");
}

Test(policy_load, bounds_are_two_and_in_order)
{
    require_refused("{key.rsa_bits: {between: [1]}}", 39, "two bounds");
    require_refused("{key.rsa_bits: {between: 1}}", 39, "two bounds");
    require_refused("{key.rsa_bits: {between: [2, 1]}}", 39, "nothing could ever pass");
}

Test(policy_load, patterns_are_tamed)
{
    char pattern[400];

    require_refused("{job.id: {matches: \"(a\"}}", 33, "regular expression");
    require_refused("{job.id: {matches: \"a)|(b\"}}", 33, "does not open");
    require_refused("{job.id: {matches: \"a)|b\"}}", 33, "does not open");
    require_refused("{job.id: {matches: \"[[.].](]a)|b.*\"}}", 33, "collating symbols");
    require_refused("{job.id: {matches: \"[^a[=(=]]\"}}", 33, "collating symbols");
    require_refused("{job.id: {matches: \"(a)\\\\1\"}}", 33, "back-references");
    require_refused("{job.id: {matches: \"((a{99}){99}){99}\"}}", 33, "repeats too much");
    require_refused("{job.id: {matches: \"((a{2,}){2000,}){1,}\"}}", 33,
                    "repeats too much");
    (void)snprintf(pattern, sizeof(pattern), "{job.id: {matches: \"%0300d\"}}", 0);
    require_refused(pattern, 33, "longer than 256");
}

/* glibc doubles a group for each "+" around it: forty take all memory there is. */
Test(policy_load, repetitions_of_repetitions_are_refused)
{
    enum { DEPTH = 18 }; /* 0.2 s and 190 MB, where it is not refused */
    char begin[DEPTH + 1] = "";
    char end[2 * DEPTH + 1] = "";
    char require[400];

    for (size_t i = 0; i < DEPTH; i++) {
        begin[i] = '(';
        end[2 * i] = '+';
        end[2 * i + 1] = ')';
    }
    (void)snprintf(require, sizeof(require), "{job.id: {matches: \"%sa%s\"}}", begin,
                   end);
    require_refused(require, 33, "repeats too much");
    require_refused("{job.id: {matches: \"a++++++++++++++++++\"}}", 33,
                    "repeats too much");
    require_refused("{job.id: {matches: \"(a?){1,3000}\"}}", 33, "repeats too much");
    require_refused("{job.id: {matches: \"((){99}){99}\"}}", 33, "repeats too much");
    require_refused("{job.id: {matches: \"([^]{(]{64}){64}\"}}", 33, "repeats too much");
}

/* "a?*{1,30}" and "(a?){1,1000}" kept the loader busy for longer than anybody waited. */
Test(policy_load, repetitions_of_what_may_be_empty_are_refused)
{
    static const char *const patterns[] = {"a?*{1,9}",     "(a?){2}",       "(a*|b)+",
                                           "(|a){2,}",     "(a{0,2}b?){3}", "(^){9}",
                                           "((a?)(b*)){2}"};
    char require[200];

    for (size_t i = 0; i < SG_COUNT(patterns); i++) {
        (void)snprintf(require, sizeof(require), "{job.id: {matches: \"%s\"}}",
                       patterns[i]);
        require_refused(require, 33, "what may be empty");
    }
}

/* One behind the other, they do not multiply; in a set they are characters. */
Test(policy_load, repetitions_side_by_side_are_allowed)
{
    static const char *const patterns[] = {
        "([A-Z]+[0-9]+-)+[a-z]+[0-9]+[a-z]+[0-9]+",
        "[A-Z]{1,99}[0-9]{1,99}[a-z]{1,99}",
        "([A-Z]{1,30} ?){1,20}",
        "(a?b|c)+(d?)*(e*)?",
        "[]{9999}+(]{1,2000}",
        "[[:alpha:]{9999}(]{1,2000}",
        "\\\\({1,9}a",
    };
    char require[200];

    for (size_t i = 0; i < SG_COUNT(patterns); i++) {
        (void)snprintf(require, sizeof(require), "{job.id: {matches: \"%s\"}}",
                       patterns[i]);
        policy_free(one_rule(require));
    }
}

Test(policy_load, levels_modes_and_codes_are_words_of_the_list)
{
    refused("rules:\n  - {id: R1, cp: \"1\", level: heard, require: {job.batch: a}, "
            "deny: NO}\n",
            "p.yaml:6:30: ", "did you mean 'hard'?");
    refused("rules:\n  - {id: R1, cp: \"1\", level: hard, mode: shadwo, require: "
            "{job.batch: a}, deny: NO}\n",
            "p.yaml:6:42: ", "did you mean 'shadow'?");
    refused("rules:\n  - {id: R1, cp: \"1\", level: hard, require: {job.batch: a}, deny: "
            "no}\n",
            "p.yaml:6:67: ", "not a deny code");
}

Test(policy_load, catalogue_rules_do_not_get_milder)
{
    refused("rules:\n  - {id: CP-6.2-02, cp: \"1\", level: soft, require: {job.batch: "
            "a}, deny: NO}\n",
            "p.yaml:6:37: ", "CP-6.2-02 must be hard");
    policy_free(lawful("rules:\n  - {id: CP-6.2-04, cp: \"1\", level: hard, require: "
                       "{job.batch: a}, deny: NO}\n"));
}

Test(policy_load, production_wants_hard_rules_in_force)
{
    static const char *const modes[] = {"shadow", "off"};
    char rule[256];

    for (size_t i = 0; i < SG_COUNT(modes); i++) {
        (void)snprintf(rule, sizeof(rule),
                       "id: R1, cp: \"1\", level: hard, mode: %s, require: "
                       "{job.batch: a}, deny: NO}\n",
                       modes[i]);
        char text[1024];
        (void)snprintf(text, sizeof(text), "%.*sproduction\nrules:\n  - {%s",
                       (int)(strlen(HEAD) - strlen("test\n")), HEAD, rule);
        refused_whole(text, "p.yaml:6:5: ", "R1 is hard");
    }
    head_refused("profile: test\n", "profile: production\ndefaults: {mode: shadow}\n",
                 "p.yaml:7:5: ", "R1 is hard");
}

#define SOFT                                                                             \
    "rules:\n  - {id: R1, cp: \"1\", level: soft, require: {key.class: seal}, deny: "    \
    "NO}\n"
#define EXCEPTION(fields) "exceptions:\n  - {" fields "}\n"

Test(policy_load, exceptions_end_and_lift_soft_rules_only)
{
    refused(SOFT EXCEPTION("rule: R1, match: {key.id: a}, approved_by: [g1], reason: x"),
            "p.yaml:8:5: ", "'until' is missing");
    refused(SOFT EXCEPTION("rule: R2, match: {key.id: a}, until: 2026-12-31, "
                           "approved_by: [g1], reason: x"),
            "p.yaml:8:12: ", "unknown rule 'R2'");
    refused(SOFT EXCEPTION("rule: R1, match: {key.id: a}, until: 2026-12-31, reason: x"),
            "p.yaml:8:5: ", "'approved_by' is missing");
    refused(SOFT EXCEPTION("rule: R1, match: {}, until: 2026-12-31, approved_by: [g1], "
                           "reason: x"),
            "p.yaml:8:23: ", "at least one");
    refused(RULE EXCEPTION("rule: R1, match: {key.id: a}, until: 2026-12-31, "
                           "approved_by: [g1], reason: x"),
            "p.yaml:8:12: ", "soft rules only");
    refused(
        SOFT EXCEPTION("rule: R1, match: {policy.signatures: {exists: false}}, until: "
                       "2026-12-31, approved_by: [g1], reason: x"),
        "p.yaml:8:23: ", "'policy.signatures', which this gateway does not know yet");
}

#define TEST(fields) RULE "tests:\n  - {name: t, now: 2026-05-02, " fields "}\n"

Test(policy_load, embedded_tests_are_checked_and_run)
{
    policy_free(lawful(TEST("input: {key.class: seal}, expect: {decision: allow}")));
    refused(TEST("input: {key.class: x}, expect: {decision: allow}"), "p.yaml:8:74: ",
            "test 't' fails: R1 denies (NO); key.class is 'x', required = seal");
    refused(TEST("input: {key.class: seal}, expect: {decision: deny}"),
            "p.yaml:8:77: ", "the decision is allow");
    refused(TEST("input: {key.class: x}, expect: {decision: deny, code: YES}"),
            "p.yaml:8:86: ", "the code is NO, expected is YES");
    refused(TEST("input: {key.class: x}, expect: {decision: deny, rules: {R1: pass}}"),
            "p.yaml:8:92: ", "the result of R1 is fail, expected is pass");
    refused(TEST("input: {key.class: x}, expect: {decision: deny, rules: {R2: fail}}"),
            "p.yaml:8:88: ", "unknown rule 'R2'");
    refused(TEST("input: {key.class: x}, expect: {decision: deny, rules: {R1: faul}}"),
            "p.yaml:8:92: ", "did you mean 'fail'?");
    refused(TEST("input: {clock.now: 2026-01-01}, expect: {decision: deny}"),
            "p.yaml:8:40: ", "'now'");
    refused(TEST("base: b, expect: {decision: deny}"), "p.yaml:8:38: ", "no 'b' under");
    refused(TEST("expect: {decision: maybe}"), "p.yaml:8:51: ", "deny, allow");
    refused(RULE "tests:\n  - {name: t, expect: {decision: deny}}\n",
            "p.yaml:8:5: ", "'now' is missing");
}

Test(policy_load, tests_begin_with_a_base_and_may_take_facts_away)
{
    struct policy *policy =
        lawful(RULE "bases: {b: {key.class: seal}}\n"
                    "tests:\n"
                    "  - {name: a, base: b, now: 2026-05-02, expect: {decision: allow}}\n"
                    "  - {name: c, base: b, now: 2026-05-02, without: [key.class],\n"
                    "     expect: {decision: deny, rules: {R1: error}}}\n"
                    "  - {name: d, base: b, now: 2026-05-02, input: {key.class: x},\n"
                    "     expect: {decision: deny, code: NO}}\n");

    cr_expect_eq(policy_test_count(policy), 3);
    cr_expect_eq(policy_coverage(policy, 0).passed, 1);
    cr_expect_eq(policy_coverage(policy, 0).failed, 1);
    policy_free(policy);
}

Test(policy_load, file_is_read_or_its_absence_told)
{
    struct policy *policy = NULL;
    struct sg_error why;
    char path[] = "/tmp/segel-policy-XXXXXX";
    int fd = mkstemp(path);

    cr_assert_eq(write(fd, HEAD RULE, strlen(HEAD RULE)), (ssize_t)strlen(HEAD RULE));
    (void)close(fd);
    cr_expect_eq(policy_load("/nonexistent.yaml", &policy, &why), SG_NOT_FOUND);
    cr_expect_not_null(strstr(why.text, "/nonexistent.yaml"));
    cr_assert_eq(policy_load(path, &policy, &why), SG_OK, "%s", why.text);
    policy_free(policy);
    (void)unlink(path);
}
