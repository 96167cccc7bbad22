#include "gateway/core/turn/denial.h"

#include <stdlib.h>
#include <string.h>

static bool make_room(struct job *job)
{
    if (job->denial == NULL) {
        job->denial = (struct denial *)calloc(1, sizeof(*job->denial));
    }
    return job->denial != NULL;
}

void denial_explain(struct job *job, const struct facts *facts)
{
    if (!make_room(job)) {
        return;
    }
    job->denial->count = verdict_listed(&job->verdict);
    for (size_t i = 0; i < job->denial->count; i++) {
        job->denial->failures[i].rule = job->verdict.failures[i];
        policy_explain(job->policy, job->verdict.failures[i], facts,
                       &job->denial->failures[i].why);
    }
}

static const struct rule_why *explained(const struct denial *denial, uint16_t rule)
{
    for (size_t i = 0; i < denial->count; i++) {
        if (denial->failures[i].rule == rule) {
            return &denial->failures[i].why;
        }
    }
    return NULL;
}

void denial_complete(struct job *job, const struct facts *state)
{
    struct denial whole = {.count = verdict_listed(&job->verdict)};

    if (!make_room(job)) {
        return;
    }
    for (size_t i = 0; i < whole.count; i++) {
        uint16_t rule = job->verdict.failures[i];
        const struct rule_why *before = explained(job->denial, rule);
        whole.failures[i].rule = rule;
        if (before != NULL) {
            whole.failures[i].why = *before;
        } else {
            (void)policy_explain_state(job->policy, rule, &job->verdict, state,
                                       &whole.failures[i].why);
        }
    }
    *job->denial = whole;
}

/* A rule need not have a message: then there is none in either language. */
static const char *first_text(const char *wanted, const char *other)
{
    if (wanted != NULL) {
        return wanted;
    }
    return other != NULL ? other : "denied by policy";
}

static void word(struct job *job)
{
    if (job->verdict.failure_count == 0) {
        job_refuse(job, SG_DENIED, "the policy denies this job");
        return;
    }
    uint16_t first = job->verdict.failures[0];
    const struct rule_info *rule = policy_rule(job->policy, first);
    const char *message = job->english ? first_text(rule->message_en, rule->message_id)
                                       : first_text(rule->message_id, rule->message_en);

    job_refuse(job, policy_status(job->policy, first), "%s (rule %s, CP section %s)",
               message, rule->id, rule->cp_section);
}

/* The one refusal that is what the rules said. */
void denial_word(struct job *job)
{
    struct denial *denial = job->denial;

    job->denial = NULL;
    word(job);
    job->denial = denial;
}

static bool of_the_day(const char *fact)
{
    return strcmp(fact, fact_name(FACT_ID_counter_caller_day)) == 0 ||
           strcmp(fact, fact_name(FACT_ID_counter_key_day)) == 0;
}

void denial_time(struct job *job, int64_t now_us)
{
    if (job->denial != NULL && job->denial->count > 0 &&
        of_the_day(job->denial->failures[0].why.fact)) {
        job->retry_us = policy_day_end_us(job->policy, now_us) - now_us;
    }
}
