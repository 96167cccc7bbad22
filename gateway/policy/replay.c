#include "gateway/policy/replay.h"

#include <stdlib.h>

#include "gateway/policy/replay_inside.h"

const char *replay_kind_name(enum replay_kind kind)
{
    static const char *const names[] = {
#define REPLAY_KIND(name, text, english, indonesian) [REPLAY_##name] = (text),
#include "gateway/policy/replay.def"
#undef REPLAY_KIND
    };

    MUST(kind < REPLAY_KINDS);
    return names[kind];
}

/* --- Keys ---------------------------------------------------------------------- */

static enum sg_status bind_key(struct replay_key *key, struct logged_key *logged)
{
    key->index = logged->index;
    key->name = strdup(logged->key);
    if (key->name == NULL) {
        return SG_NO_MEMORY;
    }
    key->cut = logged->cut;
    replay_forget(&logged->facts, replay_own_facts, REPLAY_OWN_FACTS);
    policy_reads(key->policy, key->reads);
    return policy_bind(key->policy, &logged->facts, &key->bound);
}

enum sg_status replay_key_make(const struct policy *policy, uint64_t index,
                               struct slice record, struct replay_key **out,
                               struct sg_error *why)
{
    struct logged_key logged = {0};

    TRY(logged_key_read(index, record, &logged, why));
    struct replay_key *key = calloc(1, sizeof(*key));
    enum sg_status status = SG_NO_MEMORY;
    if (key != NULL) {
        key->policy = policy;
        status = bind_key(key, &logged);
    }
    logged_key_fini(&logged);
    if (status != SG_OK) {
        replay_key_free(key);
        return status;
    }
    *out = key;
    return SG_OK;
}

void replay_key_free(struct replay_key *key)
{
    if (key != NULL) {
        policy_key_free(key->bound);
        free(key->name);
        free(key);
    }
}

/* --- Facts, and what is not known of them -------------------------------------- */

static bool is_of(const struct policy *policy, const struct logged *decision)
{
    return memcmp(policy->info.sha256, decision->policy_rev,
                  sizeof(decision->policy_rev)) == 0;
}

static const struct policy *policy_then(const struct replay_policies *policies,
                                        const struct logged *decision)
{
    for (size_t i = 0; i < policies->count; i++) {
        if (is_of(policies->then[i], decision)) {
            return policies->then[i];
        }
    }
    return NULL;
}

/* --- Comparing ----------------------------------------------------------------- */

static bool same_failure(const struct logged_failure *failure,
                         const struct policy *policy, uint16_t rule)
{
    if (rule == REPLAY_NO_RULE) {
        return failure->rule[0] == '\0' &&
               strcmp(failure->code, LOGGED_DEFAULT_DENY) == 0;
    }
    const struct rule_info *info = &policy->rules[rule].info;
    return strcmp(failure->rule, info->id) == 0 && strcmp(failure->code, info->code) == 0;
}

static bool was_listed(const struct logged *decision, const struct policy *policy,
                       uint16_t rule)
{
    for (size_t i = 0; i < decision->failure_count; i++) {
        if (same_failure(&decision->failures[i], policy, rule)) {
            return true;
        }
    }
    return false;
}

static bool was_complete(const struct logged *decision)
{
    return decision->failure_more == 0 && decision->failure_count < VERDICT_FAILURES;
}

/* The rules that deny now; the default deny is one of them. */
static size_t denials(const struct verdict *verdict, uint16_t out[VERDICT_FAILURES])
{
    size_t count = verdict_listed(verdict);

    memcpy(out, verdict->failures, sizeof(verdict->failures));
    if (count == 0) {
        out[count++] = REPLAY_NO_RULE;
    }
    return count;
}

static void note_denies(const struct replay_key *key, const struct logged *decision,
                        struct replay *replay)
{
    uint16_t now[VERDICT_FAILURES];
    size_t count = denials(&replay->verdict, now);

    for (size_t i = 0; i < count; i++) {
        if (decision->allowed ||
            (was_complete(decision) && !was_listed(decision, key->policy, now[i]))) {
            replay->denies[replay->denies_count++] = now[i];
        }
    }
}

/* Whether a recorded failure is one no longer, for certain. */
static bool is_over(const struct replay_key *key, const struct logged_failure *failure,
                    const struct replay *replay, const struct unknown *unknown)
{
    const struct policy *policy = key->policy;
    size_t rule = policy_find_rule(policy, failure->rule);
    struct rule_why why;

    if (failure->rule[0] == '\0') {
        return replay->allowed || replay->verdict.failure_count > 0;
    }
    if (rule == policy->rule_count ||
        strcmp(failure->code, policy->rules[rule].info.code) != 0) {
        return true;
    }
    policy_explain(policy, rule, &replay->facts, &why);
    return !rule_denies(&policy->rules[rule], why.result) &&
           !policy_rule_open(policy, rule, &replay->facts, unknown);
}

static void note_denied(const struct replay_key *key, const struct logged *decision,
                        const struct unknown *unknown, struct replay *replay)
{
    for (size_t i = 0; i < decision->failure_count; i++) {
        if (is_over(key, &decision->failures[i], replay, unknown)) {
            replay->denied[replay->denied_count++] = (uint16_t)i;
        }
    }
}

/* The same rule may decide behind another one now: the caller is told another code. */
static bool same_decider(const struct replay_key *key, const struct logged *decision,
                         const struct replay *replay)
{
    uint16_t now[VERDICT_FAILURES];

    (void)denials(&replay->verdict, now);
    return decision->failure_count == 0 ||
           same_failure(&decision->failures[0], key->policy, now[0]);
}

/* An earlier gateway counted no more than VERDICT_FAILURES, however many denied. */
static bool same_count(const struct logged *decision, size_t count)
{
    uint64_t recorded = decision->failure_count + decision->failure_more;

    return recorded == count ||
           (recorded == VERDICT_FAILURES && count > VERDICT_FAILURES);
}

static bool same_failures(const struct replay_key *key, const struct logged *decision,
                          const struct replay *replay)
{
    uint16_t now[VERDICT_FAILURES];
    size_t listed = denials(&replay->verdict, now);
    size_t more = replay->verdict.failure_count - verdict_listed(&replay->verdict);
    bool same = same_count(decision, listed + more);

    for (size_t i = 0; same && i < decision->failure_count; i++) {
        same = same_failure(&decision->failures[i], key->policy, now[i]);
    }
    return same;
}

static bool same_remarks(const struct replay_key *key, const struct logged *decision,
                         enum remark remark, const struct verdict *verdict)
{
    const struct rule_set *set = &verdict->remarks[remark];
    size_t count = rule_set_count(set);
    size_t listed = logged_remark_count(decision, remark);
    size_t rule = rule_set_next(set, 0);

    if (!decision->remarks_told && count > LOGGED_SHADOWS_ONCE) {
        count = LOGGED_SHADOWS_ONCE;
    }
    bool same = listed + decision->remarks[remark].more == count;
    for (size_t i = 0; same && i < listed; i++) {
        const char *id = key->policy->rules[rule].info.id;
        same = strcmp(logged_remark(decision, remark, i), id) == 0;
        rule = rule_set_next(set, rule + 1);
    }
    return same;
}

/* They are recorded of allowed jobs only. */
static bool same_in_remarks(const struct replay_key *key, const struct logged *decision,
                            const struct verdict *verdict)
{
    size_t told = decision->remarks_told ? REMARKS : REMARK_SHADOW + 1;
    bool same = true;

    for (size_t i = 0; same && i < told; i++) {
        same = same_remarks(key, decision, (enum remark)i, verdict);
    }
    return same;
}

/* What the same policy must say again to the letter. */
static bool as_recorded(const struct replay_key *key, const struct logged *decision,
                        const struct replay *replay)
{
    return replay->verdict.passed == decision->passed &&
           (decision->allowed ? same_in_remarks(key, decision, &replay->verdict)
                              : same_failures(key, decision, replay));
}

static enum replay_kind compare(const struct replay_key *key,
                                const struct logged *decision,
                                const struct unknown *unknown, struct replay *replay)
{
    if (!replay->allowed) {
        note_denies(key, decision, replay);
    }
    if (!decision->allowed) {
        note_denied(key, decision, unknown, replay);
    }
    if (replay->allowed != decision->allowed) {
        return replay->allowed ? REPLAY_NEWLY_ALLOWED : REPLAY_NEWLY_DENIED;
    }
    if (replay->denies_count + replay->denied_count > 0 ||
        (!replay->allowed && replay->open == 0 && !same_decider(key, decision, replay))) {
        return REPLAY_OTHER_RULES;
    }
    bool same = !is_of(key->policy, decision) || decision->cut ||
                as_recorded(key, decision, replay);
    return same ? REPLAY_SAME : REPLAY_OTHER_RESULTS;
}

/* --- Judging ------------------------------------------------------------------- */

/* Whether anything is unknown that the policy reads. */
static bool some(const struct unknown *unknown)
{
    for (size_t i = 0; i < FACT_COUNT; i++) {
        if (unknown->fact[i]) {
            return true;
        }
    }
    return false;
}

/* What officers had lifted is lifted again, also from another policy that has the rule.
 */
static size_t find_lifted(const struct replay_key *key, const struct logged *decision,
                          uint16_t out[LOGGED_LIFTS_MAX])
{
    size_t count = 0;

    for (size_t i = 0; i < decision->lift_count; i++) {
        size_t rule = policy_find_rule(key->policy, decision->lifts[i]);
        if (rule < key->policy->rule_count) {
            out[count++] = (uint16_t)rule;
        }
    }
    return count;
}

static void lift(const struct replay_key *key, const struct unknown *unknown,
                 struct replay *replay)
{
    for (size_t i = 0; i < unknown->lifted_count; i++) {
        (void)policy_relieve(key->policy, key->bound, unknown->lifted[i], &replay->facts,
                             &replay->verdict);
    }
}

/* false: the outcome depends on what is not known. */
static bool settle(const struct replay_key *key, const struct unknown *unknown,
                   struct replay *replay)
{
    struct unknown_verdict found;

    if (!some(unknown)) { /* the gateway's own way */
        policy_judge(key->policy, key->bound, &replay->facts, &replay->verdict);
        lift(key, unknown, replay);
        replay->allowed = replay->verdict.allow;
        return true;
    }
    policy_judge_unknown(key->policy, key->bound, &replay->facts, unknown, &found);
    replay->verdict = found.certain;
    replay->allowed = found.may_allow;
    replay->missing = found.wanted;
    replay->open = found.open;
    return found.may_allow != found.may_deny;
}

static enum sg_status belong(const struct replay_key *key, const struct logged *decision,
                             struct sg_error *why)
{
    if (key->index == decision->bound && strcmp(key->name, decision->key) == 0) {
        return SG_OK;
    }
    return sg_fail(why, SG_INVALID,
                   "record %llu: is of key '%.64s' and names record %llu, which has the "
                   "facts of key '%.64s'",
                   (unsigned long long)decision->index, decision->key,
                   (unsigned long long)key->index, key->name);
}

enum sg_status replay_judge(const struct replay_key *key, const struct logged *decision,
                            const struct replay_policies *policies, struct replay *out,
                            struct sg_error *why)
{
    uint16_t lifted[LOGGED_LIFTS_MAX];
    struct unknown unknown;

    *out = (struct replay){.kind = REPLAY_INCOMPLETE, .missing = FACT_COUNT};
    if (decision->by_gateway) {
        out->kind = REPLAY_BY_GATEWAY;
        return SG_OK;
    }
    if (!decision->has_facts) {
        return SG_OK;
    }
    MUST(key != NULL);
    TRY(belong(key, decision, why));
    const struct policy *then =
        is_of(key->policy, decision) ? key->policy : policy_then(policies, decision);
    replay_gather(key, decision, then, &out->facts, &unknown);
    unknown.lifted = lifted;
    unknown.lifted_count = find_lifted(key, decision, lifted);
    if (settle(key, &unknown, out)) {
        out->kind = compare(key, decision, &unknown, out);
    }
    return SG_OK;
}
