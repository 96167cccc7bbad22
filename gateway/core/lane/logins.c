#include "gateway/core/lane/logins.h"

#include <poll.h>

#include "gateway/clock.h"
#include "gateway/core/core_inside.h"
#include "gateway/core/lane/login.h"

void logins_hear(struct core *core)
{
    struct pollfd ready[CONFIG_LANES_MAX];
    enum { LOOK_AGAIN_MS = 50 };

    for (size_t i = 0; i < core->berth_count; i++) {
        ready[i] = (struct pollfd){.fd = lane_fd(core->berths[i].lane), .events = POLLIN};
    }
    (void)poll(ready, core->berth_count, LOOK_AGAIN_MS);
    for (size_t i = 0; i < core->berth_count; i++) {
        lane_read(core->berths[i].lane);
        lane_ask_again(core->berths[i].lane, clock_mono_us());
    }
}

enum sg_status logins_keep(struct core *core)
{
    for (size_t i = 0; i < core->berth_count; i++) {
        struct berth *berth = &core->berths[i];
        if (lane_state(berth->lane) == LANE_LATCHED) {
            (void)berth_note(core, i);
        }
    }
    return latches_write(core);
}

static bool tries(const struct berth *berth)
{
    enum lane_state state = lane_state(berth->lane);
    bool well = state == LANE_TRYING || state == LANE_UP;

    return latch_tries(berth) || (well && state != berth->seen);
}

bool logins_under_way(const struct core *core)
{
    for (size_t i = 0; i < core->berth_count; i++) {
        if (core->berths[i].lane != NULL && tries(&core->berths[i])) {
            return true;
        }
    }
    return false;
}

void logins_settle(struct core *core)
{
    int64_t until_us = clock_mono_us() + LOGINS_SETTLE_US;

    core->ending = true; /* nobody else begins one */
    while (logins_under_way(core) && clock_mono_us() < until_us) {
        logins_hear(core);
        for (size_t i = 0; i < core->berth_count; i++) {
            (void)berth_note(core, i);
        }
    }
    (void)(core->berth_count > 0 && latches_write(core) == SG_OK);
}
