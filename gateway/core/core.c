#include "gateway/core/core.h"

#include <stdlib.h>
#include <string.h>

#include "gateway/clock.h"
#include "gateway/core/core_inside.h"

enum {
    SHORTEST_WAIT_US = 1000,
    TICK_US = 100000,
    TICKS_A_SECOND = 10,
    TICKS_A_SUMMARY = 100
};

/* --- Making ---------------------------------------------------------------------- */

static enum sg_status make_berths(struct core *core)
{
    core->berth_count = core->options.config->lane_count;
    core->berths = (struct berth *)calloc(core->berth_count, sizeof(*core->berths));
    if (core->berths == NULL) {
        core->berth_count = 0;
        return SG_NO_MEMORY;
    }
    for (size_t i = 0; i < core->berth_count; i++) {
        STAILQ_INIT(&core->berths[i].waiting);
    }
    return SG_OK;
}

static enum sg_status bind_keys(struct core *core, struct sg_error *why)
{
    enum { LANES_MAX = 256 };
    struct lane *lanes[LANES_MAX];

    MUST(core->berth_count <= LANES_MAX);
    for (size_t i = 0; i < core->berth_count; i++) {
        lanes[i] = core->berths[i].lane;
    }
    return keyring_bind(&core->keyring, core->options.policy, lanes, why);
}

static enum sg_status start(struct core *core, struct sg_error *why)
{
    TRY(make_berths(core));
    TRY(mbox_init(&core->mailbox, 0));
    TRY(keyring_load(core->options.config, clock_wall_us(), &core->keyring, why));
    TRY(start_lanes(core, why));
    TRY(bind_keys(core, why));
    return start_ledger(core, why);
}

enum sg_status core_new(const struct core_options *options, struct core **out,
                        struct sg_error *why)
{
    struct core *core = (struct core *)calloc(1, sizeof(*core));

    if (core == NULL) {
        return sg_fail(why, SG_NO_MEMORY, "no memory to start");
    }
    core->options = *options;
    core->mailbox.wake_fd = -1;
    MUST(pthread_mutex_init(&core->board.lock, NULL) == 0);
    STAILQ_INIT(&core->finished);
    STAILQ_INIT(&core->admitted);
    STAILQ_INIT(&core->answered);
    enum sg_status status = start(core, why);
    if (status != SG_OK) {
        core_free(core);
        return status;
    }
    *out = core;
    return SG_OK;
}

static void free_event(struct event *event)
{
    if (event != NULL) {
        event_free(event);
    }
}

void core_free(struct core *core)
{
    if (core == NULL) {
        return;
    }
    for (size_t i = 0; i < core->berth_count; i++) {
        free_event(core->berths[i].readable);
        lane_free(core->berths[i].lane);
        free(core->berths[i].refs);
    }
    free(core->berths);
    free_event(core->mail);
    free_event(core->tick);
    free_event(core->commit);
    if (core->base != NULL) {
        event_base_free(core->base);
    }
    mbox_fini(&core->mailbox);
    ledger_close(core->ledger);
    keyring_fini(&core->keyring);
    (void)pthread_mutex_destroy(&core->board.lock);
    free(core);
}

/* --- Running --------------------------------------------------------------------- */

static void on_mail(evutil_socket_t fd, short what, void *context)
{
    (void)fd;
    (void)what;
    (void)context; /* turn_collect takes the mail; waking up was the point */
}

static void on_lane(evutil_socket_t fd, short what, void *context)
{
    struct berth *berth = (struct berth *)context;

    (void)fd;
    (void)what;
    lane_read(berth->lane);
}

static void on_commit(evutil_socket_t fd, short what, void *context)
{
    struct core *core = (struct core *)context;

    (void)fd;
    (void)what;
    core->commit_armed = false; /* waking up was the point */
}

/* A restarted lane has a new socket. */
static void watch_lane(struct core *core, struct berth *berth)
{
    int fd = lane_fd(berth->lane);

    if (fd >= 0 && berth->readable != NULL &&
        berth->generation == lane_generation(berth->lane)) {
        return;
    }
    free_event(berth->readable);
    berth->readable = NULL;
    if (fd >= 0) {
        berth->readable = event_new(core->base, fd, EV_READ | EV_PERSIST, on_lane, berth);
        berth->generation = lane_generation(berth->lane);
        MUST(berth->readable != NULL && event_add(berth->readable, NULL) == 0);
    }
}

/* First failure and recovery are told, once each; what lies between is not. */
static void note_lane(struct core *core, struct berth *berth, int64_t now_us)
{
    enum lane_state state = lane_state(berth->lane);
    bool up = state == LANE_UP;

    if (up == (berth->seen == LANE_UP)) {
        berth->seen = state;
        return;
    }
    berth->seen = state;
    berth->down_since_us = up ? 0 : now_us;
    report_update(core, true);
    notes_add(core, up ? "lane.up" : "lane.down", lane_name(berth->lane),
              up ? "" : lane_why(berth->lane));
    log_event(up ? LOG_INFO : LOG_ERROR, up ? "lane.up" : "lane.down", "lane",
              lane_name(berth->lane), "why", up ? "ready" : lane_why(berth->lane), NULL);
}

static void look_after_lanes(struct core *core)
{
    int64_t now_us = clock_mono_us();

    for (size_t i = 0; i < core->berth_count; i++) {
        struct berth *berth = &core->berths[i];
        lane_tick(berth->lane, now_us);
        note_lane(core, berth, now_us);
        watch_lane(core, berth);
    }
}

static void on_tick(evutil_socket_t fd, short what, void *context)
{
    struct core *core = (struct core *)context;

    (void)fd;
    (void)what;
    if (core->on_tick != NULL) {
        core->on_tick(core->tick_context);
    }
    report_update(core, false);
    if (core->ticks % TICKS_A_SUMMARY == 0) {
        notes_sum_up(core);
    }
    checkpoint_tick(core, clock_mono_us(), false);
    /* Moving pages blocks for a sync: once a second is often enough. */
    if (++core->ticks % TICKS_A_SECOND == 0 && ledger_idle(core->ledger) != SG_OK) {
        atomic_store(&core->broken, true);
    }
}

static enum sg_status make_events(struct core *core)
{
    const struct timeval period = {.tv_usec = TICK_US};
    struct event_config *config = event_config_new();

    if (config == NULL || event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK) != 0) {
        return SG_NO_MEMORY;
    }
    core->base = event_base_new_with_config(config);
    event_config_free(config);
    if (core->base == NULL) {
        return SG_NO_MEMORY;
    }
    core->mail =
        event_new(core->base, core->mailbox.wake_fd, EV_READ | EV_PERSIST, on_mail, core);
    core->tick = event_new(core->base, -1, EV_PERSIST, on_tick, core);
    core->commit = event_new(core->base, -1, 0, on_commit, core);
    if (core->mail == NULL || core->tick == NULL || core->commit == NULL ||
        event_add(core->mail, NULL) != 0 || event_add(core->tick, &period) != 0) {
        return SG_NO_MEMORY;
    }
    return SG_OK;
}

/* How long a commit may wait for more records to share its fsync: a quarter of the time
 * for which the lanes still have work, so that no lane ever runs dry for it. A gateway
 * that is not busy commits at once. */
static int64_t collect_us(const struct core *core)
{
    int64_t limit_us = core->options.config->collect_us;
    int64_t outstanding = 0;

    for (size_t i = 0; i < core->berth_count; i++) {
        outstanding += lane_outstanding(core->berths[i].lane);
    }
    int64_t share_us = outstanding * core->service_us / 4;
    /* Timers are rounded up to a millisecond: a shorter wait would become a longer one.
     */
    if (share_us < SHORTEST_WAIT_US) {
        return 0;
    }
    return share_us < limit_us ? share_us : limit_us;
}

static enum sg_status maybe_turn(struct core *core)
{
    turn_collect(core);
    int64_t left_us = core->committed_us + collect_us(core) - clock_mono_us();
    if (left_us <= 0 || !turn_has_work(core)) {
        return turn(core);
    }
    if (!core->commit_armed) {
        struct timeval wait = {.tv_usec = left_us};
        core->commit_armed = event_add(core->commit, &wait) == 0;
    }
    return SG_OK;
}

/* At the end: what is under way is finished, then the log is closed with a checkpoint. */
static void finish_step(struct core *core)
{
    bool idle = atomic_load(&core->load) == 0 && !core->checkpoint_pending;

    if (!idle) {
        return;
    }
    if (ledger_size(core->ledger) == ledger_checkpoint_size(core->ledger) ||
        core->checkpoint_failed ||
        lane_room(core->berths[core->options.config->log_lane].lane) == 0) {
        core->ended = true;
        return;
    }
    checkpoint_tick(core, clock_mono_us(), true);
}

/* What a turn itself brought back (a lane that died under it) must not wait for a tick.
 */
static int wait_flags(const struct core *core)
{
    bool more = core->finished_count > 0 || core->note_count > 0;

    return more && !core->commit_armed ? EVLOOP_NONBLOCK : 0;
}

enum sg_status core_run(struct core *core, void (*on_tick_hook)(void *), void *context)
{
    core->on_tick = on_tick_hook;
    core->tick_context = context;
    TRY(make_events(core));
    report_update(core, true);
    checkpoint_tick(core, clock_mono_us(), true);
    while (!core->ended) {
        look_after_lanes(core);
        MUST(event_base_loop(core->base, EVLOOP_ONCE | wait_flags(core)) >= 0);
        TRY(maybe_turn(core));
        if (core->ending) {
            finish_step(core);
        }
    }
    return SG_OK;
}

void core_finish(struct core *core)
{
    if (!core->ending) {
        core->ending = true;
        mbox_close(&core->mailbox);
        notes_sum_up(core);
        notes_add(core, "shutdown", core->options.config->node, "");
    }
}

/* --- From other threads ---------------------------------------------------------- */

enum sg_status core_submit(struct core *core, struct letters *jobs, size_t count)
{
    unsigned limit = (unsigned)core->options.config->queue_limit;

    if (atomic_load_explicit(&core->broken, memory_order_relaxed)) {
        return SG_LEDGER;
    }
    if (atomic_fetch_add_explicit(&core->load, (unsigned)count, memory_order_relaxed) +
            count >
        limit) {
        atomic_fetch_sub_explicit(&core->load, (unsigned)count, memory_order_relaxed);
        notes_count(core, UNRECORDED_BUSY, count);
        return SG_BUSY;
    }
    enum sg_status status = mbox_put(&core->mailbox, jobs, count);
    if (status != SG_OK) {
        atomic_fetch_sub_explicit(&core->load, (unsigned)count, memory_order_relaxed);
    }
    return status;
}

const struct keyring *core_keys(const struct core *core)
{
    return &core->keyring;
}

const char *core_log_vkey(const struct core *core)
{
    return core->log_vkey;
}

unsigned core_load(const struct core *core)
{
    return atomic_load_explicit(&core->load, memory_order_relaxed);
}
