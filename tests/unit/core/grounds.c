#include "gateway/core/turn/grounds.h"

#include <criterion/criterion.h>
#include <stdlib.h>

#include "gateway/core/key/binding.h"

/* Two rules, of which the second denies. */
static const char text[] =
    "apiVersion: segel/v1\n"
    "kind: CertificatePolicy\n"
    "metadata: {id: p, version: 1, effective: 2026-01-01, review_by: 2027-01-01}\n"
    "profile: test\n"
    "rules:\n"
    "  - {id: R1, cp: \"1\", level: hard, require: {job.notice: true}, deny: ONE}\n"
    "  - {id: R2, cp: \"2.3\", level: hard, require: {job.batch: b}, deny: TWO}\n";

static struct policy *policy;
static struct config_caller caller = {.name = "e-office"};
static struct config_key config = {.name = "seal-demo"};
static struct key key;
static struct binding binding;
static struct job job;
static struct record_failure failures[VERDICT_FAILURES];

static void make(void)
{
    struct sg_error why = {0};

    cr_assert_eq(policy_parse(slice_str(text), "p.yaml", &policy, &why), SG_OK, "%s",
                 why.text);
    job_init(&job);
    key = (struct key){.config = &config};
    binding = (struct binding){.usable = true};
    job.caller = &caller;
    job.key = &key;
    job.policy = policy;
    job.binding = &binding;
    job.profile = SG_PROFILE_CADES_B_T;
    job.verdict = (struct verdict){.allow = true, .passed = 2};
}

static void drop(void)
{
    free(job.denial);
    policy_free(policy);
}

TestSuite(grounds, .init = make, .fini = drop);

static struct record_failure only_ground(void)
{
    struct record_decision decision = grounds_of(&job, failures);

    cr_assert_eq(decision.failure_count, 1);
    return decision.failures[0];
}

Test(grounds, nothing_speaks_against_a_job_that_is_allowed)
{
    struct record_decision decision = grounds_of(&job, failures);

    cr_expect_eq(decision.failure_count, 0);
    cr_expect_eq(decision.passed, 2);
}

Test(grounds, a_rule_that_denies_is_named_with_what_it_found)
{
    job.verdict = (struct verdict){.passed = 1, .failure_count = 1, .failures = {1}};
    job.denial = (struct denial *)calloc(1, sizeof(*job.denial));
    cr_assert_not_null(job.denial);
    job.denial->count = 1;
    job.denial->failures[0].rule = 1;
    (void)snprintf(job.denial->failures[0].why.found, 128, "c");
    struct record_failure ground = only_ground();
    cr_expect_str_eq(ground.rule, "R2");
    cr_expect_str_eq(ground.cp_section, "2.3");
    cr_expect_str_eq(ground.code, "TWO");
    cr_expect_str_eq(ground.found, "c");
    free(job.denial);
    job.denial = NULL;
    cr_expect_str_eq(only_ground().code, "TWO", "also without words for it");
    cr_expect_null(only_ground().found);
}

Test(grounds, rules_behind_those_that_are_listed_are_counted)
{
    job.verdict = (struct verdict){.passed = 1, .failure_count = VERDICT_FAILURES + 5};
    struct record_decision decision = grounds_of(&job, failures);
    cr_expect_eq(decision.failure_count, VERDICT_FAILURES);
    cr_expect_eq(decision.failure_more, 5);
}

Test(grounds, a_job_that_no_rule_speaks_for_is_not_called_a_stranger)
{
    job.verdict = (struct verdict){.skipped = 2};
    job_refuse(&job, SG_DENIED, "the policy denies this job");
    cr_expect_str_eq(only_ground().code, "DEFAULT_DENY");
    cr_expect_null(only_ground().rule);
    cr_expect_not(grounds_of(&job, failures).by_gateway);
}

Test(grounds, what_the_gateway_asks_beside_the_policy_has_its_place)
{
    job.verdict.allow = false;
    job.refuser = REFUSER_ENTITLEMENT;
    cr_expect_str_eq(only_ground().code, "CALLER_NOT_ENTITLED");
    cr_expect_str_eq(only_ground().found, "e-office");
    cr_expect(grounds_of(&job, failures).by_gateway);
    job.refuser = REFUSER_SERVICE;
    cr_expect_str_eq(only_ground().code, "NOT_SERVED");
    cr_expect_str_eq(only_ground().found, "cades_b_t");
}

Test(grounds, a_key_that_the_token_cannot_use_is_refused)
{
    binding.usable = false;
    (void)snprintf(binding.why, sizeof(binding.why), "no such mechanism");
    cr_expect_str_eq(only_ground().code, "KEY_NOT_USABLE");
    cr_expect_str_eq(only_ground().found, "no such mechanism");
    grounds_unusable(&job);
    cr_expect_eq(job.status, SG_PRECONDITION);
    cr_expect_str_eq(job.why, "key 'seal-demo' cannot be used: no such mechanism");
}

/* --- For what was asked, or for the condition of the gateway -------------------------
 */

static enum tally_kind denied_for(const char *fact)
{
    job.verdict = (struct verdict){.passed = 1, .failure_count = 1, .failures = {1}};
    free(job.denial);
    job.denial = (struct denial *)calloc(1, sizeof(*job.denial));
    cr_assert_not_null(job.denial);
    job.denial->count = 1;
    job.denial->failures[0].why.fact = fact;
    return grounds_because(&job);
}

Test(grounds, the_fact_that_decides_says_whether_a_caller_could_mend_it)
{
    static const char *const asked[] = {"job.approval_ref",  "caller.entitled",
                                        "key.class_allowed", "mandate.left",
                                        "clock.weekday",     "counter.caller_day"};
    static const char *const condition[] = {
        "log.free_bytes", "clock.now",    "clock.offset_ms",      "status.authentic",
        "cert.in_period", "key.accepted", "counter.pin_failures", "activation.active"};

    for (size_t i = 0; i < SG_COUNT(asked); i++) {
        cr_expect_eq(denied_for(asked[i]), TALLY_REQUEST, "%s", asked[i]);
    }
    for (size_t i = 0; i < SG_COUNT(condition); i++) {
        cr_expect_eq(denied_for(condition[i]), TALLY_GATEWAY, "%s", condition[i]);
    }
    cr_expect_eq(denied_for(""), TALLY_REQUEST);
    free(job.denial);
    job.denial = NULL;
}

Test(grounds, what_no_rule_of_the_file_denies_has_its_cause_too)
{
    binding.usable = false;
    cr_expect_eq(grounds_because(&job), TALLY_GATEWAY);
    job.verdict.allow = false;
    job.refuser = REFUSER_ENTITLEMENT;
    cr_expect_eq(grounds_because(&job), TALLY_REQUEST);
}
