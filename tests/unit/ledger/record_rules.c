#include <criterion/criterion.h>
#include <jansson.h>

#include "gateway/ledger/ledger.h"
#include "gateway/ledger/record.h"
#include "tests/unit/ledger/support/lawful.h"

/* What records say of rules that the job did not pass, and how many find no room. */

static char buffer[LEDGER_RECORD_MAX];

/* Many in the list, and what found no room beside it. */
Test(record_rules, intent_counts_the_rules_that_find_no_room)
{
    static const char *ids[1000];
    struct record_head head = lawful_head();
    struct record_job job = lawful_job();
    struct record_decision decision = {.remarked = true};
    struct slice text;

    for (size_t i = 0; i < SG_COUNT(ids); i++) {
        ids[i] = "CP-4.5-07";
    }
    for (size_t i = 0; i < REMARKS; i++) {
        decision.remarks[i] = (struct record_rules){ids, i == 0 ? SG_COUNT(ids) : 10};
    }
    cr_assert_eq(record_intent(buffer, &head, &job, &decision, &text), SG_OK);
    json_t *record = json_loadb((const char *)text.data, text.len, 0, NULL);
    const json_t *rules = json_object_get(record, "rules");
    size_t shadows = json_array_size(json_object_get(rules, "shadow_fail"));
    cr_expect_gt(shadows, 8);
    cr_expect_eq(json_integer_value(json_object_get(rules, "shadow_more")),
                 (json_int_t)(SG_COUNT(ids) - shadows));
    cr_expect_eq(json_array_size(json_object_get(rules, "warn")), 10);
    cr_expect_eq(json_array_size(json_object_get(rules, "excepted")), 10);
    json_decref(record);
}

/* An earlier gateway told of no exception, and this one of none that there was. */
Test(record_rules, intent_says_that_no_exception_lifted_a_rule)
{
    struct record_head head = lawful_head();
    struct record_job job = lawful_job();
    struct record_decision decision = {.remarked = true};
    struct slice text;

    cr_assert_eq(record_intent(buffer, &head, &job, &decision, &text), SG_OK);
    json_t *record = json_loadb((const char *)text.data, text.len, 0, NULL);
    const json_t *rules = json_object_get(record, "rules");
    cr_expect(json_is_array(json_object_get(rules, "excepted")));
    cr_expect_null(json_object_get(rules, "warn"));
    json_decref(record);
}

/* Of a denial those, too, that the decision itself did not name. */
Test(record_rules, deny_counts_the_rules_that_it_does_not_list)
{
    static struct record_failure failures[16];
    struct record_head head = lawful_head();
    struct record_job job = lawful_job();
    struct record_decision decision = {
        .failures = failures, .failure_count = 16, .failure_more = 5};
    struct slice text;

    for (size_t i = 0; i < SG_COUNT(failures); i++) {
        failures[i] = (struct record_failure){.rule = "CP-6.3-01"};
    }
    cr_assert_eq(record_deny(buffer, &head, &job, &decision, &text), SG_OK);
    json_t *record = json_loadb((const char *)text.data, text.len, 0, NULL);
    cr_expect_eq(json_array_size(json_object_get(record, "fail")), 16);
    cr_expect_eq(json_integer_value(json_object_get(record, "fail_more")), 5);
    json_decref(record);
}
