#include "gateway/core/turn/grounds.h"

#include "gateway/core/key/binding.h"

/* Also when there was no memory for the words of the denial. */
static struct record_decision of_policy(const struct job *job,
                                        struct record_failure *failures)
{
    size_t count = verdict_listed(&job->verdict);

    for (size_t i = 0; i < count; i++) {
        const struct rule_info *rule = policy_rule(job->policy, job->verdict.failures[i]);
        const struct rule_why *why = job->denial != NULL && i < job->denial->count
                                         ? &job->denial->failures[i].why
                                         : NULL;
        failures[i] = (struct record_failure){
            .rule = rule->id,
            .cp_section = rule->cp_section,
            .code = rule->code,
            .found = why == NULL ? NULL : why->found,
            .required = why == NULL ? NULL : why->required,
        };
    }
    return (struct record_decision){.passed = job->verdict.passed,
                                    .failures = failures,
                                    .failure_count = count,
                                    .failure_more = job->verdict.failure_count - count};
}

/* Where no rule has passed and none has failed, nothing was asked: that is a no, too. */
static struct record_failure unasked(void)
{
    return (struct record_failure){.code = "DEFAULT_DENY",
                                   .required = "a rule that passes"};
}

/* The configuration says who may use a key, whatever a policy forgets. */
static struct record_failure stranger(const struct job *job)
{
    return (struct record_failure){.rule = "CP-4.5-02",
                                   .cp_section = "4.5.1",
                                   .code = "CALLER_NOT_ENTITLED",
                                   .found = job->caller->name,
                                   .required = "a caller entitled to the key"};
}

/* Allowed by every rule, but not a thing that the gateway makes. */
static struct record_failure unserved(const struct job *job)
{
    return (struct record_failure){.rule = "CP-7.1-01",
                                   .cp_section = "7.1.3",
                                   .code = "NOT_SERVED",
                                   .found = sg_profile_name(job->profile),
                                   .required = "what GetSigner offers"};
}

static struct record_failure unusable(const struct job *job)
{
    return (struct record_failure){.rule = "CP-4.5-01",
                                   .cp_section = "4.5.1",
                                   .code = "KEY_NOT_USABLE",
                                   .found = job->binding->why,
                                   .required =
                                       "a key on the token that matches its certificate"};
}

struct record_decision grounds_of(const struct job *job,
                                  struct record_failure failures[VERDICT_FAILURES])
{
    bool by_gateway = job->verdict.allow || job->refuser != REFUSER_POLICY;

    if (!by_gateway && job->verdict.failure_count > 0) {
        return of_policy(job, failures);
    }
    if (job->verdict.allow && job->binding->usable) {
        return (struct record_decision){.passed = job->verdict.passed};
    }
    if (job->verdict.allow) {
        failures[0] = unusable(job);
    } else if (!by_gateway) {
        failures[0] = unasked();
    } else {
        failures[0] = job->refuser == REFUSER_ENTITLEMENT ? stranger(job) : unserved(job);
    }
    return (struct record_decision){
        .failures = failures, .failure_count = 1, .by_gateway = by_gateway};
}

/* By the fact that decided the first of them. */
static bool of_condition(const struct denial *denial)
{
    enum fact fact = denial != NULL && denial->count > 0
                         ? fact_find(denial->failures[0].why.fact)
                         : FACT_COUNT;

    return fact != FACT_COUNT && !fact_of_request(fact);
}

enum tally_kind grounds_because(const struct job *job)
{
    if (job->verdict.allow) { /* the key cannot be used */
        return TALLY_GATEWAY;
    }
    return job->refuser == REFUSER_POLICY && of_condition(job->denial) ? TALLY_GATEWAY
                                                                       : TALLY_REQUEST;
}

void grounds_unusable(struct job *job)
{
    job_refuse(job, SG_PRECONDITION, "key '%s' cannot be used: %.128s",
               job->key->config->name, job->binding->why);
}
