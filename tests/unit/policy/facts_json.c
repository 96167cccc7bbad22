#include <criterion/criterion.h>
#include <stdio.h>

#include "gateway/policy/facts_json.h"
#include "proto/json.h"
#include "tests/unit/policy/support/parse.h"

static struct fact_list list_of(const enum fact *facts, size_t count)
{
    bool wanted[FACT_COUNT] = {false};
    struct fact_list list;

    for (size_t i = 0; i < count; i++) {
        wanted[facts[i]] = true;
    }
    fact_list_make(wanted, &list);
    return list;
}

static void expect_text(struct slice text, const char *wanted)
{
    cr_expect_eq(text.len, strlen(wanted), "%.*s", (int)text.len, text.data);
    cr_expect(text.len == strlen(wanted) && memcmp(text.data, wanted, text.len) == 0,
              "%.*s", (int)text.len, text.data);
}

Test(facts_json, each_type_has_its_form)
{
    static const enum fact facts_of_each[] = {
        FACT_ID_job_notice,    FACT_ID_job_digest_len, FACT_ID_job_class,
        FACT_ID_clock_now,     FACT_ID_status_age_s,   FACT_ID_job_meta_keys,
        FACT_ID_caller_cert_fp};
    static const struct slice keys[] = {{(const uint8_t *)"a\"b", 3},
                                        {(const uint8_t *)"c", 1}};
    struct fact_list list = list_of(facts_of_each, SG_COUNT(facts_of_each));
    struct facts facts = {0};
    char buffer[1024];

    facts_bool(&facts, FACT_ID_job_notice, true);
    facts_number(&facts, FACT_ID_job_digest_len, 32);
    facts_text(&facts, FACT_ID_job_class, slice_str("seal"));
    facts_number(&facts, FACT_ID_clock_now, 1777683723456789);
    facts_number(&facts, FACT_ID_status_age_s, -5);
    facts_set(&facts, FACT_ID_job_meta_keys, keys, SG_COUNT(keys));
    struct fact_members out = facts_members(&facts, &list, buffer, sizeof(buffer));
    expect_text(out.text,
                "\"job.class\":\"seal\",\"job.digest_len\":32,\"job.notice\":true,"
                "\"status.age_s\":-5,\"clock.now\":\"2026-05-02T01:02:03.456789Z\","
                "\"job.meta_keys\":[\"a\\\"b\",\"c\"]");
    cr_expect_not(out.cut, "what is absent was not left out");
}

Test(facts_json, members_fit_into_an_object_of_others)
{
    static const enum fact one[] = {FACT_ID_job_notice};
    struct fact_list list = list_of(one, 1);
    struct facts facts = {0};
    struct json_out json;
    struct slice text;
    char members[64];
    char buffer[128];

    facts_bool(&facts, FACT_ID_job_notice, false);
    struct fact_members out = facts_members(&facts, &list, members, sizeof(members));
    json_start(&json, buffer, sizeof(buffer));
    json_open_object(&json, NULL);
    json_members(&json, slice_of(NULL, 0));
    json_members(&json, out.text);
    json_members(&json, out.text);
    json_bool(&json, "x", true);
    json_end(&json);
    cr_assert_eq(json_finish(&json, &text), SG_OK);
    expect_text(text, "{\"job.notice\":false,\"job.notice\":false,\"x\":true}");
}

/* At every size: a text that some JSON reader would take, or nothing. */
Test(facts_json, what_does_not_fit_is_left_out_whole_and_told)
{
    static const enum fact three[] = {FACT_ID_job_meta_keys, FACT_ID_job_notice,
                                      FACT_ID_job_class};
    static const struct slice keys[] = {{(const uint8_t *)"aaaaaaaaaaaaaaaa", 16}};
    static const char whole[] = "\"job.class\":\"seal\",\"job.notice\":true,"
                                "\"job.meta_keys\":[\"aaaaaaaaaaaaaaaa\"]";
    static const size_t ends[] = {0, 18, 36, sizeof(whole) - 1};
    struct fact_list list = list_of(three, SG_COUNT(three));
    struct facts facts = {0};
    char buffer[sizeof(whole) + 1];

    facts_bool(&facts, FACT_ID_job_notice, true);
    facts_text(&facts, FACT_ID_job_class, slice_str("seal"));
    facts_set(&facts, FACT_ID_job_meta_keys, keys, 1);
    for (size_t cap = 2; cap <= sizeof(whole); cap++) {
        struct fact_members out = facts_members(&facts, &list, buffer, cap);
        bool begins = memcmp(out.text.data, whole, out.text.len) == 0;
        size_t end = 0;
        while (end + 1 < SG_COUNT(ends) && ends[end] != out.text.len) {
            end++;
        }
        cr_expect(out.cut == (cap < sizeof(whole)), "room %zu", cap);
        /* The second may fit where the first did not. */
        cr_expect(!begins || ends[end] == out.text.len, "room %zu: %.*s", cap,
                  (int)out.text.len, out.text.data);
    }
    struct fact_members out = facts_members(&facts, &list, buffer, sizeof(whole));
    expect_text(out.text, whole);
}

Test(facts_json, a_time_that_no_record_can_tell_is_left_out)
{
    static const enum fact times[] = {FACT_ID_cert_not_before, FACT_ID_cert_not_after};
    struct fact_list list = list_of(times, SG_COUNT(times));
    struct facts facts = {0};
    char buffer[256];

    facts_number(&facts, FACT_ID_cert_not_before, -1);
    facts_number(&facts, FACT_ID_cert_not_after, INT64_MAX);
    struct fact_members out = facts_members(&facts, &list, buffer, sizeof(buffer));
    expect_text(out.text, "");
    cr_expect(out.cut);
}

static bool listed(const struct fact_list *list, enum fact fact)
{
    for (size_t i = 0; i < list->count; i++) {
        if (list->facts[i] == fact) {
            return true;
        }
    }
    return false;
}

Test(facts_json, a_policy_names_what_its_rules_and_exceptions_read)
{
    struct policy *policy = lawful(
        "rules:\n"
        "  - {id: A, cp: \"1\", level: soft, when: {job.class: seal}, require: "
        "{cert.remaining_s: {ge: 1}, key.local: true}, deny: NO}\n"
        "  - {id: B, cp: \"1\", level: soft, mode: shadow, require: {job.notice: true}, "
        "deny: NO}\n"
        "  - {id: C, cp: \"1\", level: soft, mode: \"off\", require: {job.meta_pii: "
        "false}, deny: NO}\n"
        "  - {id: D, cp: \"1\", level: soft, require: {job.approval_ref: {exists: "
        "true}}, deny: NO}\n"
        "exceptions:\n"
        "  - {rule: A, match: {caller.roles: {exists: true}}, until: 2027-01-01, "
        "approved_by: [G-1], reason: r}\n");
    const struct fact_list *job = policy_recorded(policy, FACT_PHASE_JOB);

    cr_expect(listed(job, FACT_ID_job_class), "of when");
    cr_expect(listed(job, FACT_ID_cert_remaining_s), "of require");
    cr_expect(listed(job, FACT_ID_job_notice), "of a shadow");
    cr_expect(listed(job, FACT_ID_caller_roles), "of an exception");
    cr_expect(listed(job, FACT_ID_clock_now), "always");
    cr_expect_not(listed(job, FACT_ID_job_meta_pii), "of a rule that is off");
    cr_expect_not(listed(job, FACT_ID_key_local), "a KEY fact stands in key.facts");
    cr_expect_not(listed(job, FACT_ID_job_approval_ref), "the record has it as a field");
    cr_expect_eq(policy_recorded(policy, FACT_PHASE_STATE)->count, 0);
    policy_free(policy);
}
