#include "gateway/policy/unknown.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "tests/unit/policy/support/parse.h"

/* Judging with unknown facts, held against all that the facts may have been: random
 * policies over a few facts, each of them absent or with one of a few values. */

enum { TRIALS = 3000, UNKNOWN_MAX = 3, VALUES = 4, TEXT = 4096 };

static uint64_t state;

static unsigned draw(unsigned below)
{
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return (unsigned)((state * UINT64_C(2685821657736338717)) >> 33) % below;
}

/* --- Random policies ----------------------------------------------------------- */

static const char *const demands[] = {
    "job.notice: true",
    "job.notice: {exists: false}",
    "status.age_s: {le: 100}",
    "status.age_s: {between: [50, 200]}",
    "job.content_type: {in: [a, b]}",
    "job.content_type: {exists: true, ne: a}",
    "job.meta_keys: {subset: [a]}",
    "clock.now: {le: cert.not_after}",
    "status.revoked: false",
    "key.rsa_bits: {ge: 2048}",
};

/* Facts of one map must differ: one from each half. */
static void put_demands(FILE *out)
{
    unsigned half = SG_COUNT(demands) / 2;
    unsigned one = draw(half);

    (void)fprintf(out, "{%s", demands[one]);
    if (draw(2) == 0) {
        (void)fprintf(out, ", %s", demands[half + 1 + draw(half - 1)]);
    }
    (void)fputs("}", out);
}

static void put_rule(FILE *out, unsigned number)
{
    static const char *const levels[] = {"hard", "soft", "advisory"};
    static const char *const modes[] = {"enforce", "enforce", "shadow", "off"};
    unsigned level = number == 0 ? 1 : draw(3);

    (void)fprintf(out, "  - {id: R%u, cp: \"1\", level: %s, mode: %s, deny: NO", number,
                  levels[level], number == 0 ? "enforce" : modes[draw(4)]);
    if (draw(3) == 0) {
        (void)fputs(", when: ", out);
        put_demands(out);
    }
    (void)fputs(", require: ", out);
    put_demands(out);
    (void)fputs("}\n", out);
}

static struct policy *random_policy(void)
{
    static char text[TEXT];
    FILE *out = fmemopen(text, sizeof(text), "w");
    unsigned rules = 1 + draw(5);

    cr_assert_not_null(out);
    (void)fputs("rules:\n", out);
    for (unsigned i = 0; i < rules; i++) {
        put_rule(out, i);
    }
    if (draw(2) == 0) {
        (void)fputs("exceptions:\n  - {rule: R0, until: 2026-06-01, reason: r, "
                    "approved_by: [a, b], match: ",
                    out);
        put_demands(out);
        (void)fputs("}\n", out);
    }
    cr_assert_eq(fclose(out), 0);
    return lawful(text);
}

/* --- Facts
 * ------------------------------------------------------------------------------ */

static const enum fact open_facts[] = {FACT_ID_job_notice,       FACT_ID_status_age_s,
                                       FACT_ID_job_content_type, FACT_ID_job_meta_keys,
                                       FACT_ID_status_revoked,   FACT_ID_key_rsa_bits};

/* 0: absent. */
static void set_value(struct facts *facts, enum fact fact, unsigned value)
{
    static const struct slice texts[] = {
        {(const uint8_t *)"a", 1}, {(const uint8_t *)"b", 1}, {(const uint8_t *)"c", 1}};

    facts->value[fact] = (struct fact_value){0};
    if (value == 0) {
        return;
    }
    if (fact_type(fact) == FACT_BOOL) {
        facts_bool(facts, fact, value > 1);
    } else if (fact_type(fact) == FACT_STR) {
        facts_text(facts, fact, texts[value - 1]);
    } else if (fact_type(fact) == FACT_SET) {
        facts_set(facts, fact, texts, value - 1);
    } else {
        int64_t unit = fact == FACT_ID_key_rsa_bits ? 1024 : 75;
        facts_number(facts, fact, (int64_t)value * unit);
    }
}

static struct facts random_facts(void)
{
    struct facts facts = {0};

    for (size_t i = 0; i < SG_COUNT(open_facts); i++) {
        set_value(&facts, open_facts[i], draw(VALUES));
    }
    facts_number(&facts, FACT_ID_clock_now, INT64_C(1777680000000000));
    if (draw(3) != 0) {
        facts_number(&facts, FACT_ID_cert_not_after,
                     INT64_C(1777680000000000) - 1 + (int64_t)draw(3));
    }
    return facts;
}

static struct unknown forget_some(struct facts *facts)
{
    struct unknown unknown = {0};

    for (unsigned i = draw(UNKNOWN_MAX + 1); i > 0; i--) {
        enum fact fact = open_facts[draw(SG_COUNT(open_facts))];
        unknown.fact[fact] = true;
        facts->value[fact] = (struct fact_value){0};
    }
    return unknown;
}

/* --- The claim
 * ---------------------------------------------------------------------------- */

struct seen {
    bool allowed;
    bool denied;
};

static bool is_in(const struct verdict *verdict, uint16_t rule)
{
    for (size_t i = 0; i < verdict->failure_count; i++) {
        if (verdict->failures[i] == rule) {
            return true;
        }
    }
    return false;
}

static void expect_within(const struct rule_set *certain, const struct rule_set *all)
{
    for (size_t i = 0; i < RULE_SET_WORDS; i++) {
        cr_assert_eq(certain->words[i] & ~all->words[i], 0);
    }
}

static void hold_one(const struct policy *policy, const struct facts *facts,
                     const struct unknown_verdict *found, struct seen *seen)
{
    struct verdict verdict = judge(policy, facts);

    cr_assert(verdict.allow ? found->may_allow : found->may_deny, "%s",
              policy_dump(policy));
    cr_assert_leq(found->certain.passed, verdict.passed);
    for (size_t i = 0; i < REMARKS; i++) {
        expect_within(&found->certain.remarks[i], &verdict.remarks[i]);
    }
    for (size_t i = 0; i < found->certain.failure_count; i++) {
        cr_assert(is_in(&verdict, found->certain.failures[i]), "%s", policy_dump(policy));
    }
    seen->allowed = seen->allowed || verdict.allow;
    seen->denied = seen->denied || !verdict.allow;
}

/* All that the unknown facts may have been. */
static void hold_all(const struct policy *policy, const struct facts *facts,
                     const struct unknown *unknown, const struct unknown_verdict *found,
                     struct seen *seen)
{
    unsigned ways = 1;

    for (size_t i = 0; i < SG_COUNT(open_facts); i++) {
        ways *= unknown->fact[open_facts[i]] ? VALUES : 1;
    }
    for (unsigned way = 0; way < ways; way++) {
        struct facts one = *facts;
        unsigned rest = way;
        for (size_t i = 0; i < SG_COUNT(open_facts); i++) {
            if (unknown->fact[open_facts[i]]) {
                set_value(&one, open_facts[i], rest % VALUES);
                rest /= VALUES;
            }
        }
        hold_one(policy, &one, found, seen);
    }
}

static struct unknown_verdict judge_unknown(const struct policy *policy,
                                            const struct facts *facts,
                                            const struct unknown *unknown)
{
    struct policy_key *bound = NULL;
    struct unknown_verdict found;

    cr_assert_eq(policy_bind(policy, facts, &bound), SG_OK);
    policy_judge_unknown(policy, bound, facts, unknown, &found);
    policy_key_free(bound);
    return found;
}

Test(policy_unknown, whatever_the_facts_were_the_outcome_is_one_that_may_be)
{
    unsigned settled = 0;
    unsigned open = 0;

    state = 20260502;
    for (int i = 0; i < TRIALS; i++) {
        struct policy *policy = random_policy();
        struct facts facts = random_facts();
        struct unknown unknown = forget_some(&facts);
        struct unknown_verdict found = judge_unknown(policy, &facts, &unknown);
        struct seen seen = {0};
        hold_all(policy, &facts, &unknown, &found, &seen);
        cr_assert(found.may_allow || found.may_deny);
        settled += found.open > 0 && found.may_allow != found.may_deny;
        open += seen.allowed && seen.denied;
        policy_free(policy);
    }
    cr_expect_gt(settled, TRIALS / 20, "%u", settled);
    cr_expect_gt(open, TRIALS / 20, "%u", open);
}

Test(policy_unknown, with_nothing_unknown_it_is_the_gateways_verdict)
{
    static const struct unknown nothing;

    state = 7;
    for (int i = 0; i < TRIALS; i++) {
        struct policy *policy = random_policy();
        struct facts facts = random_facts();
        struct verdict verdict = judge(policy, &facts);
        struct unknown_verdict found = judge_unknown(policy, &facts, &nothing);
        cr_assert_eq(found.open, 0);
        cr_assert_eq(found.certain.allow, verdict.allow);
        cr_assert_eq(found.may_deny, !verdict.allow);
        cr_assert_eq(found.certain.passed, verdict.passed);
        cr_assert_arr_eq(found.certain.remarks, verdict.remarks, sizeof(verdict.remarks));
        cr_assert_eq(found.certain.failure_count, verdict.failure_count);
        cr_assert_eq(
            memcmp(found.certain.failures, verdict.failures, sizeof(verdict.failures)),
            0);
        policy_free(policy);
    }
}

Test(policy_unknown, exceptions_and_shadow_rules_are_read_too)
{
    bool reads[FACT_COUNT] = {false};
    struct policy *policy = lawful(
        "rules:\n"
        "  - {id: A, cp: \"1\", level: soft, require: {job.notice: true}, deny: NO}\n"
        "  - {id: B, cp: \"1\", level: soft, mode: shadow, when: {status.revoked: "
        "false}, "
        "require: {clock.now: {le: cert.not_after}}, deny: NO}\n"
        "  - {id: C, cp: \"1\", level: soft, mode: off, require: {status.suspended: "
        "false}, deny: NO}\n"
        "exceptions:\n  - {rule: A, until: 2026-06-01, reason: r, approved_by: [a, b], "
        "match: {job.batch: b}}\n");

    policy_reads(policy, reads);
    cr_expect(reads[FACT_ID_job_notice] && reads[FACT_ID_status_revoked]);
    cr_expect(reads[FACT_ID_clock_now] && reads[FACT_ID_cert_not_after]);
    cr_expect(reads[FACT_ID_job_batch]);
    cr_expect_not(reads[FACT_ID_status_suspended]);
    policy_free(policy);
}
