#include <criterion/criterion.h>
#include <stdio.h>

#include "tests/unit/policy/support/logging.h"
#include "tests/unit/policy/support/parse.h"

/* Logged decisions judged again. A lawful job is made once; each test spoils one thing.
 */

static enum replay_kind again(const struct policy *policy, const struct facts *facts)
{
    const struct replay_setting same = {policy, policy, NULL};

    return replayed(&same, facts, NULL);
}

/* By the policy of the same lines. */
static void same(const char *rest, const struct facts *facts, bool allowed)
{
    struct policy *policy = lawful(rest);

    cr_expect_eq(judge(policy, facts).allow, allowed, "%s", rest);
    cr_expect_eq(again(policy, facts), REPLAY_SAME, "%s", rest);
    policy_free(policy);
}

Test(policy_replay, the_same_policy_decides_as_recorded)
{
    struct facts facts = lawful_job();

    same(RULES BITS REF NOTICE SHADE, &facts, true);
    facts.value[FACT_ID_job_approval_ref].present = false;
    same(RULES BITS REF NOTICE SHADE, &facts, false);
    facts.value[FACT_ID_job_content_type].present = false;
    same(RULES BITS REF NOTICE SHADE MEDIA, &facts, false);
    same(RULES SHADE, &facts, false); /* nothing has passed */
}

/* Between two policies; the facts that both read are known. */
static enum replay_kind between(const char *before, const char *after,
                                const struct facts *facts, struct replay *out)
{
    struct policy *one = lawful(before);
    struct policy *other = lawful(after);
    const struct replay_setting setting = {one, other, NULL};
    enum replay_kind kind = replayed(&setting, facts, out);

    policy_free(one);
    policy_free(other);
    return kind;
}

Test(policy_replay, a_stricter_policy_newly_denies_and_names_the_rule)
{
    struct facts facts = lawful_job();
    struct replay replay;

    cr_expect_eq(between(RULES REF BITS,
                         RULES REF RULE("MORE", "", "{key.rsa_bits: {ge: 4096}}"), &facts,
                         &replay),
                 REPLAY_NEWLY_DENIED);
    cr_assert_eq(replay.denies_count, 1);
    cr_expect_eq(replay.denies[0], 1);
    cr_expect_eq(replay.denied_count, 0);
}

Test(policy_replay, a_milder_policy_newly_allows_and_names_the_rule)
{
    struct facts facts = lawful_job();
    struct replay replay;

    facts.value[FACT_ID_job_approval_ref].present = false;
    cr_expect_eq(between(RULES BITS REF, RULES BITS, &facts, &replay),
                 REPLAY_NEWLY_ALLOWED);
    cr_assert_eq(replay.denied_count, 1);
    cr_expect_eq(replay.denied[0], 0);
    cr_expect_eq(replay.denies_count, 0);
}

Test(policy_replay, a_denial_by_other_rules_is_told)
{
    struct facts facts = lawful_job();
    struct replay replay;

    facts.value[FACT_ID_job_approval_ref].present = false;
    cr_expect_eq(between(RULES REF, RULES RULE("MORE", "", "{key.rsa_bits: {ge: 4096}}"),
                         &facts, &replay),
                 REPLAY_OTHER_RULES);
    cr_expect_eq(replay.denies_count, 1);
    cr_expect_eq(replay.denied_count, 1);
}

Test(policy_replay, the_same_rules_in_another_order_tell_another_code)
{
    struct facts facts = lawful_job();

    facts.value[FACT_ID_job_approval_ref].present = false;
    facts_bool(&facts, FACT_ID_job_notice, false);
    cr_expect_eq(between(RULES REF NOTICE, RULES NOTICE REF, &facts, NULL),
                 REPLAY_OTHER_RULES);
}

Test(policy_replay, more_rules_that_pass_are_no_difference)
{
    struct facts facts = lawful_job();

    cr_expect_eq(between(RULES BITS, RULES BITS REF, &facts, NULL), REPLAY_SAME);
}

/* --- What is not known --------------------------------------------------------- */

Test(policy_replay, a_fact_that_nobody_recorded_is_not_guessed)
{
    struct facts facts = lawful_job();
    struct replay replay;

    cr_expect_eq(between(RULES BITS, RULES BITS NOTICE, &facts, &replay),
                 REPLAY_INCOMPLETE);
    cr_expect_eq(replay.missing, FACT_ID_job_notice);
}

Test(policy_replay, an_unknown_fact_does_not_matter_where_the_outcome_is_certain)
{
    struct facts facts = lawful_job();

    cr_expect_eq(between(RULES BITS,
                         RULES BITS NOTICE RULE("MORE", "", "{key.rsa_bits: {ge: 4096}}"),
                         &facts, NULL),
                 REPLAY_NEWLY_DENIED);
    cr_expect_eq(between(RULES BITS, RULES BITS SHADE, &facts, NULL), REPLAY_SAME);
    cr_expect_eq(between(RULES BITS,
                         RULES BITS "  - {id: A, cp: \"1\", level: advisory, require: "
                                    "{job.notice: true}, deny: A}\n",
                         &facts, NULL),
                 REPLAY_SAME);
}

Test(policy_replay, a_field_of_the_record_was_truly_absent)
{
    struct facts facts = lawful_job();

    facts.value[FACT_ID_job_approval_ref].present = false;
    cr_expect_eq(between(RULES BITS, RULES BITS REF, &facts, NULL), REPLAY_NEWLY_DENIED);
}

Test(policy_replay, a_key_fact_was_truly_absent)
{
    struct facts facts = lawful_job();

    cr_expect_eq(between(RULES BITS, RULES BITS RULE("CURVE", "", "{key.curve: P-256}"),
                         &facts, NULL),
                 REPLAY_NEWLY_DENIED);
}

Test(policy_replay, what_the_policy_of_the_time_read_was_truly_absent)
{
    struct facts facts = lawful_job();
    struct policy *before =
        lawful(RULES BITS RULE("OLD", "", "{job.content_type: {exists: false}}"));
    struct policy *after = lawful(RULES BITS MEDIA);
    const struct replay_setting alone = {before, after, NULL};
    const struct replay_setting known = {before, after, before};
    const struct replay_setting other = {before, after, after};

    facts.value[FACT_ID_job_content_type].present = false;
    cr_expect_eq(replayed(&alone, &facts, NULL), REPLAY_INCOMPLETE);
    cr_expect_eq(replayed(&known, &facts, NULL), REPLAY_NEWLY_DENIED);
    cr_expect_eq(replayed(&other, &facts, NULL), REPLAY_INCOMPLETE);
    policy_free(before);
    policy_free(after);
}

Test(policy_replay, facts_that_the_old_policy_did_not_read_stay_unknown)
{
    struct facts facts = lawful_job();
    struct policy *before = lawful(RULES BITS);
    struct policy *after = lawful(RULES BITS MEDIA);
    const struct replay_setting known = {before, after, before};

    cr_expect_eq(replayed(&known, &facts, NULL), REPLAY_INCOMPLETE);
    policy_free(before);
    policy_free(after);
}

Test(policy_replay, a_record_without_all_its_facts_leaves_the_rest_unknown)
{
    struct facts facts = lawful_job();
    struct policy *policy = lawful(RULES BITS NOTICE MEDIA);
    const struct replay_setting setting = {policy, policy, policy};
    struct record_text record;
    struct replay replay;

    log_decision(policy, &facts, &record);
    record_edit(&record, ",\"job.notice\":true", "");
    record_edit(&record, "\"bound\"", "\"facts_cut\":true,\"bound\"");
    cr_expect_eq(replayed_record(&setting, &facts, record_slice(&record), &replay),
                 REPLAY_INCOMPLETE);
    cr_expect_eq(replay.missing, FACT_ID_job_notice);
    policy_free(policy);
}

Test(policy_replay, facts_of_a_key_that_found_no_room_are_unknown)
{
    struct facts facts = lawful_job();
    struct policy *policy =
        lawful(RULES BITS RULE("CURVE", "", "{key.curve: {exists: false}}"));
    const struct replay_setting setting = {policy, policy, policy};
    struct record_text key;
    struct record_text record;
    struct replay replay;

    log_key(policy, &facts, &key);
    record_edit(&key, "\"subject\"", "\"facts_cut\":true,\"subject\"");
    log_decision(policy, &facts, &record);
    cr_expect_eq(
        replayed_records(&setting, record_slice(&key), record_slice(&record), &replay),
        REPLAY_INCOMPLETE);
    cr_expect_eq(replay.missing, FACT_ID_key_curve);
    policy_free(policy);
}

/* Of a job that officers had lifted the rule L from, by a policy that has it at this
 * level and asks for a fact that nobody recorded. */
static enum replay_kind lifted(const char *level)
{
    struct facts facts = lawful_job();
    char text[1024];

    (void)snprintf(text, sizeof(text),
                   RULES BITS
                   "  - {id: L, cp: \"1\", level: %s, require: {job.notice: true}, deny: "
                   "L}\n"
                   "  - {id: A, cp: \"1\", level: advisory, require: {job.content_type: "
                   "{exists: true}}, deny: A}\n",
                   level);
    struct policy *before = lawful(RULES BITS SHADE);
    struct policy *after = lawful(text);
    const struct replay_setting setting = {before, after, NULL};
    struct record_text record;

    facts_bool(&facts, FACT_ID_job_notice, false);
    log_decision(before, &facts, &record);
    record_edit(&record, "\"rules\":{", "\"rules\":{\"lifted\":[{\"rule\":\"L\"}],");
    enum replay_kind kind =
        replayed_record(&setting, &facts, record_slice(&record), NULL);
    policy_free(before);
    policy_free(after);
    return kind;
}

Test(policy_replay, a_lifted_rule_stays_lifted_while_some_fact_is_unknown)
{
    cr_expect_eq(lifted("soft"), REPLAY_SAME);
    cr_expect_eq(lifted("soft, mode: shadow"), REPLAY_SAME);
    cr_expect_eq(lifted("hard"), REPLAY_NEWLY_DENIED);
}

Test(policy_replay, a_record_without_facts_is_incomplete)
{
    struct facts facts = lawful_job();
    struct policy *policy = lawful(RULES BITS);
    const struct replay_setting setting = {policy, policy, policy};
    struct record_text record;
    struct replay replay;

    log_decision(policy, &facts, &record);
    record_edit(&record,
                ",\"facts\":{\"clock.now\":\"2026-05-02T00:00:00.000000Z\"},\"bound\":3",
                "");
    cr_expect_eq(replayed_record(&setting, &facts, record_slice(&record), &replay),
                 REPLAY_INCOMPLETE);
    cr_expect_eq(replay.missing, FACT_COUNT);
    policy_free(policy);
}

/* --- What the policy makes anew ------------------------------------------------ */

#define ZONE(zone)                                                                       \
    "apiVersion: segel/v1\nkind: CertificatePolicy\nmetadata: {id: p, version: 1, "      \
    "effective: 2026-01-01, review_by: 2027-01-01, calendar: {zone: " zone               \
    ", holidays: [2026-08-17]}}\nprofile: test\n"

static struct policy *whole(const char *text)
{
    struct policy *policy = NULL;
    struct sg_error why = {0};

    cr_assert_eq(policy_parse(slice_str(text), "p.yaml", &policy, &why), SG_OK, "%s",
                 why.text);
    return policy;
}

static enum replay_kind zones(const char *after, const char *require)
{
    struct facts facts = lawful_job();
    char text[1024];

    (void)snprintf(text, sizeof(text), "%s" RULES BITS "%s", ZONE("WIB"), require);
    struct policy *one = whole(text);
    (void)snprintf(text, sizeof(text), "%s" RULES BITS "%s", after, require);
    struct policy *other = whole(text);
    const struct replay_setting setting = {one, other, one};
    enum replay_kind kind = replayed(&setting, &facts, NULL);

    policy_free(one);
    policy_free(other);
    return kind;
}

Test(policy_replay, the_hour_is_that_of_the_judging_policys_zone)
{
    /* Midnight UTC: 07:00 in the west, 09:00 in the east. */
    const char *before_eight = RULE("EARLY", "", "{clock.minute_of_day: {le: 480}}");

    cr_expect_eq(zones(ZONE("WIB"), before_eight), REPLAY_SAME);
    cr_expect_eq(zones(ZONE("WIT"), before_eight), REPLAY_NEWLY_DENIED);
}

/* Whether a recorded count of the day is a fact for the other policy. */
static bool counts(const char *after)
{
    struct facts facts = lawful_job();
    struct policy *one = whole(ZONE("WIB") RULES BITS);
    struct policy *other = whole(after);
    const struct replay_setting setting = {one, other, one};
    struct record_text record;
    struct replay replay;

    log_decision(one, &facts, &record);
    record_edit(&record, "\"facts\":{", "\"facts\":{\"counter.key_day\":5,");
    cr_expect_eq(replayed_record(&setting, &facts, record_slice(&record), &replay),
                 REPLAY_SAME);
    policy_free(one);
    policy_free(other);
    return replay.facts.value[FACT_ID_counter_key_day].present;
}

Test(policy_replay, counters_are_of_the_days_of_their_zone)
{
    cr_expect(counts(ZONE("WIB") RULES BITS REF));
    cr_expect_not(counts(ZONE("WIT") RULES BITS REF));
}

Test(policy_replay, dates_of_the_policy_are_those_of_the_one_that_judges)
{
    struct facts facts = lawful_job();
    struct policy *one =
        lawful(RULES BITS RULE("DUE", "", "{clock.now: {le: policy.review_by}}"));
    struct policy *other = whole(
        "apiVersion: segel/v1\nkind: CertificatePolicy\nmetadata: {id: p, version: 2, "
        "effective: 2026-01-01, review_by: 2026-03-01}\nprofile: test\n" RULES BITS RULE(
            "DUE", "", "{clock.now: {le: policy.review_by}}"));
    const struct replay_setting setting = {one, other, NULL};

    cr_expect_eq(replayed(&setting, &facts, NULL), REPLAY_NEWLY_DENIED);
    policy_free(one);
    policy_free(other);
}
