#include "gateway/core/turn/commits.h"

#include "gateway/core/core_inside.h"

/* Whose results are to be written down, and who could begin what waits: bits of berths.
 */
static void find_concerned(const struct core *core, uint64_t concerned[LANE_KINDS])
{
    const struct job *job;
    struct route *route;

    STAILQ_FOREACH(job, &core->finished, queue)
    {
        concerned[lane_kind_of(job->scheme)] |= 1ULL << job->berth;
    }
    TAILQ_FOREACH(route, &core->busy, link)
    {
        const struct job *first = fair_first(&route->waiting);
        concerned[lane_kind_of(first->scheme)] |= route->berths;
    }
}

/* Of those that are concerned, the one that will be the first to have nothing more. */
static int64_t soonest_us(const struct core *core, const uint64_t concerned[LANE_KINDS])
{
    int64_t soonest = INT64_MAX;
    bool any = false;

    for (size_t i = 0; i < (size_t)LANE_KINDS * core->berth_count; i++) {
        enum lane_kind kind = (enum lane_kind)(i % LANE_KINDS);
        const struct berth *berth = &core->berths[i / LANE_KINDS];
        if ((concerned[kind] >> (i / LANE_KINDS) & 1) == 0 || !route_takes(berth)) {
            continue;
        }
        int64_t spare_us = lane_spare_us(berth->lane, kind);
        soonest = spare_us < soonest ? spare_us : soonest;
        any = true;
    }
    return any ? soonest : 0;
}

int64_t commits_wait_us(const struct core *core)
{
    enum { SHORTEST_WAIT_US = 1000 };
    int64_t limit_us = core->options.config->collect_us;
    uint64_t concerned[LANE_KINDS] = {0};

    find_concerned(core, concerned);
    int64_t half_us = soonest_us(core, concerned) / 2;
    /* Timers are rounded up to a millisecond: a shorter wait would become a longer one.
     */
    if (half_us < SHORTEST_WAIT_US) {
        return 0;
    }
    return half_us < limit_us ? half_us : limit_us;
}

void commits_await(struct core *core, int64_t left_us)
{
    enum { HUSH_MAX_US = 20000 }; /* of a lane's patience, which is 200 ms at least */
    struct timeval wait = {.tv_usec = left_us};

    if (core->commit_armed || event_add(core->commit, &wait) != 0) {
        return;
    }
    core->commit_armed = true;
    if (left_us <= HUSH_MAX_US) {
        berths_hush(core);
    }
}

enum sg_status commits_write_back(struct core *core)
{
    bool busy = core->waiting_count > 0 || core->finished_count > 0;

    if (busy || !ledger_idle_due(core->ledger) || ledger_idle(core->ledger) == SG_OK) {
        return SG_OK;
    }
    atomic_store(&core->broken, true);
    return turn(core);
}
