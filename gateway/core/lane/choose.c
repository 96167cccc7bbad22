#include "gateway/clock.h"
#include "gateway/core/core_inside.h"
#include "gateway/core/lane/rest.h"

/* How long jobs wait for a lane that is being replaced before they are refused. */
enum { PATIENCE_US = 1000000 };

/* --- Which lane takes a job ------------------------------------------------------ */

static enum lane_kind kind_of(const struct core *core, size_t route)
{
    return lane_kind_of(core->keyring.keys[route].config->scheme);
}

/* What it has in hand, and what this turn has planned for it. */
static int64_t load_us(const struct berth *berth)
{
    int64_t us = lane_load_us(berth->lane);

    for (int kind = 0; kind < LANE_KINDS; kind++) {
        us += lane_mean_us(berth->lane, (enum lane_kind)kind) *
              (int64_t)berth->planned[kind];
    }
    return us;
}

int route_choose(const struct core *core, size_t route, uint64_t avoid)
{
    enum lane_kind kind = kind_of(core, route);
    uint64_t berths = core->routes[route].berths & ~avoid;
    int64_t least_us = INT64_MAX;
    int best = NO_BERTH;

    for (size_t i = 0; i < core->berth_count && berths >> i != 0; i++) {
        const struct berth *berth = &core->berths[i];
        if ((berths >> i & 1) == 0 || !route_takes(berth) ||
            lane_room(berth->lane, kind) <= berth->planned[kind]) {
            continue;
        }
        int64_t us = load_us(berth);
        if (us < least_us) {
            least_us = us;
            best = (int)i;
        }
    }
    return best;
}

bool route_other(const struct core *core, size_t route, uint64_t avoid)
{
    uint64_t berths = core->routes[route].berths & ~avoid;

    for (size_t i = 0; i < core->berth_count; i++) {
        if ((berths >> i & 1) != 0 && route_takes(&core->berths[i])) {
            return true;
        }
    }
    return false;
}

/* --- When none does -------------------------------------------------------------- */

/* Asked for this key, whatever it said last. */
static bool concerns(const struct berth *berth, size_t route)
{
    return berth->lane != NULL && !berth->leaving && berth->positions[route] >= 0;
}

/* Latched, or nobody has typed the PIN yet: that takes longer than a job waits. */
static bool needs_somebody(const struct lane *lane)
{
    return lane_state(lane) == LANE_LATCHED || lane_state(lane) == LANE_AWAITING;
}

static bool all_latched(const struct core *core, size_t route)
{
    for (size_t i = 0; i < core->berth_count; i++) {
        if (concerns(&core->berths[i], route) && !needs_somebody(core->berths[i].lane)) {
            return false;
        }
    }
    return true;
}

/* It comes back when the ceremony on its token ends, which is bounded: until then nobody
 * loses patience. */
static bool any_rests(const struct core *core, size_t route)
{
    for (size_t i = 0; i < core->berth_count; i++) {
        if (concerns(&core->berths[i], route) && lane_resting(core->berths[i].lane)) {
            return true;
        }
    }
    return false;
}

bool route_gone(const struct core *core, size_t route, int64_t now_us)
{
    int64_t dark_us = core->routes[route].dark_us;

    return dark_us != 0 && (now_us - dark_us > PATIENCE_US || all_latched(core, route));
}

const char *route_why(const struct core *core, size_t route)
{
    const char *why = "no lane holds it";

    for (size_t i = 0; i < core->berth_count; i++) {
        const struct berth *berth = &core->berths[i];
        if (concerns(berth, route) && !route_takes(berth) &&
            lane_why(berth->lane)[0] != '\0') {
            why = lane_why(berth->lane);
        }
    }
    return why;
}

void routes_note_dark(struct core *core, int64_t now_us)
{
    for (size_t i = 0; i < core->keyring.count; i++) {
        struct route *route = &core->routes[i];
        if (route_other(core, i, 0)) {
            route->dark_us = 0;
        } else if (route->dark_us == 0 || any_rests(core, i)) {
            route->dark_us = now_us;
        }
    }
}
