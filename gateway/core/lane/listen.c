#include "gateway/core/core_inside.h"
#include "gateway/core/lane/berth.h"

/* Listening to lanes. A lane that is found dead closes its socket wherever that happens,
 * and its event stays, with a descriptor that may be another's by now. */

static void on_lane(evutil_socket_t fd, short what, void *context)
{
    struct berth *berth = (struct berth *)context;

    (void)fd;
    (void)what;
    lane_read(berth->lane);
}

void berth_deafen(struct berth *berth)
{
    if (berth->readable != NULL) {
        event_free(berth->readable);
    }
    berth->readable = NULL;
}

/* Each process has a new socket, and a dead one something else to wait for. */
void berth_listen(struct core *core, struct berth *berth)
{
    int fd = berth->lane == NULL ? -1 : lane_fd(berth->lane);

    if (fd >= 0 && berth->readable != NULL &&
        berth->generation == lane_generation(berth->lane)) {
        return;
    }
    berth_deafen(berth);
    if (fd >= 0) {
        berth->readable = event_new(core->base, fd, EV_READ | EV_PERSIST, on_lane, berth);
        berth->generation = lane_generation(berth->lane);
        MUST(berth->readable != NULL && event_add(berth->readable, NULL) == 0);
    }
}

void berths_listen(struct core *core)
{
    for (size_t i = 0; i < core->berth_count; i++) {
        berth_listen(core, &core->berths[i]);
    }
}

void berths_hush(struct core *core)
{
    for (size_t i = 0; i < core->berth_count; i++) {
        if (core->berths[i].readable != NULL) {
            (void)event_del(core->berths[i].readable);
        }
    }
    core->hushed = true;
}

static void hear(struct core *core, struct berth *berth)
{
    berth_listen(core, berth);
    if (berth->readable != NULL) {
        MUST(event_add(berth->readable, NULL) == 0);
        lane_read(berth->lane);
    }
}

void berths_hear(struct core *core)
{
    for (size_t i = 0; core->hushed && i < core->berth_count; i++) {
        hear(core, &core->berths[i]);
    }
    core->hushed = false;
}
