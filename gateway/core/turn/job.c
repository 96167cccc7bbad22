#include "gateway/core/turn/job.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/cms/cms.h"
#include "gateway/core/key/binding.h"
#include "proto/text.h"

static const struct {
    const char *name;
    const char *summary;
    const char *text;
} refusals[] = {
#define REFUSAL(name, summary, text) {#name, summary, text},
#include "gateway/core/turn/refusal.def"
#undef REFUSAL
};

const char *refusal_name(enum refusal refusal)
{
    MUST(refusal < REFUSALS);
    return refusals[refusal].name;
}

const char *refusal_summary(enum refusal refusal)
{
    MUST(refusal < REFUSALS);
    return refusals[refusal].summary;
}

const char *refusal_text(enum refusal refusal)
{
    MUST(refusal < REFUSALS);
    return refusals[refusal].text;
}

void job_pool_init(struct job_pool *pool, size_t limit)
{
    *pool = (struct job_pool){.limit = limit};
    STAILQ_INIT(&pool->idle);
}

void job_pool_fini(struct job_pool *pool)
{
    struct job *job;

    while ((job = STAILQ_FIRST(&pool->idle)) != NULL) {
        STAILQ_REMOVE_HEAD(&pool->idle, queue);
        free(job);
        pool->made--;
    }
}

void job_init(struct job *job)
{
    /* Signature and facts are the largest parts and are written before they are read. */
    memset(job, 0, offsetof(struct job, signature));
    STAILQ_INIT(&job->followers);
}

struct job *job_take(struct job_pool *pool)
{
    struct job *job = STAILQ_FIRST(&pool->idle);

    if (job != NULL) {
        STAILQ_REMOVE_HEAD(&pool->idle, queue);
    } else if (pool->made < pool->limit) {
        job = (struct job *)malloc(sizeof(*job));
        pool->made += job != NULL ? 1 : 0;
    }
    if (job != NULL) {
        job_init(job);
    }
    return job;
}

void job_forget_denial(struct job *job)
{
    free(job->denial);
    job->denial = NULL;
    job->retry_us = 0;
}

void job_forget_verdict(struct job *job)
{
    job_forget_denial(job);
    binding_give(job->binding);
    job->binding = NULL;
    job->policy = NULL;
    job->verdict = (struct verdict){.allow = false};
    job->lift_count = 0;
    job->refuser = REFUSER_POLICY;
    job->status = SG_OK;
    job->why[0] = '\0';
}

void job_fini(struct job *job)
{
    job_forget_verdict(job);
    cms_template_free(job->old_template);
    free(job->token);
}

void job_set_token(struct job *job, struct slice token)
{
    free(job->token);
    job->token = (uint8_t *)malloc(token.len);
    job->token_len = job->token == NULL ? 0 : token.len;
    if (job->token != NULL) {
        memcpy(job->token, token.data, token.len);
    }
}

void job_give(struct job_pool *pool, struct job *job)
{
    job_fini(job);
    STAILQ_INSERT_HEAD(&pool->idle, job, queue);
}

bool job_given_up(const struct job *job)
{
    return job->gone != NULL && atomic_load_explicit(job->gone, memory_order_relaxed);
}

void job_refuse_load(struct job *job, const struct job_refusal *refusal)
{
    job->load = *refusal;
    job_refuse(job, SG_BUSY, "%s", refusal_text(refusal->why));
}

void job_refuse(struct job *job, enum sg_status status, const char *format, ...)
{
    va_list args;

    job_forget_denial(job);
    job->status = status;
    va_start(args, format);
    (void)vsnprintf(job->why, sizeof(job->why), format, args);
    va_end(args);
    text_mend(job->why);
}
