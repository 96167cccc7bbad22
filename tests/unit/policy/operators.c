#include <criterion/criterion.h>
#include <stdio.h>

#include "tests/unit/policy/support/parse.h"

/* The closed list of operators, one by one, and which fact each fits. */

static void set_text(struct facts *facts, enum fact fact, const char *text)
{
    facts_text(facts, fact, slice_str(text));
}

static bool allows(const char *require, const struct facts *facts)
{
    struct policy *policy = one_rule(require);
    struct verdict verdict = judge(policy, facts);

    policy_free(policy);
    return verdict.allow;
}

Test(policy_operators, eq_and_ne_compare_by_type)
{
    struct facts facts = {0};

    set_text(&facts, FACT_ID_key_class, "seal");
    facts_bool(&facts, FACT_ID_key_local, true);
    facts_number(&facts, FACT_ID_key_rsa_bits, 2048);
    cr_expect(allows("{key.class: seal}", &facts));
    cr_expect(allows("{key.class: \"seal\"}", &facts));
    set_text(&facts, FACT_ID_key_id, "seal");
    cr_expect_not(allows("{key.id: {eq: sea}}", &facts));
    cr_expect(allows("{key.class: {ne: signature}}", &facts));
    cr_expect_not(allows("{key.class: {ne: seal}}", &facts));
    cr_expect(allows("{key.local: true}", &facts));
    cr_expect_not(allows("{key.local: false}", &facts));
    cr_expect_not(allows("{key.local: {ne: true}}", &facts));
    cr_expect(allows("{key.rsa_bits: 2048}", &facts));
    cr_expect_not(allows("{key.rsa_bits: {ne: 2048}}", &facts));
}

Test(policy_operators, in_and_not_in_ask_lists)
{
    struct facts facts = {0};

    set_text(&facts, FACT_ID_job_alg, "b");
    facts_number(&facts, FACT_ID_key_rsa_bits, 3072);
    cr_expect(allows("{job.alg: {in: [a, b]}}", &facts));
    cr_expect_not(allows("{job.alg: {in: [a, bb]}}", &facts));
    cr_expect(allows("{job.alg: {not_in: [a, c]}}", &facts));
    cr_expect_not(allows("{job.alg: {not_in: [a, b]}}", &facts));
    cr_expect(allows("{key.rsa_bits: {in: [2048, 3072]}}", &facts));
    cr_expect_not(allows("{key.rsa_bits: {not_in: [2048, 3072]}}", &facts));
}

Test(policy_operators, bounds_are_inclusive)
{
    static const struct {
        int64_t value;
        bool ge, le, between;
    } rows[] = {{9, false, true, false},
                {10, true, true, true},
                {20, true, true, true},
                {21, true, false, false}};

    for (size_t i = 0; i < SG_COUNT(rows); i++) {
        struct facts facts = {0};
        facts_number(&facts, FACT_ID_job_digest_len, rows[i].value);
        cr_expect_eq(allows("{job.digest_len: {ge: 10}}", &facts), rows[i].ge);
        cr_expect_eq(allows("{job.digest_len: {le: 20}}", &facts), rows[i].le);
        cr_expect_eq(allows("{job.digest_len: {between: [10, 20]}}", &facts),
                     rows[i].between);
        cr_expect_eq(allows("{job.digest_len: {ge: 10, le: 20}}", &facts),
                     rows[i].between);
    }
}

Test(policy_operators, negative_durations_are_below_zero)
{
    struct facts facts = {0};

    facts_number(&facts, FACT_ID_cert_remaining_s, -1);
    cr_expect_not(allows("{cert.remaining_s: {ge: 0}}", &facts));
    cr_expect(allows("{cert.remaining_s: {ge: -1}}", &facts));
}

Test(policy_operators, times_are_bounded_by_dates_and_by_other_times)
{
    struct facts facts = {0};

    facts_number(&facts, FACT_ID_clock_now, INT64_C(1777654800) * 1000000);
    facts_number(&facts, FACT_ID_cert_not_after, INT64_C(1777654800) * 1000000);
    cr_expect(allows("{clock.now: {ge: 2026-05-02}}", &facts));
    cr_expect_not(allows("{clock.now: {ge: 2026-05-02T00:00:00Z}}", &facts));
    cr_expect(allows("{clock.now: {le: cert.not_after}}", &facts));
    facts.value[FACT_ID_cert_not_after].number--;
    cr_expect_not(allows("{clock.now: {le: cert.not_after}}", &facts));
    facts.value[FACT_ID_cert_not_after].present = false;
    cr_expect_not(allows("{clock.now: {le: cert.not_after}}", &facts));
    cr_expect_not(allows("{clock.now: {ge: cert.not_after}}", &facts));
}

Test(policy_operators, matches_wants_the_whole_value)
{
    struct facts facts = {0};
    char longest[513];

    set_text(&facts, FACT_ID_job_approval_ref, "ND/045/2026");
    cr_expect(allows("{job.approval_ref: {matches: \"ND/[0-9]{3}/[0-9]{4}\"}}", &facts));
    cr_expect_not(allows("{job.approval_ref: {matches: \"ND/[0-9]{3}\"}}", &facts));
    cr_expect_not(allows("{job.approval_ref: {matches: \"[0-9/]+\"}}", &facts));
    cr_expect(allows("{job.approval_ref: {matches: \"x|ND.*\"}}", &facts));
    cr_expect_not(allows("{job.approval_ref: {matches: \"ND|2026\"}}", &facts));
    set_text(&facts, FACT_ID_job_approval_ref, "ND/045/2026\nx");
    cr_expect_not(allows("{job.approval_ref: {matches: \"ND/045/2026\"}}", &facts));
    facts_text(&facts, FACT_ID_job_approval_ref, slice_of("ND\0x", 4));
    cr_expect_not(allows("{job.approval_ref: {matches: \"ND\"}}", &facts));
    (void)memset(longest, 'a', sizeof(longest));
    facts_text(&facts, FACT_ID_job_approval_ref, slice_of(longest, 512));
    cr_expect(allows("{job.approval_ref: {matches: \"a*\"}}", &facts));
    facts_text(&facts, FACT_ID_job_approval_ref, slice_of(longest, 513));
    cr_expect_not(allows("{job.approval_ref: {matches: \"a*\"}}", &facts));
}

Test(policy_operators, subset_wants_every_element)
{
    const struct slice items[] = {slice_str("a"), slice_str("b")};
    struct facts facts = {0};

    facts_set(&facts, FACT_ID_cert_eku, items, 2);
    cr_expect(allows("{cert.eku: {subset: [a, b, c]}}", &facts));
    cr_expect_not(allows("{cert.eku: {subset: [a, c]}}", &facts));
    facts_set(&facts, FACT_ID_cert_eku, NULL, 0);
    cr_expect(allows("{cert.eku: {subset: [a]}}", &facts));
    cr_expect_not(allows("{cert.eku: {exists: true, subset: [a]}}", &facts));
}

Test(policy_operators, exists_tells_content_from_nothing)
{
    struct facts facts = {0};

    cr_expect_not(allows("{job.batch: {exists: true}}", &facts));
    cr_expect(allows("{job.batch: {exists: false}}", &facts));
    set_text(&facts, FACT_ID_job_batch, "");
    cr_expect_not(allows("{job.batch: {exists: true}}", &facts));
    cr_expect(allows("{job.batch: {exists: false}}", &facts));
    set_text(&facts, FACT_ID_job_batch, "b");
    cr_expect(allows("{job.batch: {exists: true}}", &facts));
    cr_expect_not(allows("{job.batch: {exists: false}}", &facts));
}

/* One value of each type, as it is written in the file. */
static const struct {
    enum fact fact;
    const char *value;
} samples[] = {[FACT_BOOL] = {FACT_ID_key_local, "true"},
               [FACT_INT] = {FACT_ID_key_rsa_bits, "7"},
               [FACT_STR] = {FACT_ID_key_class, "seal"},
               [FACT_TIME] = {FACT_ID_clock_now, "2026-05-02"},
               [FACT_DUR] = {FACT_ID_cert_remaining_s, "7"},
               [FACT_SET] = {FACT_ID_cert_eku, "a"},
               [FACT_HASH] = {FACT_ID_caller_cert_fp,
                              "\"sha256:00112233445566778899aabbccddeeff"
                              "00112233445566778899aabbccddeeff\""}};

/* form: 1 value, 2 values in a list, l a list of one, b a bool. */
static bool loads(const char *operator_name, char form, size_t type)
{
    char operand[256];
    char rest[1024];
    struct policy *policy = NULL;
    struct sg_error why;
    const char *value = samples[type].value;

    if (form == '1' || form == 'b') {
        (void)snprintf(operand, sizeof(operand), "%s", form == 'b' ? "true" : value);
    } else {
        (void)snprintf(operand, sizeof(operand), "[%s%s%s]", value,
                       form == '2' ? ", " : "", form == '2' ? value : "");
    }
    (void)snprintf(rest, sizeof(rest),
                   HEAD
                   "rules:\n  - {id: R, cp: \"1\", level: hard, require: {%s: {%s: %s}}, "
                   "deny: NO}\n",
                   fact_name(samples[type].fact), operator_name, operand);
    bool good = policy_parse(slice_str(rest), "p.yaml", &policy, &why) == SG_OK;
    policy_free(policy);
    return good;
}

/* Columns: bool, int, text, time, duration, set, hash. */
Test(policy_operators, each_fits_the_types_of_the_table_and_no_other)
{
    static const struct {
        const char *name;
        char form;
        const char *fits;
    } rows[] = {
        {"eq", '1', "yyyyy.y"},      {"ne", '1', "yyyyy.y"},
        {"in", 'l', ".yyyy.y"},      {"not_in", 'l', ".yyyy.y"},
        {"ge", '1', ".y.yy.."},      {"le", '1', ".y.yy.."},
        {"between", '2', ".y.yy.."}, {"matches", '1', "..y...."},
        {"subset", 'l', ".....y."},  {"exists", 'b', "yyyyyyy"},
    };

    for (size_t row = 0; row < SG_COUNT(rows); row++) {
        for (size_t type = 0; type < SG_COUNT(samples); type++) {
            cr_expect_eq(loads(rows[row].name, rows[row].form, type),
                         rows[row].fits[type] == 'y', "%s on %s", rows[row].name,
                         fact_name(samples[type].fact));
        }
    }
}
