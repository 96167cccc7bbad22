#include "gateway/ledger/record.h"

#include <criterion/criterion.h>
#include <jansson.h>
#include <stdio.h>

#include "gateway/ledger/ledger.h"
#include "tests/unit/ledger/support/lawful.h"

static char buffer[LEDGER_RECORD_MAX];

static json_t *parse(struct slice text)
{
    json_error_t why;
    json_t *record = json_loadb((const char *)text.data, text.len,
                                JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &why);

    cr_assert_not_null(record, "%s: %.*s", why.text, (int)text.len, text.data);
    cr_assert_null(memchr(text.data, '\n', text.len), "a record is one line");
    return record;
}

static const char *text_of(const json_t *record, const char *name)
{
    const char *text = json_string_value(json_object_get(record, name));

    return text == NULL ? "(none)" : text;
}

static void expect_head(const json_t *record, const char *type)
{
    cr_expect_eq(json_integer_value(json_object_get(record, "v")), 1);
    cr_expect_eq(json_integer_value(json_object_get(record, "seq")), 184467);
    cr_expect_str_eq(text_of(record, "ts"), "2026-05-02T01:02:03.456789Z");
    cr_expect_str_eq(text_of(record, "node"), "gw1");
    cr_expect_str_eq(text_of(record, "type"), type);
}

Test(record, intent_says_who_may_sign_what)
{
    struct record_head head = lawful_head();
    struct record_job job = lawful_job();
    struct record_decision decision = lawful_decision();
    struct slice text;

    cr_assert_eq(record_intent(buffer, &head, &job, &decision, &text), SG_OK);
    json_t *record = parse(text);
    expect_head(record, "intent");
    cr_expect_str_eq(text_of(record, "decision"), "allow");
    cr_expect_str_eq(text_of(record, "caller"), "e-office");
    cr_expect_str_eq(text_of(record, "job"), "req-1");
    cr_expect_str_eq(text_of(record, "key"), "seal-demo");
    cr_expect_str_eq(text_of(record, "profile"), "pades_b_b");
    cr_expect_str_eq(text_of(record, "doc_class"), "surat_tugas");
    cr_expect_str_eq(text_of(record, "approval_ref"), "ND/123/2026");
    cr_expect_str_eq(text_of(record, "digest"), "sha256:000102030405060708090a0b0c0d0e0f"
                                                "101112131415161718191a1b1c1d1e1f");
    cr_expect_eq(strlen(text_of(record, "tbs")), 7 + 64);
    cr_expect_eq(strlen(text_of(record, "caller_cert")), 7 + 64);
    const json_t *rules = json_object_get(record, "rules");
    cr_expect_eq(json_integer_value(json_object_get(rules, "pass")), 31);
    cr_expect_eq(json_array_size(json_object_get(rules, "shadow_fail")), 1);
    json_decref(record);
}

Test(record, members_without_a_value_are_left_out)
{
    struct record_head head = lawful_head();
    struct record_job job = {.caller = "e-office", .batch = ""};
    struct record_decision decision = {.passed = 3};
    struct slice text;

    cr_assert_eq(record_intent(buffer, &head, &job, &decision, &text), SG_OK);
    json_t *record = parse(text);
    static const char *const absent[] = {"batch",   "key",        "digest",
                                         "tbs",     "mandate",    "cert_spki",
                                         "profile", "policy_rev", "attempt"};
    for (size_t i = 0; i < SG_COUNT(absent); i++) {
        cr_expect_null(json_object_get(record, absent[i]), "%s", absent[i]);
    }
    json_decref(record);
}

Test(record, deny_names_the_failing_rule_first)
{
    struct record_head head = lawful_head();
    struct record_job job = lawful_job();
    struct record_failure failures[] = {
        {"CP-6.3-01", "6.3.2", "CERT_EXPIRED", "2026-05-01", ">= now+7d"},
        {"CP-4.5-02", "4.5", "CLASS", NULL, NULL}};
    struct record_decision decision = {
        .passed = 4, .failures = failures, .failure_count = 2};
    struct slice text;

    cr_assert_eq(record_deny(buffer, &head, &job, &decision, &text), SG_OK);
    json_t *record = parse(text);
    expect_head(record, "deny");
    cr_expect_str_eq(text_of(record, "decision"), "deny");
    const json_t *fail = json_object_get(record, "fail");
    cr_assert_eq(json_array_size(fail), 2);
    const json_t *first = json_array_get(fail, 0);
    cr_expect_str_eq(text_of(first, "rule"), "CP-6.3-01");
    cr_expect_str_eq(text_of(first, "cp"), "6.3.2");
    cr_expect_str_eq(text_of(first, "code"), "CERT_EXPIRED");
    cr_expect_str_eq(text_of(first, "got"), "2026-05-01");
    cr_expect_str_eq(text_of(first, "want"), ">= now+7d");
    cr_expect_null(json_object_get(json_array_get(fail, 1), "got"));
    json_decref(record);
}

Test(record, explain_says_what_came_of_the_question)
{
    struct record_head head = lawful_head();
    struct record_job job = {.caller = "e-office", .key = "seal-demo"};
    struct record_failure failure = {.rule = "CP-1.4-02", .code = "USE_PROHIBITED"};
    struct record_decision allowed = {.passed = 40};
    struct record_decision denied = {.failures = &failure, .failure_count = 1};
    struct slice text;

    cr_assert_eq(record_explain(buffer, &head, &job, &allowed, &text), SG_OK);
    json_t *record = parse(text);
    expect_head(record, "explain");
    cr_expect_str_eq(text_of(record, "decision"), "allow");
    cr_expect_null(json_object_get(record, "fail"));
    json_decref(record);
    cr_assert_eq(record_explain(buffer, &head, &job, &denied, &text), SG_OK);
    record = parse(text);
    cr_expect_str_eq(text_of(record, "decision"), "deny");
    const json_t *fail = json_array_get(json_object_get(record, "fail"), 0);
    cr_expect_str_eq(text_of(fail, "rule"), "CP-1.4-02");
    cr_expect_null(json_object_get(fail, "got"));
    json_decref(record);
}

Test(record, a_denial_with_countless_reasons_is_still_recorded)
{
    static struct record_failure failures[500];
    struct record_head head = lawful_head();
    struct record_job job = lawful_job();
    struct record_decision decision = {.failures = failures, .failure_count = 500};
    struct slice text;

    for (size_t i = 0; i < SG_COUNT(failures); i++) {
        failures[i] = (struct record_failure){"CP-6.3-01", "6.3.2", "CERT_EXPIRED",
                                              "a rather long thing that was found",
                                              "a rather long thing that is required"};
    }
    cr_assert_eq(record_deny(buffer, &head, &job, &decision, &text), SG_OK);
    json_t *record = parse(text);
    size_t kept = json_array_size(json_object_get(record, "fail"));
    cr_expect_gt(kept, 0);
    cr_expect_eq(json_integer_value(json_object_get(record, "fail_more")),
                 (json_int_t)(500 - kept));
    json_decref(record);
}

static struct record_facts lawful_facts(void)
{
    static const uint8_t number[] = {0x0a, 0xff};

    return (struct record_facts){
        .known = true,
        .job = slice_str("\"job.class\":\"seal\",\"job.notice\":true"),
        .state = slice_str("\"counter.key_day\":7"),
        .bound = 12,
        .status = {RECORD_STATUS_CRL, slice_of(number, sizeof(number)),
                   1777683723456789}};
}

Test(record, a_decision_holds_the_facts_that_it_was_made_by)
{
    struct record_head head = lawful_head();
    struct record_job job = lawful_job();
    struct record_decision decision = lawful_decision();
    struct slice text;

    decision.facts = lawful_facts();
    cr_assert_eq(record_intent(buffer, &head, &job, &decision, &text), SG_OK);
    json_t *record = parse(text);
    const json_t *facts = json_object_get(record, "facts");
    cr_expect_str_eq(text_of(facts, "job.class"), "seal");
    cr_expect_eq(json_integer_value(json_object_get(facts, "counter.key_day")), 7);
    cr_expect_eq(json_integer_value(json_object_get(record, "bound")), 12);
    cr_expect_null(json_object_get(record, "facts_cut"));
    cr_expect_null(json_object_get(record, "by"));
    const json_t *status = json_object_get(record, "status");
    const json_t *crl = json_object_get(status, "crl");
    cr_expect_str_eq(text_of(crl, "number"), "0aff");
    cr_expect_str_eq(text_of(crl, "this"), "2026-05-02T01:02:03.456789Z");
    json_decref(record);
}

Test(record, an_ocsp_answer_has_no_number)
{
    struct record_head head = lawful_head();
    struct record_job job = lawful_job();
    struct record_decision decision = lawful_decision();
    struct slice text;

    decision.facts = lawful_facts();
    decision.facts.status.kind = RECORD_STATUS_OCSP;
    cr_assert_eq(record_intent(buffer, &head, &job, &decision, &text), SG_OK);
    json_t *record = parse(text);
    const json_t *ocsp = json_object_get(json_object_get(record, "status"), "ocsp");
    cr_expect_null(json_object_get(ocsp, "number"));
    cr_expect_str_eq(text_of(ocsp, "this"), "2026-05-02T01:02:03.456789Z");
    json_decref(record);
}

/* A long list of failures is shortened before a fact is lost: it can be made again. */
Test(record, facts_stay_while_the_list_of_failures_is_cut)
{
    static struct record_failure failures[16];
    static char found[513];
    struct record_head head = lawful_head();
    struct record_job job = lawful_job();
    struct record_decision decision = {.failures = failures, .failure_count = 16};
    struct slice text;

    memset(found, 'x', sizeof(found) - 1);
    for (size_t i = 0; i < SG_COUNT(failures); i++) {
        failures[i] = (struct record_failure){"CP-1", "1", "NO", found, found};
    }
    decision.facts = lawful_facts();
    cr_assert_eq(record_deny(buffer, &head, &job, &decision, &text), SG_OK);
    json_t *record = parse(text);
    cr_expect_not_null(json_object_get(json_object_get(record, "facts"), "job.class"));
    cr_expect_lt(json_array_size(json_object_get(record, "fail")), 16);
    cr_expect_null(json_object_get(record, "facts_cut"));
    json_decref(record);
}

Test(record, facts_beyond_the_room_are_left_out_and_told)
{
    static char large[LEDGER_RECORD_MAX];
    struct record_head head = lawful_head();
    struct record_job job = lawful_job();
    struct record_decision decision = lawful_decision();
    struct slice text;

    (void)snprintf(large, sizeof(large), "\"job.class\":\"%08000d\"", 0);
    decision.facts = lawful_facts();
    decision.facts.job = slice_str(large);
    cr_assert_eq(record_intent(buffer, &head, &job, &decision, &text), SG_OK);
    json_t *record = parse(text);
    cr_expect(json_is_true(json_object_get(record, "facts_cut")));
    cr_expect_eq(json_object_size(json_object_get(record, "facts")), 0);
    cr_expect_eq(json_integer_value(json_object_get(record, "bound")), 12);
    json_decref(record);
}

Test(record, what_the_gateway_itself_refuses_is_told_apart)
{
    struct record_head head = lawful_head();
    struct record_job job = lawful_job();
    struct record_failure failure = {.code = "NOT_SERVED"};
    struct record_decision decision = {
        .failures = &failure, .failure_count = 1, .by_gateway = true};
    struct slice text;

    cr_assert_eq(record_deny(buffer, &head, &job, &decision, &text), SG_OK);
    json_t *record = parse(text);
    cr_expect_str_eq(text_of(record, "by"), "gateway");
    cr_expect_null(json_object_get(record, "facts"), "none were given");
    json_decref(record);
}

Test(record, key_facts_name_key_and_policy)
{
    struct record_head head = lawful_head();
    struct record_job job = lawful_job();
    struct record_key key = {.name = "seal-demo",
                             .policy_rev = job.policy_rev,
                             .facts = slice_str("\"key.type\":\"rsa\""),
                             .cut = true};
    struct slice text;

    cr_assert_eq(record_key_facts(buffer, &head, &key, &text), SG_OK);
    json_t *record = parse(text);
    expect_head(record, "key.facts");
    cr_expect_str_eq(text_of(record, "subject"), "seal-demo");
    cr_expect_eq(strlen(text_of(record, "policy_rev")), 7 + 64);
    cr_expect_str_eq(text_of(json_object_get(record, "facts"), "key.type"), "rsa");
    cr_expect(json_is_true(json_object_get(record, "facts_cut")));
    json_decref(record);
}

Test(record, outcome_holds_the_hash_of_the_signature_not_the_signature)
{
    struct record_head head = lawful_head();
    struct record_result result = {.decision_id = "01J",
                                   .intent_index = 184467,
                                   .attempt = 1,
                                   .outcome = "signed",
                                   .signature = slice_str("abc"),
                                   .lane = "lane0",
                                   .latency_us = 4100};
    struct slice text;

    cr_assert_eq(record_outcome(buffer, &head, &result, &text), SG_OK);
    json_t *record = parse(text);
    expect_head(record, "outcome");
    cr_expect_str_eq(text_of(record, "sig"),
                     "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f200"
                     "15ad");
    cr_expect_str_eq(text_of(record, "outcome"), "signed");
    cr_expect_str_eq(text_of(record, "lane"), "lane0");
    cr_expect_eq(json_integer_value(json_object_get(record, "intent")), 184467);
    cr_expect_eq(json_integer_value(json_object_get(record, "attempt")), 1);
    cr_expect_eq(json_integer_value(json_object_get(record, "lat_us")), 4100);
    cr_expect_null(json_object_get(record, "code"));
    json_decref(record);
}

Test(record, a_failed_outcome_has_its_code_and_no_signature)
{
    struct record_head head = lawful_head();
    struct record_result result = {
        .decision_id = "01J", .attempt = 1, .outcome = "failed", .code = "HSM"};
    struct slice text;

    cr_assert_eq(record_outcome(buffer, &head, &result, &text), SG_OK);
    json_t *record = parse(text);
    cr_expect_str_eq(text_of(record, "code"), "HSM");
    cr_expect_null(json_object_get(record, "sig"));
    json_decref(record);
}

Test(record, replay_points_to_the_first_outcome)
{
    struct record_head head = lawful_head();
    struct slice text;

    struct record_again again = {.decision_id = "01J", .outcome_index = 12};

    cr_assert_eq(record_replay(buffer, &head, &again, &text), SG_OK);
    json_t *record = parse(text);
    expect_head(record, "replay");
    cr_expect_eq(json_integer_value(json_object_get(record, "outcome")), 12);
    cr_expect_null(json_object_get(record, "answer"));
    json_decref(record);
}

Test(record, an_event_has_the_members_its_writer_chose)
{
    struct record_head head = lawful_head();
    static const char *const pairs[] = {"lane", "lane0", "why", "the module hung"};
    struct slice text;

    cr_assert_eq(record_event(buffer, &head, "lane.down", pairs, 2, &text), SG_OK);
    json_t *record = parse(text);
    expect_head(record, "lane.down");
    cr_expect_str_eq(text_of(record, "lane"), "lane0");
    cr_expect_str_eq(text_of(record, "why"), "the module hung");
    json_decref(record);
}

Test(record, hostile_texts_stay_inside_their_string)
{
    static const char *const hostile[] = {
        "\"},{\"x\":\"",   "\\",        "a\nb\r\tc",    "\x01\x1f\x7f",
        "\xff\xfe",        "\xc0\x80",  "\xed\xa0\x80", "\xf4\x90\x80\x80",
        "\xe2\x82",        "</script>", "\xe2\x80\xa8", "\xf0\x9f\x98\x80",
        "caller\",\"v\":2"};

    for (size_t i = 0; i < SG_COUNT(hostile); i++) {
        struct record_head head = lawful_head();
        struct record_job job = lawful_job();
        struct record_decision decision = lawful_decision();
        struct slice text;
        job.caller = hostile[i];
        job.approval_ref = hostile[i];
        job.request_id = hostile[i];
        cr_assert_eq(record_intent(buffer, &head, &job, &decision, &text), SG_OK);
        json_t *record = parse(text);
        expect_head(record, "intent");
        cr_expect_str_eq(text_of(record, "key"), "seal-demo", "case %zu", i);
        cr_expect_eq(json_object_size(record), 25, "case %zu: %zu members", i,
                     json_object_size(record));
        json_decref(record);
    }
}

Test(record, what_does_not_fit_is_refused_not_cut)
{
    static char large[LEDGER_RECORD_MAX];
    struct record_head head = lawful_head();
    struct record_job job = lawful_job();
    struct record_decision decision = lawful_decision();
    const char *const pairs[] = {"why", large};
    struct slice text;

    memset(large, 'x', sizeof(large) - 1);
    job.approval_ref = large;
    cr_expect_eq(record_intent(buffer, &head, &job, &decision, &text), SG_TOO_LARGE);
    cr_expect_eq(record_deny(buffer, &head, &job, &decision, &text), SG_TOO_LARGE);
    cr_expect_eq(record_event(buffer, &head, "boot", pairs, 1, &text), SG_TOO_LARGE);
}
