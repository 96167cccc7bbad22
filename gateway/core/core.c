#include "gateway/core/core.h"

#include <stdlib.h>

#include "gateway/clock.h"
#include "gateway/core/core_inside.h"
#include "gateway/core/key/life.h"
#include "gateway/core/lane/logins.h"
#include "gateway/core/reload.h"
#include "gateway/core/turn/commits.h"
#include "gateway/ledger/expiry.h"

enum { TICK_US = 100000, TICKS_A_SECOND = 10, TICKS_A_SUMMARY = 100 };

/* --- Making ---------------------------------------------------------------------- */

enum sg_status core_new(const struct core_options *options, struct core **out,
                        struct sg_error *why)
{
    struct core *core = (struct core *)calloc(1, sizeof(*core));

    if (core == NULL) {
        return sg_fail(why, SG_NO_MEMORY, "no memory to start");
    }
    core->options = *options;
    core->newest = options->config;
    core->mailbox.wake_fd = -1;
    core->started_us = clock_wall_us();
    core->policy = policy_take(options->policy);
    MUST(pthread_mutex_init(&core->board.lock, NULL) == 0);
    MUST(pthread_mutex_init(&core->policy_lock, NULL) == 0);
    MUST(pthread_mutex_init(&core->agenda.lock, NULL) == 0);
    overrides_init(&core->overrides);
    STAILQ_INIT(&core->finished);
    STAILQ_INIT(&core->again);
    STAILQ_INIT(&core->orders);
    STAILQ_INIT(&core->obeyed);
    STAILQ_INIT(&core->inquiries);
    STAILQ_INIT(&core->told);
    STAILQ_INIT(&core->anchoring.mail);
    STAILQ_INIT(&core->admitted);
    STAILQ_INIT(&core->answered);
    STAILQ_INIT(&core->outdated);
    enum sg_status status = start_all(core, why);
    if (status == SG_OK && agenda_look(core) != SG_OK) {
        status = sg_fail(why, SG_LEDGER, "%s", ledger_why(core->ledger));
    }
    if (status != SG_OK) {
        logins_settle(core);
        core_free(core);
        return status;
    }
    (void)ban_look(core);
    report_update(core, true); /* whoever asks at once finds lanes and keys */
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
    anchors_free(core->anchoring.anchors);
    ceremony_fini(core);
    berths_fini(core);
    reload_fini(core);
    routes_fini(core);
    admission_fini(&core->admission);
    state_fini(&core->state);
    register_fini(&core->keys);
    grants_fini(&core->grants);
    proposals_fini(&core->proposals);
    agenda_fini(&core->agenda);
    mandates_fini(&core->mandates);
    overrides_fini(&core->overrides);
    free_event(core->mail);
    free_event(core->tick);
    free_event(core->commit);
    if (core->base != NULL) {
        event_base_free(core->base);
    }
    mbox_fini(&core->mailbox);
    ledger_close(core->ledger);
    keyring_fini(&core->keyring);
    policy_free(core->policy);
    (void)pthread_mutex_destroy(&core->board.lock);
    (void)pthread_mutex_destroy(&core->policy_lock);
    free(core);
}

/* --- Running --------------------------------------------------------------------- */

static void on_mail(evutil_socket_t fd, short what, void *context)
{
    (void)fd;
    (void)what;
    (void)context; /* turn_collect takes the mail; waking up was the point */
}

static void on_commit(evutil_socket_t fd, short what, void *context)
{
    struct core *core = (struct core *)context;

    (void)fd;
    (void)what;
    core->commit_armed = false; /* waking up was the point */
}

/* By a clock that jumped, or that nobody has set, nobody knows how old an answer is. */
static enum sg_status expire_answers(struct core *core)
{
    static const int64_t day_us = (int64_t)86400 * 1000000;
    int64_t days = core->options.config->answers_days;
    struct expiry expiry = {.now_us = clock_wall_us()};

    if (days == 0 || !clock_watch_trusted(&core->state.clock)) {
        return SG_OK;
    }
    expiry.before_us = expiry.now_us - days * day_us;
    TRY(ledger_expire(core->ledger, &expiry));
    if (expiry.ahead && !core->answers_kept) {
        log_event(LOG_WARN, "answers.kept", "why",
                  "the oldest answers bear times that have not come yet, by a clock that "
                  "was wrong: until then no answer is taken away (ledger.answers_days)",
                  NULL);
    }
    core->answers_kept = expiry.ahead;
    return SG_OK;
}

/* Both block for a sync: this is often enough. */
static enum sg_status tend_ledger(struct core *core)
{
    TRY(expire_answers(core));
    TRY(prune_go_on(core));
    return ledger_idle(core->ledger);
}

static void every_second(struct core *core)
{
    mandates_age(core);
    anchoring_look(core);
    bool changed = state_look(core);
    if (ban_look(core) || changed) {
        report_update(core, true);
    }
    if (tend_ledger(core) != SG_OK) {
        atomic_store(&core->broken, true);
    }
}

static void look_at_agenda(struct core *core)
{
    bool due = core->agenda.stale || core->ticks % TICKS_A_SUMMARY == 0;

    if (due && !atomic_load(&core->broken) && agenda_look(core) != SG_OK) {
        atomic_store(&core->broken, true);
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
    condemn_heed(core);
    life_look(core);
    report_update(core, false);
    notes_key_states(core);
    if (core->ticks % TICKS_A_SUMMARY == 0) {
        notes_sum_up(core);
    }
    look_at_agenda(core);
    checkpoint_tick(core, clock_mono_us(), false);
    if (++core->ticks % TICKS_A_SECOND == 0) {
        every_second(core);
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

static enum sg_status maybe_turn(struct core *core)
{
    turn_collect(core);
    paths_look_after(core);
    int64_t left_us = core->committed_us + commits_wait_us(core) - clock_mono_us();
    if (left_us > 0 && turn_has_work(core)) {
        commits_await(core, left_us);
        return SG_OK;
    }
    berths_hear(core);
    TRY(turn(core));
    return commits_write_back(core);
}

/* At the end: what is under way is finished, then the log is closed with a checkpoint. */
static void finish_step(struct core *core)
{
    bool idle = core_load(core) == 0 && !core->checkpoint_pending &&
                !ceremony_busy(core) && !turn_has_work(core) &&
                !(logins_under_way(core) && clock_mono_us() < core->settled_us);

    if (!idle) {
        return;
    }
    core->ended = checkpoint_close(core);
    if (core->ended && latches_write(core) != SG_OK) {
        atomic_store(&core->broken, true);
    }
}

/* What a turn itself brought back (a lane that died under it), or did not get to, must
 * not wait for a tick. */
static int wait_flags(const struct core *core)
{
    bool more = ceremony_due(core) || core->finished_count > 0 || core->note_count > 0 ||
                (core->cut_short && core->waiting_count > 0);

    return more && !core->commit_armed ? EVLOOP_NONBLOCK : 0;
}

enum sg_status core_run(struct core *core, void (*on_tick_hook)(void *), void *context)
{
    core->on_tick = on_tick_hook;
    core->tick_context = context;
    TRY(make_events(core));
    berths_look_after(core); /* a login that went well is part of the first report */
    report_update(core, true);
    checkpoint_tick(core, clock_mono_us(), true);
    while (!core->ended) {
        berths_look_after(core);
        ceremony_tick(core);
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
        core->settled_us = clock_mono_us() + LOGINS_SETTLE_US;
        mbox_close(&core->mailbox);
        notes_sum_up(core);
        state_finish(core);
        notes_add(core, "shutdown", core->options.config->node, "");
    }
}

/* --- From other threads ---------------------------------------------------------- */

static struct admission_ask numbered(const struct core *core, const struct core_ask *ask)
{
    return (struct admission_ask){
        .caller = (size_t)(ask->caller - core->options.config->callers),
        .key = route_index(core, ask->key),
        .class = ask->class,
        .count = ask->count,
        .deadline_us = ask->deadline_us,
        .now_us = clock_mono_us(),
    };
}

size_t core_admit(struct core *core, const struct core_ask *ask, struct job_refusal *why)
{
    const struct admission_ask admission_ask = numbered(core, ask);

    return admission_take(&core->admission, &admission_ask, why);
}

void core_withdraw(struct core *core, const struct core_ask *ask, size_t count)
{
    const struct admission_ask admission_ask = numbered(core, ask);

    admission_return(&core->admission, &admission_ask, count);
}

bool core_crowded(const struct core *core, const struct config_caller *caller)
{
    return admission_crowded(&core->admission,
                             (size_t)(caller - core->options.config->callers));
}

enum sg_status core_submit(struct core *core, struct letters *jobs, size_t count)
{
    if (atomic_load_explicit(&core->broken, memory_order_relaxed)) {
        return SG_LEDGER;
    }
    return mbox_put(&core->mailbox, jobs, count);
}

enum sg_status core_submit_again(struct core *core, struct letters *jobs, size_t count)
{
    enum sg_status status = core_submit(core, jobs, count);
    struct letter *letter;

    if (status != SG_OK) {
        STAILQ_FOREACH(letter, jobs, link)
        {
            admission_over(&core->admission, (struct job *)letter);
        }
        atomic_fetch_sub_explicit(&core->admission.load, (unsigned)count,
                                  memory_order_relaxed);
    }
    return status;
}

struct policy *core_take_policy(struct core *core)
{
    MUST(pthread_mutex_lock(&core->policy_lock) == 0);
    struct policy *policy = policy_take(core->policy);
    MUST(pthread_mutex_unlock(&core->policy_lock) == 0);
    return policy;
}

struct override_board *core_overrides(struct core *core)
{
    return &core->overrides.board;
}

const struct config *core_config(const struct core *core)
{
    return core->newest;
}

bool core_has_quorum(const struct core *core)
{
    return atomic_load_explicit(&core->grants.has_quorum, memory_order_relaxed);
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
    return atomic_load_explicit(&core->admission.load, memory_order_relaxed);
}
