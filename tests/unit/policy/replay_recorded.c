#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "tests/unit/policy/support/logging.h"
#include "tests/unit/policy/support/parse.h"

/* Denials that no rule made, and records that the same policy does not confirm. */

Test(policy_replay_recorded, what_the_gateway_denied_itself_is_told_apart)
{
    struct facts facts = lawful_job();
    struct policy *policy = lawful(RULES BITS REF);
    const struct replay_setting setting = {policy, policy, NULL};
    struct record_text record;

    facts.value[FACT_ID_job_approval_ref].present = false;
    log_decision(policy, &facts, &record);
    record_edit(&record, "\"decision\"", "\"by\":\"gateway\",\"decision\"");
    cr_expect_eq(replayed_record(&setting, &facts, record_slice(&record), NULL),
                 REPLAY_BY_GATEWAY);
    policy_free(policy);
}

static enum replay_kind edited(const char *rest, const char *find, const char *put)
{
    struct facts facts = lawful_job();
    struct policy *policy = lawful(rest);
    const struct replay_setting setting = {policy, policy, NULL};
    struct record_text record;

    log_decision(policy, &facts, &record);
    record_edit(&record, find, put);
    enum replay_kind kind =
        replayed_record(&setting, &facts, record_slice(&record), NULL);
    policy_free(policy);
    return kind;
}

Test(policy_replay_recorded, the_same_policy_must_agree_in_passes_and_shadows)
{
    cr_expect_eq(edited(RULES BITS NOTICE SHADE, "\"pass\":2", "\"pass\":3"),
                 REPLAY_OTHER_RESULTS);
    cr_expect_eq(edited(RULES BITS NOTICE SHADE, "[\"SHADE\"]", "[]"),
                 REPLAY_OTHER_RESULTS);
    cr_expect_eq(edited(RULES BITS NOTICE SHADE, "[\"SHADE\"]", "[\"BITS\"]"),
                 REPLAY_OTHER_RESULTS);
    cr_expect_eq(edited(RULES BITS NOTICE, "job.notice\":true", "job.notice\":false"),
                 REPLAY_NEWLY_DENIED);
}

/* None of them is lost behind the others. */
#define SHADES                                                                           \
    RULE("S1", "mode: shadow, ", "{job.notice: false}")                                  \
    RULE("S2", "mode: shadow, ", "{job.notice: false}")                                  \
    RULE("S3", "mode: shadow, ", "{job.notice: false}")                                  \
    RULE("S4", "mode: shadow, ", "{job.notice: false}")                                  \
    RULE("S5", "mode: shadow, ", "{job.notice: false}")                                  \
    RULE("S6", "mode: shadow, ", "{job.notice: false}")                                  \
    RULE("S7", "mode: shadow, ", "{job.notice: false}")                                  \
    RULE("S8", "mode: shadow, ", "{job.notice: false}")                                  \
    RULE("S9", "mode: shadow, ", "{job.notice: false}")

Test(policy_replay_recorded, every_shadow_of_many_is_compared)
{
    cr_expect_eq(
        edited(RULES BITS SHADES SHADE, "\"S9\",\"SHADE\"]", "\"S9\",\"SHADE\"]"),
        REPLAY_SAME);
    cr_expect_eq(
        edited(RULES BITS SHADES SHADE, ",\"S9\",\"SHADE\"]", "],\"shadow_more\":2"),
        REPLAY_SAME);
    cr_expect_eq(edited(RULES BITS SHADES SHADE, ",\"SHADE\"]", "]"),
                 REPLAY_OTHER_RESULTS);
    cr_expect_eq(edited(RULES BITS SHADES SHADE, "\"SHADE\"]", "\"BITS\"]"),
                 REPLAY_OTHER_RESULTS);
}

#define ADVICE                                                                           \
    "  - {id: ADVICE, cp: \"1\", level: advisory, require: {job.notice: false}, "        \
    "deny: ADVICE}\n"
#define RELIEVED                                                                         \
    "  - {id: SOFT, cp: \"1\", level: soft, require: {job.notice: false}, deny: SOFT}\n" \
    "exceptions:\n"                                                                      \
    "  - {rule: SOFT, until: 2099-01-01, reason: old, approved_by: [one, two], "         \
    "match: {job.notice: true}}\n"

Test(policy_replay_recorded, the_same_policy_must_agree_in_warnings_and_exceptions)
{
    static const char all[] = RULES BITS ADVICE RELIEVED;

    cr_expect_eq(edited(all, "[\"ADVICE\"]", "[\"ADVICE\"]"), REPLAY_SAME);
    cr_expect_eq(edited(all, "[\"ADVICE\"]", "[]"), REPLAY_OTHER_RESULTS);
    cr_expect_eq(edited(all, "[\"SOFT\"]", "[]"), REPLAY_OTHER_RESULTS);
    cr_expect_eq(edited(all, "[\"SOFT\"]", "[\"BITS\"]"), REPLAY_OTHER_RESULTS);
}

/* It told neither, and no more than eight shadows. */
Test(policy_replay_recorded, an_earlier_gateways_record_is_compared_in_what_it_told)
{
    cr_expect_eq(edited(RULES BITS ADVICE RELIEVED,
                        "\"warn\":[\"ADVICE\"],\"excepted\":[\"SOFT\"]", "\"moon\":[]"),
                 REPLAY_SAME);
    cr_expect_eq(edited(RULES BITS SHADES SHADE,
                        ",\"S9\",\"SHADE\"],\"warn\":[],\"excepted\":[]", "]"),
                 REPLAY_SAME);
    cr_expect_eq(edited(RULES BITS SHADES SHADE,
                        ",\"S8\",\"S9\",\"SHADE\"],\"warn\":[],\"excepted\":[]", "]"),
                 REPLAY_OTHER_RESULTS);
}

/* Five more than a record names. */
Test(policy_replay_recorded, failures_behind_those_of_the_record_are_counted)
{
    char rest[4096] = RULES;

    for (int i = 0; i < VERDICT_FAILURES + 5; i++) {
        char rule[128];
        (void)snprintf(rule, sizeof(rule), RULE("R%d", "", "{key.rsa_bits: {ge: 9000}}"),
                       i, i);
        (void)strncat(rest, rule, sizeof(rest) - strlen(rest) - 1);
    }
    cr_expect_eq(edited(rest, "\"fail_more\":5,", "\"fail_more\":5,"), REPLAY_SAME);
    cr_expect_eq(edited(rest, "\"fail_more\":5,", "\"fail_more\":4,"),
                 REPLAY_OTHER_RESULTS);
    cr_expect_eq(edited(rest, "\"fail_more\":5,", ""), REPLAY_SAME,
                 "an earlier gateway counted no more than it named");
}

Test(policy_replay_recorded, what_a_newer_gateway_adds_is_let_pass)
{
    cr_expect_eq(edited(RULES BITS NOTICE, "\"job.notice\":true",
                        "\"job.notice\":true,\"job.moon\":[1]"),
                 REPLAY_SAME);
    cr_expect_eq(edited(RULES BITS, "\"decision\"", "\"moon\":{},\"decision\""),
                 REPLAY_SAME);
}
