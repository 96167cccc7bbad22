#include "gateway/core/turn/refuse.h"

#include "gateway/core/core_inside.h"

static void refuse_for_room(struct core *core, struct job *job)
{
    enum { COME_BACK_US = 10000000 };
    const struct job_refusal full =
        admission_refuse(&core->admission, job, REFUSAL_DISK_RESERVE, COME_BACK_US);

    job_refuse_load(job, &full);
}

static void refuse_without_lane(struct core *core, size_t route, struct job *job)
{
    notes_count(core, UNRECORDED_NO_LANE, 1);
    job_refuse(job, SG_LANE_DOWN, "the HSM of key '%s' is not available: %s",
               job->key->config->name, route_why(core, route));
}

void refuse_unrecorded(struct core *core, struct job *job)
{
    refuse_for_room(core, job);
    STAILQ_INSERT_TAIL(&core->answered, job, queue);
}

enum sg_status refuse_or_replay(struct core *core, size_t route, struct job *job)
{
    bool answered = false;
    enum sg_status status = decide_stored(core, job, &answered);

    if (answered && status == SG_OK) {
        return SG_OK;
    }
    if (core->state.reserve.low) {
        refuse_for_room(core, job);
    } else {
        refuse_without_lane(core, route, job);
    }
    STAILQ_INSERT_TAIL(&core->answered, job, queue);
    return status;
}
