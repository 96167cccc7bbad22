#include <criterion/criterion.h>
#include <stdio.h>

#include "tests/unit/policy/support/parse.h"

/* Binding a key, explaining a result, and the status of a denial. */

static void set_text(struct facts *facts, enum fact fact, const char *text)
{
    facts_text(facts, fact, slice_str(text));
}

#define WANTS_SEAL "require: {key.class: seal}"

Test(policy_bind, keeps_its_own_copies_of_key_facts_only)
{
    char text[] = "seal";
    char item[] = "a";
    struct slice items[] = {slice_str(item)};
    struct facts facts = {0};
    struct policy_key *bound = NULL;
    struct policy *policy = one_rule(WANTS_SEAL + strlen("require: "));

    set_text(&facts, FACT_ID_key_class, text);
    facts_set(&facts, FACT_ID_cert_eku, items, 1);
    set_text(&facts, FACT_ID_job_class, "seal");
    cr_assert_eq(policy_bind(policy, &facts, &bound), SG_OK);
    (void)memset(text, 'x', sizeof(text) - 1);
    item[0] = 'x';
    items[0].len = 0;
    const struct facts *kept = policy_key_facts(bound);
    cr_expect(slice_equal(kept->value[FACT_ID_key_class].text, slice_str("seal")));
    cr_expect(slice_equal(kept->value[FACT_ID_cert_eku].set[0], slice_str("a")));
    cr_expect_not(kept->value[FACT_ID_job_class].present);
    policy_key_free(bound);
    policy_free(policy);
}

Test(policy_bind, adds_what_the_policy_says_of_itself)
{
    struct facts none = {0};
    struct policy_key *bound = NULL;
    struct policy *policy = one_rule("{key.class: seal}");

    cr_assert_eq(policy_bind(policy, &none, &bound), SG_OK);
    const struct facts *kept = policy_key_facts(bound);
    cr_expect_eq(kept->value[FACT_ID_policy_review_by].number,
                 policy_info(policy)->review_by_us);
    cr_expect(slice_equal(kept->value[FACT_ID_policy_profile].text, slice_str("test")));
    cr_expect_not(kept->value[FACT_ID_agreement_until].present);
    policy_key_free(bound);
    policy_free(policy);
}

static struct policy_key *bound_with(const struct policy *policy, const char *class,
                                     const char *serial)
{
    struct facts facts = {0};
    struct policy_key *bound = NULL;

    if (class != NULL) {
        set_text(&facts, FACT_ID_key_class, class);
    }
    set_text(&facts, FACT_ID_token_serial, serial);
    cr_assert_eq(policy_bind(policy, &facts, &bound), SG_OK);
    return bound;
}

/* The same key on two tokens: what a rule looks at decides, not each fact. */
Test(policy_bind, is_alike_where_the_rules_judge_alike)
{
    struct policy *policy = one_rule("{key.class: seal}");
    struct policy_key *one = bound_with(policy, "seal", "1");
    struct policy_key *twin = bound_with(policy, "seal", "2");
    struct policy_key *other = bound_with(policy, "signature", "1");
    struct policy_key *silent = bound_with(policy, NULL, "1");

    cr_expect(policy_key_alike(one, twin));
    cr_expect_not(policy_key_equal(one, twin));
    cr_expect(policy_key_equal(one, one));
    cr_expect_not(policy_key_alike(one, other));
    cr_expect_not(policy_key_alike(one, silent), "an absent fact is judged otherwise");
    cr_expect_eq(policy_key_denials(one), 0);
    cr_expect_eq(policy_key_denials(other), 1);
    cr_expect_eq(policy_key_denials(silent), 1);
    policy_key_free(one);
    policy_key_free(twin);
    policy_key_free(other);
    policy_key_free(silent);
    policy_free(policy);
}

Test(policy_explain, says_found_and_required)
{
    struct facts facts = {0};
    struct rule_why why;
    struct policy *policy = one_rule("{key.class: seal, key.rsa_bits: {ge: 2048}}");

    set_text(&facts, FACT_ID_key_class, "seal");
    facts_number(&facts, FACT_ID_key_rsa_bits, 1024);
    policy_explain(policy, 0, &facts, &why);
    cr_expect_eq(why.result, RULE_FAIL);
    cr_expect_str_eq(why.fact, "key.rsa_bits");
    cr_expect_str_eq(why.found, "1024");
    cr_expect_str_eq(why.required, ">= 2048");
    facts.value[FACT_ID_key_rsa_bits].present = false;
    policy_explain(policy, 0, &facts, &why);
    cr_expect_eq(why.result, RULE_ERROR);
    cr_expect_str_eq(why.found, "");
    facts_number(&facts, FACT_ID_key_rsa_bits, 4096);
    policy_explain(policy, 0, &facts, &why);
    cr_expect_eq(why.result, RULE_PASS);
    cr_expect_str_eq(why.fact, "");
    cr_expect_str_eq(why.required, "");
    policy_free(policy);
}

Test(policy_explain, cuts_long_values_between_characters)
{
    char text[201];
    struct facts facts = {0};
    struct rule_why why;
    struct policy *policy = one_rule("{job.batch: x}");

    /* There is room for 127 bytes: the last would be half an é. */
    for (size_t i = 0; i < 200; i += 2) {
        (void)memcpy(text + i, "\xC3\xA9", 2);
    }
    facts_text(&facts, FACT_ID_job_batch, slice_of(text, 200));
    policy_explain(policy, 0, &facts, &why);
    cr_expect_eq(strlen(why.found), 126);
    policy_free(policy);
}

Test(policy_status, follows_the_deny_code)
{
    static const struct {
        const char *code;
        enum sg_status status;
    } rows[] = {{"CALLER_NOT_ENTITLED", SG_DENIED},
                {"ALG_NOT_ALLOWED", SG_INVALID},
                {"NO_CONSENT_REF", SG_INVALID},
                {"CERT_EXPIRED", SG_PRECONDITION},
                {"QUOTA", SG_BUSY},
                {"LOG_UNAVAILABLE", SG_LEDGER},
                {"AGENCY_OWN", SG_PRECONDITION}};

    for (size_t i = 0; i < SG_COUNT(rows); i++) {
        char rest[256];
        (void)snprintf(rest, sizeof(rest),
                       "rules:\n  - {id: R, cp: \"1\", level: hard, " WANTS_SEAL
                       ", deny: %s}\n",
                       rows[i].code);
        struct policy *policy = lawful(rest);
        cr_expect_eq(policy_status(policy, 0), rows[i].status, "%s", rows[i].code);
        policy_free(policy);
    }
}
