#include "gateway/policy/facts.h"

#include <criterion/criterion.h>

Test(facts, each_name_is_found_and_helps)
{
    for (size_t i = 0; i < FACT_COUNT; i++) {
        enum fact fact = (enum fact)i;
        cr_expect_eq(fact_find(fact_name(fact)), fact);
        cr_expect_str_eq(fact_names()[i], fact_name(fact));
        cr_expect_gt(strlen(fact_help(fact)), 0);
        cr_expect_gt(strlen(fact_type_name(fact_type(fact))), 0);
    }
    cr_expect_null(fact_names()[FACT_COUNT]);
    cr_expect_eq(fact_find("key.clas"), FACT_COUNT);
}

Test(facts, entitlement_follows_from_the_callers_keys)
{
    const struct slice keys[] = {slice_str("a"), slice_str("b")};
    struct facts facts = {0};

    facts_derive(&facts);
    cr_expect_not(facts.value[FACT_ID_caller_entitled].present);
    facts_set(&facts, FACT_ID_caller_keys, keys, 2);
    facts_text(&facts, FACT_ID_key_id, slice_str("b"));
    facts_derive(&facts);
    cr_expect_eq(facts.value[FACT_ID_caller_entitled].number, 1);
    facts.value[FACT_ID_caller_entitled].present = false;
    facts_text(&facts, FACT_ID_key_id, slice_str("c"));
    facts_derive(&facts);
    cr_expect(facts.value[FACT_ID_caller_entitled].present);
    cr_expect_eq(facts.value[FACT_ID_caller_entitled].number, 0);
}

static bool class_allowed(const char *class, size_t allowed_count)
{
    const struct slice allowed[] = {slice_str("a"), slice_str("both")};
    const struct slice prohibited[] = {slice_str("p"), slice_str("both")};
    struct facts facts = {0};

    facts_set(&facts, FACT_ID_key_allowed_classes, allowed, allowed_count);
    facts_set(&facts, FACT_ID_key_prohibited_classes, prohibited, 2);
    facts_text(&facts, FACT_ID_job_doc_class, slice_str(class));
    facts_derive(&facts);
    cr_assert(facts.value[FACT_ID_key_class_allowed].present);
    return facts.value[FACT_ID_key_class_allowed].number != 0;
}

Test(facts, prohibited_class_wins_and_an_empty_list_allows_the_rest)
{
    cr_expect(class_allowed("a", 2));
    cr_expect_not(class_allowed("x", 2));
    cr_expect_not(class_allowed("p", 2));
    cr_expect_not(class_allowed("both", 2));
    cr_expect(class_allowed("x", 0));
    cr_expect_not(class_allowed("p", 0));
}

Test(facts, period_ends_at_the_very_second)
{
    struct facts facts = {0};

    facts_number(&facts, FACT_ID_cert_not_before, 10000000);
    facts_number(&facts, FACT_ID_cert_not_after, 20000000);
    for (int64_t now = 9; now <= 20; now += 11) {
        facts_number(&facts, FACT_ID_clock_now, now * 1000000);
        facts.value[FACT_ID_cert_in_period].present = false;
        facts.value[FACT_ID_cert_remaining_s].present = false;
        facts_derive(&facts);
        cr_expect_eq(facts.value[FACT_ID_cert_in_period].number, 0);
        cr_expect_eq(facts.value[FACT_ID_cert_remaining_s].number, 20 - now);
    }
    facts_number(&facts, FACT_ID_clock_now, 19999999);
    facts.value[FACT_ID_cert_in_period].present = false;
    facts_derive(&facts);
    cr_expect_eq(facts.value[FACT_ID_cert_in_period].number, 1);
}

Test(facts, given_facts_are_not_derived_over)
{
    const struct slice keys[] = {slice_str("a")};
    struct facts facts = {0};

    facts_set(&facts, FACT_ID_caller_keys, keys, 1);
    facts_text(&facts, FACT_ID_key_id, slice_str("a"));
    facts_bool(&facts, FACT_ID_caller_entitled, false);
    facts_derive(&facts);
    cr_expect_eq(facts.value[FACT_ID_caller_entitled].number, 0);
}
