#include "gateway/core/turn/waiting.h"

#include "gateway/clock.h"

static struct route *route_of(struct core *core, const struct job *job)
{
    return &core->routes[route_index(core, job->key)];
}

static size_t index_of(const struct core *core, const struct route *route)
{
    return (size_t)(route - core->routes);
}

static atomic_int_fast64_t *told_pace(struct core *core, const struct route *route,
                                      size_t caller)
{
    size_t flow = index_of(core, route) * core->admission.callers + caller;

    return &core->admission.flows[flow].pace_ns;
}

static void tell(atomic_int_fast64_t *value, int64_t what)
{
    atomic_store_explicit(value, what, memory_order_relaxed);
}

/* --- In ---------------------------------------------------------------------------- */

static void enter(struct core *core, struct route *route)
{
    core->waiting_count++;
    if (fair_depth(&route->waiting) == 0) {
        TAILQ_INSERT_TAIL(&core->busy, route, link);
    }
}

void waiting_put(struct core *core, struct job *job)
{
    struct route *route = route_of(core, job);

    job->caller_index = (size_t)(job->caller - core->options.config->callers);
    job->came_us = clock_mono_us();
    enter(core, route);
    fair_put(&route->waiting, job->caller_index, job);
}

static void put_first(struct core *core, struct job *job)
{
    struct route *route = route_of(core, job);

    enter(core, route);
    fair_put_first(&route->waiting, job->caller_index, job);
    admission_came_back(&core->admission, index_of(core, route), job);
}

void waiting_put_followers(struct core *core, struct job *leader)
{
    struct job_list backwards = STAILQ_HEAD_INITIALIZER(backwards);
    struct job *follower;

    while ((follower = STAILQ_FIRST(&leader->followers)) != NULL) {
        STAILQ_REMOVE_HEAD(&leader->followers, queue);
        STAILQ_INSERT_HEAD(&backwards, follower, queue);
    }
    while ((follower = STAILQ_FIRST(&backwards)) != NULL) {
        STAILQ_REMOVE_HEAD(&backwards, queue);
        put_first(core, follower);
    }
}

void waiting_put_again(struct core *core, struct job *leader)
{
    struct job *follower;

    STAILQ_FOREACH(follower, &leader->followers, queue)
    {
        follower->class = leader->class; /* or it would overtake its leader */
    }
    waiting_put_followers(core, leader);
    put_first(core, leader);
}

void waiting_put_back(struct core *core, struct job_list *backwards)
{
    struct job *job;

    while ((job = STAILQ_FIRST(backwards)) != NULL) {
        STAILQ_REMOVE_HEAD(backwards, queue);
        job->again = false;
        put_first(core, job);
    }
}

/* --- Out --------------------------------------------------------------------------- */

/* Its pace is that of a backlog: without one nothing is known of it. */
static void note_pace(struct core *core, struct route *route, size_t caller)
{
    struct fair_flow *flow = &route->waiting.flows[caller];

    if (flow->count == 0) {
        pace_forget(&flow->pace);
    }
    if (fair_depth(&route->waiting) == 0) {
        pace_forget(&route->pace);
    }
    tell(told_pace(core, route, caller), flow->pace.ns);
}

void waiting_take(struct core *core, struct route *route, bool charged, int64_t now_us)
{
    const struct job *job = fair_first(&route->waiting);

    admission_left(&core->admission, index_of(core, route), job);
    fair_take(&route->waiting, charged);
    core->waiting_count--;
    if (fair_depth(&route->waiting) == 0) {
        TAILQ_REMOVE(&core->busy, route, link);
    }
    if (charged) { /* what is dropped costs no time */
        pace_count(&route->waiting.flows[job->caller_index].pace, now_us);
        pace_count(&route->pace, now_us);
    }
    note_pace(core, route, job->caller_index);
}

void waiting_take_all(struct core *core, struct job_list *out)
{
    struct route *route;
    struct job *job;

    while ((route = TAILQ_FIRST(&core->busy)) != NULL) {
        job = fair_first(&route->waiting);
        waiting_take(core, route, false, clock_mono_us());
        STAILQ_INSERT_TAIL(out, job, queue);
    }
}

/* --- What may be expected ------------------------------------------------------------
 */

void waiting_tell(struct core *core, struct route *route)
{
    struct key_gauge *gauge = &core->admission.key_gauges[index_of(core, route)];
    int64_t hand_us = route->pace.ns * route->in_hand / 1000;

    tell(&gauge->pace_ns, route->pace.ns);
    tell(&gauge->hand_us, hand_us);
    atomic_store_explicit(&gauge->weights, route->waiting.weight_sum,
                          memory_order_relaxed);
}
