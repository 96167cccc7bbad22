#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include "gateway/config/yaml.h"
#include "proto/text.h"
#include "tests/unit/policy/support/parse.h"

/* The sample policy of deploy/policies: its own tests, their coverage, its dump. */

static const char path[] = "deploy/policies/bsre-seal.yaml";
static const char dump_path[] = "tests/fixtures/policy-dump.txt";

static struct policy *sample(void)
{
    struct policy *policy = NULL;
    struct sg_error why;

    cr_assert_eq(policy_load(path, &policy, &why), SG_OK, "%s", why.text);
    return policy;
}

Test(policy_sample, passes_its_own_tests)
{
    struct policy *policy = sample();

    cr_expect_geq(policy_test_count(policy), 40);
    policy_free(policy);
}

Test(policy_sample, each_rule_is_seen_to_pass_and_to_fail)
{
    struct policy *policy = sample();

    for (size_t i = 0; i < policy_rule_count(policy); i++) {
        struct rule_coverage coverage = policy_coverage(policy, i);
        cr_expect_gt(coverage.passed, 0, "%s", policy_rule(policy, i)->id);
        cr_expect_gt(coverage.failed, 0, "%s", policy_rule(policy, i)->id);
    }
    policy_free(policy);
}

Test(policy_sample, each_rule_speaks_both_languages)
{
    struct policy *policy = sample();

    for (size_t i = 0; i < policy_rule_count(policy); i++) {
        cr_expect_not_null(policy_rule(policy, i)->message_id);
        cr_expect_not_null(policy_rule(policy, i)->message_en);
    }
    policy_free(policy);
}

Test(policy_sample, carries_the_statement_for_letters)
{
    struct policy *policy = sample();

    cr_expect_not_null(
        strstr(policy_info(policy)->statement_id, "ditandatangani secara elektronik"));
    cr_expect_not_null(strstr(policy_info(policy)->statement_id, "BSrE"));
    policy_free(policy);
}

/* A change of the compiled policy must be seen in review. When it is meant, write the new
 * dump: SEGEL_WRITE_DUMP=1 with this test. */
Test(policy_sample, dump_equals_the_stored_one)
{
    struct policy *policy = sample();
    const char *dump = policy_dump(policy);
    struct sg_error why;
    uint8_t *stored = NULL;
    size_t len = 0;

    if (getenv("SEGEL_WRITE_DUMP") != NULL) {
        FILE *file = fopen(dump_path, "w");
        cr_assert(file != NULL && fputs(dump, file) >= 0 && fclose(file) == 0);
    }
    cr_assert_eq(yaml_file_bytes(dump_path, &stored, &len, &why), SG_OK, "%s", why.text);
    cr_expect(slice_equal(slice_of(stored, len), slice_str(dump)),
              "the compiled policy differs from %s:\n%s", dump_path, dump);
    free(stored);
    policy_free(policy);
}
