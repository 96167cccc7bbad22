#include "gateway/core/commits.h"

#include "gateway/core/core_inside.h"

enum { SHORTEST_WAIT_US = 1000 };

int64_t commits_wait_us(const struct core *core)
{
    int64_t limit_us = core->options.config->collect_us;
    int64_t backlog = 0;

    for (size_t i = 0; i < core->berth_count; i++) {
        const struct lane *lane = core->berths[i].lane;
        backlog += lane != NULL ? lane_backlog(lane) : 0;
    }
    int64_t share_us = backlog * core->service_us / 4;
    /* Timers are rounded up to a millisecond: a shorter wait would become a longer one.
     */
    if (share_us < SHORTEST_WAIT_US) {
        return 0;
    }
    return share_us < limit_us ? share_us : limit_us;
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
