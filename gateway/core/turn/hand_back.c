#include "gateway/clock.h"
#include "gateway/core/core_inside.h"

static void post(struct mbox *box, struct letters *batch, size_t count)
{
    if (count > 0) {
        /* The boxes of the I/O loops are not bounded: what was admitted bounds them. */
        MUST(mbox_put(box, batch, count) == SG_OK);
    }
}

static void post_all(struct job_list *jobs)
{
    struct letters batch = STAILQ_HEAD_INITIALIZER(batch);
    struct mbox *box = NULL;
    size_t count = 0;
    struct job *job;

    while ((job = STAILQ_FIRST(jobs)) != NULL) {
        STAILQ_REMOVE_HEAD(jobs, queue);
        if (job->reply != box) {
            post(box, &batch, count);
            box = job->reply;
            count = 0;
        }
        STAILQ_INSERT_TAIL(&batch, &job->letter, link);
        count++;
    }
    post(box, &batch, count);
}

void hand_back(struct core *core)
{
    struct job *job;
    unsigned count = 0;
    int64_t now_us = STAILQ_EMPTY(&core->answered) ? 0 : clock_mono_us();

    post_all(&core->outdated); /* they stay in our count */
    STAILQ_FOREACH(job, &core->answered, queue)
    {
        admission_over(&core->admission, job);
        stages_end(&core->stages, job, now_us);
        job_log(&core->job_log, job, now_us);
        count++;
    }
    /* Before they are answered: whoever has its answer finds its place free. */
    atomic_fetch_sub_explicit(&core->admission.load, count, memory_order_relaxed);
    post_all(&core->answered);
}
