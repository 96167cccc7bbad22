#include <stdlib.h>
#include <string.h>

#include "gateway/policy/compare.h"
#include "gateway/policy/review.h"
#include "gateway/service/pb.h"
#include "gateway/service/policy/answer.h"

/* What PolicyService says of a policy beside the one in force: CheckPolicy, LoadPolicy.
 */
enum { CHANGES_MAX = 1000, FINDINGS = 1 };

static void *make(struct arena *arena, size_t size)
{
    void *out = arena_alloc(arena, size);

    if (out != NULL) {
        memset(out, 0, size);
    }
    return out;
}

/* --- Differences ------------------------------------------------------------------- */

struct changes {
    struct arena *arena;
    Segel__V1__PolicyChange **list; /* room for CHANGES_MAX */
    size_t count;
    uint32_t more; /* there was no room for */
};

/* As policy.proto calls it. */
static const char *kind_of(const char *what)
{
    static const char *const rows[][2] = {{"added", "added"},
                                          {"removed", "removed"},
                                          {"level", "level"},
                                          {"mode", "mode"},
                                          {"demands", "bound"}};

    for (size_t i = 0; i < SG_COUNT(rows); i++) {
        if (strcmp(what, rows[i][0]) == 0) {
            return rows[i][1];
        }
    }
    return "value";
}

static void add_change(void *context, const struct policy_difference *difference)
{
    struct changes *changes = (struct changes *)context;
    bool no_rule = strcmp(difference->rule, "-") == 0;
    Segel__V1__PolicyChange *out = NULL;

    if (changes->count < CHANGES_MAX) {
        out = (Segel__V1__PolicyChange *)arena_alloc(changes->arena, sizeof(*out));
    }
    if (out == NULL) {
        changes->more++;
        return;
    }
    segel__v1__policy_change__init(out);
    out->subject =
        answer_copy(changes->arena, no_rule ? difference->what : difference->rule);
    out->kind = pb_text(kind_of(difference->what));
    out->before =
        answer_copy(changes->arena, difference->before == NULL ? "" : difference->before);
    out->after =
        answer_copy(changes->arena, difference->after == NULL ? "" : difference->after);
    out->looser = difference->looser;
    changes->list[changes->count++] = out;
}

static bool changes_of(struct policy_ask *ask, const struct policy *policy,
                       struct changes *out)
{
    *out = (struct changes){.arena = &ask->arena};
    out->list = (Segel__V1__PolicyChange **)arena_alloc(&ask->arena,
                                                        CHANGES_MAX * sizeof(void *));
    if (out->list == NULL) {
        return false;
    }
    (void)policy_compare(ask->base, policy, add_change, out);
    return true;
}

/* --- CheckPolicy ------------------------------------------------------------------- */

/* "NAME:LINE:COLUMN: sentence" */
static void place_of(const char *why, Segel__V1__PolicyFinding *finding)
{
    unsigned line = 0;
    unsigned column = 0;
    const char *at = strchr(why, ':');
    char *end = NULL;

    if (at != NULL && at[1] >= '1' && at[1] <= '9') {
        line = (unsigned)strtoul(at + 1, &end, 10);
        column = *end == ':' ? (unsigned)strtoul(end + 1, &end, 10) : 0;
    }
    finding->line = line;
    finding->column = column;
}

static bool add_finding(struct policy_ask *ask, const char *why,
                        Segel__V1__CheckPolicyResponse *out)
{
    Segel__V1__PolicyFinding *finding =
        (Segel__V1__PolicyFinding *)arena_alloc(&ask->arena, sizeof(*finding));
    Segel__V1__PolicyFinding **list =
        (Segel__V1__PolicyFinding **)arena_alloc(&ask->arena, FINDINGS * sizeof(void *));

    if (finding == NULL || list == NULL) {
        return false;
    }
    segel__v1__policy_finding__init(finding);
    finding->message = answer_copy(&ask->arena, why);
    finding->fatal = true;
    place_of(why, finding);
    list[0] = finding;
    out->findings = list;
    out->n_findings = FINDINGS;
    return true;
}

static bool add_uncovered(struct policy_ask *ask, const struct policy *policy,
                          Segel__V1__CheckPolicyResponse *out)
{
    size_t count = policy_rule_count(policy);
    char **list = (char **)arena_alloc(&ask->arena, (count + 1) * sizeof(char *));

    for (size_t i = 0; list != NULL && i < count; i++) {
        struct rule_coverage coverage = policy_coverage(policy, i);
        if (coverage.passed == 0 || coverage.failed == 0) {
            list[out->n_uncovered++] = pb_text(policy_rule(policy, i)->id);
        }
    }
    out->uncovered = list;
    return list != NULL;
}

static bool describe_sound(struct policy_ask *ask, const struct policy *policy,
                           Segel__V1__CheckPolicyResponse *out)
{
    struct changes changes;

    out->loads = 1;
    out->info = answer_info(&ask->arena, policy);
    out->tests_passed = (uint32_t)policy_test_count(policy);
    if (out->info == NULL || !add_uncovered(ask, policy, out) ||
        !changes_of(ask, policy, &changes)) {
        return false;
    }
    out->changes = changes.list;
    out->n_changes = changes.count;
    out->more_changes = changes.more;
    return true;
}

bool answer_check(struct policy_ask *ask, const struct policy *policy, const char *why)
{
    Segel__V1__CheckPolicyResponse *out =
        (Segel__V1__CheckPolicyResponse *)arena_alloc(&ask->arena, sizeof(*out));

    if (out == NULL) {
        return false;
    }
    segel__v1__check_policy_response__init(out);
    ask->response = &out->base;
    return policy == NULL ? add_finding(ask, why, out) : describe_sound(ask, policy, out);
}

/* --- LoadPolicy -------------------------------------------------------------------- */

/* Room for all votes and the requester's own, which stands first. */
struct votes {
    Segel__V1__ApprovalVote all[PETITION_VOTES_MAX + 1];
    Segel__V1__ApprovalVote *list[PETITION_VOTES_MAX + 1];
};

static void add_vote(struct arena *arena, struct votes *votes, size_t at,
                     const struct person *person)
{
    Segel__V1__ApprovalVote *vote = &votes->all[at];

    segel__v1__approval_vote__init(vote);
    vote->person = answer_copy(arena, person->name);
    vote->role = pb_text(person_role(person));
    votes->list[at] = vote;
}

static bool add_persons(struct arena *arena, const struct petition *petition,
                        Segel__V1__Approval *out)
{
    struct votes *votes = (struct votes *)make(arena, sizeof(*votes));

    if (votes == NULL) {
        return false;
    }
    add_vote(arena, votes, 0, &petition->asker);
    for (size_t i = 0; i < petition->vote_count; i++) {
        add_vote(arena, votes, i + 1, &petition->votes[i]);
    }
    out->votes = votes->list;
    out->n_votes = petition->vote_count + 1;
    out->id = answer_copy(arena, petition->id);
    out->requester = answer_copy(arena, petition->asker.name);
    out->created_us = petition->created_us;
    out->not_after_us = petition->created_us + PETITION_LIFE_US;
    out->approvals_given = (uint32_t)petition->vote_count;
    out->approvals_required = 1;
    return true;
}

static Segel__V1__Approval *approval_of(struct policy_ask *ask,
                                        const struct policy *policy,
                                        const struct petition *petition, bool executed)
{
    Segel__V1__Approval *out =
        (Segel__V1__Approval *)arena_alloc(&ask->arena, sizeof(*out));

    if (out == NULL) {
        return NULL;
    }
    segel__v1__approval__init(out);
    out->task = pb_text("policy.load");
    out->object = pb_text(policy_info(policy)->id);
    out->state = executed ? SEGEL__V1__APPROVAL_STATE__APPROVAL_STATE_EXECUTED
                          : SEGEL__V1__APPROVAL_STATE__APPROVAL_STATE_PENDING;
    return petition == NULL || add_persons(&ask->arena, petition, out) ? out : NULL;
}

bool answer_load(struct policy_ask *ask, const struct policy *policy,
                 const struct petition *petition, bool executed)
{
    struct changes changes;
    Segel__V1__LoadPolicyResponse *out =
        (Segel__V1__LoadPolicyResponse *)arena_alloc(&ask->arena, sizeof(*out));

    if (out == NULL || !changes_of(ask, policy, &changes)) {
        return false;
    }
    segel__v1__load_policy_response__init(out);
    out->changes = changes.list;
    out->n_changes = changes.count;
    out->more_changes = changes.more;
    out->info = answer_info(&ask->arena, policy);
    out->approval = approval_of(ask, policy, petition, executed);
    ask->response = &out->base;
    ask->loading = out;
    return out->info != NULL && out->approval != NULL;
}
