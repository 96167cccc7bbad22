#include <criterion/criterion.h>

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

Test(policy_replay_recorded, what_a_newer_gateway_adds_is_let_pass)
{
    cr_expect_eq(edited(RULES BITS NOTICE, "\"job.notice\":true",
                        "\"job.notice\":true,\"job.moon\":[1]"),
                 REPLAY_SAME);
    cr_expect_eq(edited(RULES BITS, "\"decision\"", "\"moon\":{},\"decision\""),
                 REPLAY_SAME);
}
