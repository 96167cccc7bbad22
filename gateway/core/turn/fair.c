#include "gateway/core/turn/fair.h"

void fair_init(struct fair_queue *queue, struct fair_flow *flows, const uint32_t *weights,
               uint32_t interactive_share)
{
    *queue = (struct fair_queue){
        .flows = flows,
        .weights = weights,
        .interactive_share = interactive_share,
        .round = 1,
    };
    TAILQ_INIT(&queue->lists[0]);
    TAILQ_INIT(&queue->lists[1]);
}

static struct fair_flows *present(struct fair_queue *queue)
{
    return &queue->lists[queue->now];
}

static struct fair_flows *next_round(struct fair_queue *queue)
{
    return &queue->lists[1 - queue->now];
}

static uint32_t weight_of(const struct fair_queue *queue, const struct fair_flow *flow)
{
    return queue->weights[flow - queue->flows];
}

/* --- In -------------------------------------------------------------------------- */

/* A caller that left and comes back within a round has what it had left of it: coming one
 * by one gives nobody more turns. */
static void renew(const struct fair_queue *queue, struct fair_flow *flow)
{
    if (flow->round != queue->round) {
        flow->round = queue->round;
        flow->credit = weight_of(queue, flow);
    }
}

static void enter(struct fair_queue *queue, struct fair_flow *flow)
{
    for (int class = 0; class < JOB_CLASSES; class ++) {
        STAILQ_INIT(&flow->waiting[class]);
    }
    flow->tilt = 100 - queue->interactive_share;
    queue->weight_sum += weight_of(queue, flow);
    renew(queue, flow);
    TAILQ_INSERT_TAIL(flow->credit > 0 ? present(queue) : next_round(queue), flow, link);
}

static struct fair_flow *flow_for(struct fair_queue *queue, size_t caller,
                                  enum job_class class)
{
    struct fair_flow *flow = &queue->flows[caller];

    if (flow->count++ == 0) {
        enter(queue, flow);
    }
    queue->depth[class]++;
    return flow;
}

void fair_put(struct fair_queue *queue, size_t caller, struct job *job)
{
    struct fair_flow *flow = flow_for(queue, caller, job->class);

    STAILQ_INSERT_TAIL(&flow->waiting[job->class], job, queue);
}

void fair_put_first(struct fair_queue *queue, size_t caller, struct job *job)
{
    struct fair_flow *flow = flow_for(queue, caller, job->class);

    STAILQ_INSERT_HEAD(&flow->waiting[job->class], job, queue);
}

/* --- Out ------------------------------------------------------------------------- */

static struct fair_flow *first_flow(struct fair_queue *queue)
{
    if (TAILQ_EMPTY(present(queue)) && !TAILQ_EMPTY(next_round(queue))) {
        queue->now = 1 - queue->now;
        queue->round++;
    }
    struct fair_flow *flow = TAILQ_FIRST(present(queue));
    if (flow != NULL) {
        renew(queue, flow);
    }
    return flow;
}

static bool both_wait(const struct fair_flow *flow)
{
    return !STAILQ_EMPTY(&flow->waiting[JOB_INTERACTIVE]) &&
           !STAILQ_EMPTY(&flow->waiting[JOB_BULK]);
}

static enum job_class class_of(const struct fair_queue *queue,
                               const struct fair_flow *flow)
{
    if (both_wait(flow)) {
        return flow->tilt + queue->interactive_share >= 100 ? JOB_INTERACTIVE : JOB_BULK;
    }
    return STAILQ_EMPTY(&flow->waiting[JOB_BULK]) ? JOB_INTERACTIVE : JOB_BULK;
}

struct job *fair_first(struct fair_queue *queue)
{
    struct fair_flow *flow = first_flow(queue);

    return flow == NULL ? NULL : STAILQ_FIRST(&flow->waiting[class_of(queue, flow)]);
}

size_t fair_caller(struct fair_queue *queue)
{
    struct fair_flow *flow = first_flow(queue);

    MUST(flow != NULL);
    return (size_t)(flow - queue->flows);
}

/* Where the flow stands for its next turn, if it has one. */
static void place(struct fair_queue *queue, struct fair_flow *flow, bool charged)
{
    TAILQ_REMOVE(present(queue), flow, link);
    if (flow->count == 0) {
        queue->weight_sum -= weight_of(queue, flow);
    } else if (!charged) {
        TAILQ_INSERT_HEAD(present(queue), flow, link);
    } else {
        TAILQ_INSERT_TAIL(flow->credit > 0 ? present(queue) : next_round(queue), flow,
                          link);
    }
}

void fair_take(struct fair_queue *queue, bool charged)
{
    struct fair_flow *flow = first_flow(queue);

    MUST(flow != NULL);
    enum job_class class = class_of(queue, flow);
    if (charged && both_wait(flow)) {
        flow->tilt = (flow->tilt + queue->interactive_share) % 100;
    }
    STAILQ_REMOVE_HEAD(&flow->waiting[class], queue);
    flow->credit -= charged ? 1 : 0;
    flow->count--;
    queue->depth[class]--;
    place(queue, flow, charged);
}

/* --- Questions ------------------------------------------------------------------- */

size_t fair_depth(const struct fair_queue *queue)
{
    return queue->depth[JOB_INTERACTIVE] + queue->depth[JOB_BULK];
}

static int64_t older_us(int64_t oldest_us, const struct fair_flow *flow,
                        enum job_class class)
{
    const struct job *job = STAILQ_FIRST(&flow->waiting[class]);
    bool older = job != NULL && (oldest_us == 0 || job->came_us < oldest_us);

    return older ? job->came_us : oldest_us;
}

int64_t fair_oldest_us(const struct fair_queue *queue, enum job_class class)
{
    const struct fair_flow *flow;
    int64_t oldest_us = 0;

    for (size_t i = 0; i < SG_COUNT(queue->lists); i++) {
        TAILQ_FOREACH(flow, &queue->lists[i], link)
        {
            oldest_us = older_us(oldest_us, flow, class);
        }
    }
    return oldest_us;
}
