#include <string.h>

#include "gateway/clock.h"
#include "gateway/service/sign/call.h"

static int64_t deadline_us(const struct sign_call *sign)
{
    int64_t call_us = grpc_call_deadline_us(sign->call);
    int64_t own_us = sign->loop->services->options.config->deadline_ms * 1000;

    /* A stream's items wait for each other: its flow control, not a short deadline, keeps
     * the queue small. */
    int64_t until_us =
        clock_mono_us() + (sign->kind == SIGN_STREAM ? 10 * own_us : own_us);
    return call_us != 0 && call_us < until_us ? call_us : until_us;
}

/* What the contract says of a call that names no class. */
static enum job_class class_of(const struct sign_call *sign)
{
    enum { NOT_GIVEN = 0 };

    if (sign->terms->of.job_class == NOT_GIVEN) {
        return sign->kind == SIGN_ONE ? JOB_INTERACTIVE : JOB_BULK;
    }
    return (enum job_class)(sign->terms->of.job_class - 1);
}

static struct core_ask ask_for(const struct sign_call *sign, size_t count)
{
    return (struct core_ask){.caller = sign->caller->config,
                             .key = sign->terms->of.key,
                             .class = class_of(sign),
                             .count = count,
                             .deadline_us = deadline_us(sign)};
}

/* One item as a job that is ready for the core, or already refused. refusal: the core has
 * no place for it; NULL: it has. Neither its rules nor its key are asked then. */
static struct job *make_job(struct sign_call *sign, const Segel__V1__SignItem *item,
                            uint32_t index, const struct core_ask *ask,
                            const struct job_refusal *refusal)
{
    struct job *job = sign_take(sign);

    if (job == NULL) {
        return NULL;
    }
    job->reply = &sign->loop->replies;
    job->asker = sign;
    job->terms = sign->terms;
    sign->terms->jobs++;
    job->item = index;
    job->gone = &sign->gone;
    job->caller = sign->caller->config;
    memcpy(job->caller_cert, sign->caller->fingerprint, sizeof(job->caller_cert));
    job->caller_uid = sign->caller->uid;
    job->class = ask->class;
    job->deadline_us = ask->deadline_us;
    job->signing_time_us = clock_wall_us();
    memcpy(job->trace_id, sign->trace_id, sizeof(job->trace_id));
    if (terms_item(&sign->terms->of, item, job) != SG_OK) {
        return job;
    }
    if (refusal != NULL) {
        job_refuse_load(job, refusal);
    } else {
        judge_job(sign->caller, &sign->terms->of, job);
    }
    return job;
}

/* What the core does not take, and what was malformed, comes back at once; the answer
 * waits its turn in the reply box like any other. */
static void answer_here(struct letters *letters, size_t count, struct mbox *replies)
{
    MUST(count == 0 || mbox_put(replies, letters, count) == SG_OK);
}

static void refuse_all(struct letters *jobs, size_t count, enum sg_status status,
                       struct mbox *replies)
{
    struct letter *letter;

    STAILQ_FOREACH(letter, jobs, link)
    {
        struct job *job = (struct job *)letter;
        job->on_log = false;
        job->again = false;
        job_refuse(job, status, "%s", sg_status_text(status));
    }
    answer_here(jobs, count, replies);
}

static void submit(struct sign_call *sign, const struct core_ask *ask,
                   struct letters *jobs, size_t count)
{
    struct core *core = sign->loop->services->options.core;
    enum sg_status status = core_submit(core, jobs, count);

    if (status != SG_OK) {
        core_withdraw(core, ask, count);
        refuse_all(jobs, count, status, &sign->loop->replies);
    }
}

void sign_judge_again(struct service_loop *loop, struct letters *jobs)
{
    struct letter *letter;
    size_t count = 0;

    STAILQ_FOREACH(letter, jobs, link)
    {
        struct job *job = (struct job *)letter;
        const struct sign_call *sign = (const struct sign_call *)job->asker;
        const struct sign_terms *terms = (const struct sign_terms *)job->terms;
        judge_again(sign->caller, &terms->of, job);
        count++;
    }
    if (count == 0) {
        return;
    }
    enum sg_status status = core_submit_again(loop->services->options.core, jobs, count);
    if (status != SG_OK) {
        refuse_all(jobs, count, status, &loop->replies);
    }
}

/* Malformed, or one too many: judge_job never saw it. */
static bool unjudged(const struct job *job)
{
    return !job->judged;
}

static void give_back(struct sign_call *sign, struct letters *jobs)
{
    struct letter *letter;

    while ((letter = STAILQ_FIRST(jobs)) != NULL) {
        STAILQ_REMOVE_HEAD(jobs, link);
        sign_give(sign, (struct job *)letter);
    }
}

/* Items as jobs: what goes to the core, and what is answered here. */
struct sorted {
    struct letters jobs;
    struct letters refused;
    size_t good;
    size_t bad;
};

static enum sg_status make_jobs(struct sign_call *sign, Segel__V1__SignItem *const *items,
                                const struct core_ask *ask, struct sorted *out)
{
    struct job_refusal refusal = {.why = REFUSAL_NONE};
    size_t places = core_admit(sign->loop->services->options.core, ask, &refusal);

    for (size_t i = 0; i < ask->count; i++) {
        struct job *job =
            make_job(sign, items[i], (uint32_t)i, ask, i < places ? NULL : &refusal);
        if (job == NULL) {
            core_withdraw(sign->loop->services->options.core, ask, places);
            return SG_BUSY;
        }
        if (unjudged(job)) {
            STAILQ_INSERT_TAIL(&out->refused, &job->letter, link);
            out->bad++;
        } else {
            STAILQ_INSERT_TAIL(&out->jobs, &job->letter, link);
            out->good++;
        }
    }
    core_withdraw(sign->loop->services->options.core, ask, places - out->good);
    return SG_OK;
}

enum sg_status sign_take_items(struct sign_call *sign, Segel__V1__SignItem *const *items,
                               size_t count)
{
    terms_follow(&sign->terms->of);
    const struct core_ask ask = ask_for(sign, count);
    struct sorted sorted = {.good = 0};

    STAILQ_INIT(&sorted.jobs);
    STAILQ_INIT(&sorted.refused);
    if (make_jobs(sign, items, &ask, &sorted) != SG_OK) {
        give_back(sign, &sorted.jobs);
        give_back(sign, &sorted.refused);
        return SG_BUSY;
    }
    sign->under_way += (uint32_t)(sorted.good + sorted.bad);
    submit(sign, &ask, &sorted.jobs, sorted.good);
    answer_here(&sorted.refused, sorted.bad, &sign->loop->replies);
    return SG_OK;
}
