/* Records of decisions and of their keys' facts, judged again:
 * what is refused has one sentence with the index; what is accepted is compared, every
 * rule named is one of the policy, and the policy of the time leaves nothing open.
 *
 * Input: a byte of choices, the key.facts record, a line end, the decision. */
#include <stdio.h>

#include "gateway/policy/replay.h"
#include "tests/fuzz/support/fuzz.h"

enum { KEY_INDEX = 3, DECISION_INDEX = 7 };
/* The record names this policy, whatever stands in it; the policy of the time is known.
 */
enum { SAME_POLICY = 1, THEN_KNOWN = 2 };

static const char rules_text[] =
    "apiVersion: segel/v1\nkind: CertificatePolicy\n"
    "metadata: {id: f, version: 1, effective: 2026-01-01, review_by: 2027-01-01, "
    "calendar: {zone: WIB, holidays: [2026-08-17]}}\nprofile: test\n"
    "rules:\n"
    "  - {id: A, cp: \"1\", level: hard, require: {key.rsa_bits: {ge: 2048}}, deny: NO}\n"
    "  - {id: B, cp: \"1\", level: soft, when: {job.notice: true}, require: "
    "{job.approval_ref: {matches: \"[A-Z][A-Za-z0-9/-]{2,63}\"}}, deny: NO}\n"
    "  - {id: C, cp: \"1\", level: hard, require: {job.meta_keys: {subset: [a, b]}}, "
    "deny: NO}\n"
    "  - {id: D, cp: \"1\", level: hard, require: {clock.now: {le: cert.not_after}, "
    "clock.weekday: {not_in: [sun]}}, deny: NO}\n"
    "  - {id: E, cp: \"1\", level: soft, mode: shadow, require: {status.age_s: {le: "
    "3600}}, deny: NO}\n"
    "  - {id: F, cp: \"1\", level: advisory, require: {caller.cert_fp: {exists: true}}, "
    "deny: NO}\n"
    "  - {id: G, cp: \"1\", level: hard, require: {key.class_allowed: true, "
    "job.digest_len: {in: [32, 48]}}, deny: NO}\n"
    "exceptions:\n  - {rule: B, until: 2026-12-01, reason: r, approved_by: [a, b], "
    "match: "
    "{caller.name: office}}\n";
static const char other_text[] =
    "apiVersion: segel/v1\nkind: CertificatePolicy\n"
    "metadata: {id: o, version: 1, effective: 2026-01-01, review_by: 2027-01-01}\n"
    "profile: test\nrules:\n  - {id: B, cp: \"1\", level: hard, require: "
    "{job.meta_keys: {exists: true}, status.age_s: {ge: 0}}, deny: NO}\n";

static const struct policy *loaded(const char *text)
{
    struct policy *policy = NULL;
    struct sg_error why = {0};

    if (policy_parse(slice_str(text), "fuzz", &policy, &why) != SG_OK) {
        (void)fprintf(stderr, "%s\n", why.text);
    }
    MUST(policy != NULL);
    return policy;
}

static void must_be_told(enum sg_status status, const struct sg_error *why)
{
    static const char begins[] = "record ";

    MUST(status == SG_INVALID);
    MUST(strncmp(why->text, begins, strlen(begins)) == 0);
}

static void hold_facts(const struct facts *facts)
{
    for (size_t i = 0; i < FACT_COUNT; i++) {
        const struct fact_value *value = &facts->value[i];
        enum fact_type type = fact_type((enum fact)i);
        MUST(type != FACT_BOOL || !value->present || value->number == 0 ||
             value->number == 1);
        MUST(!fact_type_is_text(type) || !value->present || value->text.data != NULL);
        MUST(type != FACT_SET || !value->present || value->set != NULL);
    }
}

static void hold_rules(const struct policy *policy, const struct replay *replay)
{
    struct rule_why why;

    MUST(replay->denies_count <= VERDICT_FAILURES);
    for (size_t i = 0; i < replay->denies_count; i++) {
        if (replay->denies[i] != REPLAY_NO_RULE) {
            policy_explain(policy, replay->denies[i], &replay->facts, &why);
            MUST(why.result == RULE_FAIL || why.result == RULE_ERROR);
        }
    }
}

static void hold_kind(const struct logged *decision, const struct replay *replay)
{
    MUST(replay->kind < REPLAY_KINDS);
    MUST((replay->kind == REPLAY_BY_GATEWAY) == decision->by_gateway);
    if (replay->kind == REPLAY_NEWLY_DENIED) {
        MUST(decision->allowed && !replay->allowed && replay->denies_count > 0);
    } else if (replay->kind == REPLAY_NEWLY_ALLOWED) {
        MUST(!decision->allowed && replay->allowed);
    } else if (replay->kind != REPLAY_INCOMPLETE && replay->kind != REPLAY_BY_GATEWAY) {
        MUST(decision->allowed == replay->allowed);
    }
}

static void hold_same(const struct logged *decision, const struct replay *replay)
{
    bool complete = decision->by_gateway || (decision->has_facts && !decision->cut);

    MUST(!complete || replay->kind != REPLAY_INCOMPLETE);
}

static void judge(const struct policy *policy, const struct replay_key *key,
                  struct logged *decision, uint8_t choice)
{
    static const struct policy *other;
    struct replay replay;
    struct sg_error why = {0};

    other = other == NULL ? loaded(other_text) : other;
    const struct policy *const then[] = {other};
    struct replay_policies policies = {then, (choice & THEN_KNOWN) != 0 ? 1 : 0};
    const struct policy *named = (choice & SAME_POLICY) != 0 ? policy : other;
    memcpy(decision->policy_rev, policy_info(named)->sha256,
           sizeof(decision->policy_rev));
    enum sg_status status = replay_judge(key, decision, &policies, &replay, &why);
    if (status != SG_OK) {
        must_be_told(status, &why);
        return;
    }
    hold_facts(&replay.facts);
    hold_rules(policy, &replay);
    hold_kind(decision, &replay);
    if (named == policy) {
        hold_same(decision, &replay);
    }
}

static void read_decision(const struct policy *policy, const struct replay_key *key,
                          struct slice record, uint8_t choice)
{
    struct logged decision;
    struct sg_error why = {0};
    enum sg_status status = logged_read(DECISION_INDEX, record, &decision, &why);

    if (status != SG_OK) {
        must_be_told(status, &why);
        return;
    }
    hold_facts(&decision.facts);
    if (key != NULL || decision.by_gateway || !decision.has_facts) {
        judge(policy, key, &decision, choice);
    }
    logged_fini(&decision);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static const struct policy *policy;
    struct slice input = slice_of(data, len);
    uint8_t choice = fuzz_choice(&input);
    const uint8_t *end = input.len == 0 ? NULL : memchr(input.data, '\n', input.len);
    struct slice first =
        slice_of(input.data, end == NULL ? 0 : (size_t)(end - input.data));
    struct replay_key *key = NULL;
    struct sg_error why = {0};

    policy = policy == NULL ? loaded(rules_text) : policy;
    enum sg_status status = replay_key_make(policy, KEY_INDEX, first, &key, &why);
    if (status != SG_OK) {
        must_be_told(status, &why);
    }
    size_t skip = end == NULL ? 0 : first.len + 1;
    read_decision(policy, key, slice_of(input.data + skip, input.len - skip), choice);
    replay_key_free(key);
    return 0;
}
