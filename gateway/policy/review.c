#include "gateway/policy/review.h"

#include <stdlib.h>
#include <string.h>

#include "gateway/policy/dump.h"
#include "gateway/policy/load.h"

struct policy_case {
    const struct policy *policy; /* borrowed */
    struct policy *holder;       /* owned: document and pool of the facts */
    struct policy_key *bound;    /* owned */
    struct facts facts;
};

char *policy_demands_text(const struct policy *policy, size_t rule)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);

    MUST(rule < policy->rule_count);
    if (out == NULL) {
        return NULL;
    }
    policy_print_demands(out, policy, &policy->rules[rule]);
    if (fclose(out) != 0) {
        free(text);
        return NULL;
    }
    return text;
}

char *policy_rest_text(const struct policy *policy)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);

    if (out == NULL) {
        return NULL;
    }
    policy_print_rest(out, policy);
    if (fclose(out) != 0) {
        free(text);
        return NULL;
    }
    return text;
}

/* --- Exceptions -------------------------------------------------------------------- */

size_t policy_exception_count(const struct policy *policy)
{
    return policy->exception_count;
}

static const struct exception *exception_at(const struct policy *policy, size_t index)
{
    MUST(index < policy->exception_count);
    return &policy->exceptions[index];
}

struct exception_info policy_exception(const struct policy *policy, size_t exception)
{
    const struct exception *found = exception_at(policy, exception);

    return (struct exception_info){.rule = policy->rules[found->rule].info.id,
                                   .until_us = found->until_us,
                                   .reason = found->reason};
}

const char *policy_exception_approver(const struct policy *policy, size_t exception,
                                      size_t approver)
{
    const struct yaml_node *names = exception_at(policy, exception)->approvers;

    return approver < names->count ? names->items[approver].text : NULL;
}

char *policy_exception_match(const struct policy *policy, size_t exception)
{
    const struct exception *found = exception_at(policy, exception);
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);

    if (out == NULL) {
        return NULL;
    }
    policy_print_match(out, policy, found);
    if (fclose(out) != 0) {
        free(text);
        return NULL;
    }
    return text;
}

/* --- Rules ------------------------------------------------------------------------- */

bool policy_same_demands(const struct policy *one, size_t rule,
                         const struct policy *other, size_t other_rule)
{
    char *first = policy_demands_text(one, rule);
    char *second = policy_demands_text(other, other_rule);
    bool same = first != NULL && second != NULL && strcmp(first, second) == 0;

    free(first);
    free(second);
    return same;
}

size_t policy_find_rule(const struct policy *policy, const char *id)
{
    size_t i = 0;

    while (i < policy->rule_count && strcmp(policy->rules[i].info.id, id) != 0) {
        i++;
    }
    return i;
}

/* The same way as a real job: bind the key, begin with its facts, add the job's. */
static enum sg_status bind_case(struct policy_case *job, const struct facts *given)
{
    TRY(policy_bind(job->policy, given, &job->bound));
    job->facts = *policy_key_facts(job->bound);
    for (size_t i = 0; i < FACT_COUNT; i++) {
        if (fact_phase((enum fact)i) != FACT_PHASE_KEY) {
            job->facts.value[i] = given->value[i];
        }
    }
    facts_derive(&job->facts);
    policy_clock_facts(job->policy, &job->facts);
    return SG_OK;
}

static enum sg_status read_case(struct policy_case *job, const char *path,
                                struct sg_error *why)
{
    struct facts given = {0};

    job->holder->zone_minutes = job->policy->zone_minutes; /* of its plain dates */
    TRY(yaml_read_file(path, &job->holder->doc, why));
    struct loader loader = {.policy = job->holder, .doc = job->holder->doc, .why = why};
    TRY(load_facts(&loader, yaml_root(job->holder->doc), true, &given));
    if (!given.value[FACT_ID_clock_now].present) {
        return sg_fail(why, SG_INVALID,
                       "%s: \"clock.now\" is missing: give the time of the job, like "
                       "\"2026-05-02T08:00:00+07:00\"",
                       path);
    }
    return bind_case(job, &given);
}

enum sg_status policy_case_load(const struct policy *policy, const char *path,
                                struct policy_case **out, struct sg_error *why)
{
    struct policy_case *job = calloc(1, sizeof(*job));

    if (job == NULL) {
        return SG_NO_MEMORY;
    }
    job->policy = policy;
    job->holder = calloc(1, sizeof(*job->holder));
    enum sg_status status =
        job->holder == NULL ? SG_NO_MEMORY : read_case(job, path, why);
    if (status != SG_OK) {
        policy_case_free(job);
        return status;
    }
    *out = job;
    return SG_OK;
}

void policy_case_free(struct policy_case *job)
{
    if (job != NULL) {
        policy_key_free(job->bound);
        policy_free(job->holder);
        free(job);
    }
}

const struct facts *policy_case_facts(const struct policy_case *job)
{
    return &job->facts;
}

void policy_case_judge(const struct policy_case *job, struct verdict *out)
{
    policy_judge(job->policy, job->bound, &job->facts, out);
}
