#include "gateway/core/ceremony/ceremony.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/clock.h"
#include "gateway/core/ceremony/check.h"
#include "gateway/core/ceremony/destruction.h"
#include "gateway/core/core_inside.h"
#include "gateway/core/lane/login.h"
#include "gateway/core/lane/rest.h"
#include "gateway/core/officers/requests.h"

enum {
    ARENA = 1 << 18, /* a stored request, and what is made of it */
    REST_US = 60 * 1000000,
    BURY_US = 5 * 1000000
};

enum sg_status ceremony_start(struct core *core)
{
    struct ceremony *ceremony = &core->ceremony;
    size_t keys = core->keyring.count + 1;

    STAILQ_INIT(&ceremony->parked);
    ceremony->pin.pipe = -1;
    ceremony->change.pipe = -1;
    ceremony->has_pipes = true;
    ceremony->look = true; /* what an earlier run has left */
    ceremony->fresh = (bool *)calloc(keys, sizeof(*ceremony->fresh));
    ceremony->broken = (unsigned *)calloc(keys, sizeof(*ceremony->broken));
    ceremony->waits = (struct ceremony_wait *)calloc(keys, sizeof(*ceremony->waits));
    ceremony->none_us = (int64_t *)calloc(keys, sizeof(*ceremony->none_us));
    if (ceremony->fresh == NULL || ceremony->broken == NULL || ceremony->waits == NULL ||
        ceremony->none_us == NULL) {
        return SG_NO_MEMORY;
    }
    TRY(arena_init(&ceremony->arena, ARENA));
    TRY(arena_init(&ceremony->answer, ARENA));
    TRY(pin_change_start(core));
    TRY(process_init(&ceremony->process));
    ceremony->has_process = true;
    return SG_OK;
}

static void forget_event(struct ceremony *ceremony)
{
    if (ceremony->readable != NULL) {
        event_free(ceremony->readable);
    }
    ceremony->readable = NULL;
}

void ceremony_fini(struct core *core)
{
    struct ceremony *ceremony = &core->ceremony;

    forget_event(ceremony);
    if (ceremony->has_pipes) {
        ceremony_forget_pin(core);
        pin_change_fini(core);
    }
    if (ceremony->has_process) {
        process_fini(&ceremony->process);
    }
    free(ceremony->fresh);
    free(ceremony->broken);
    free(ceremony->waits);
    free(ceremony->none_us);
    arena_fini(&ceremony->arena);
    arena_fini(&ceremony->answer);
}

/* --- Waking ------------------------------------------------------------------------- */

/* A PIN that the ceremony found wrong, or that nobody knows, is nobody's to try again.
 * What the token forbids by its flags was no try: the lane that wakes finds that by
 * itself. */
static bool refused_pin(const struct core *core, const struct berth *berth)
{
    const struct ceremony *ceremony = &core->ceremony;

    return ceremony->phase != CEREMONY_IDLE && ceremony->outcome.answered &&
           !ceremony->outcome.done && ceremony->outcome.failure == FAILURE_LATCHED &&
           (ceremony->outcome.rv != 0 || ceremony->outcome.pin_unknown) &&
           berth_same_token(&core->berths[ceremony->work.berth], berth);
}

static void wake_one(struct core *core, struct berth *berth)
{
    if (berth_wake(core, berth) != SG_OK) {
        log_event(LOG_ERROR, "lane.not_woken", "lane", lane_name(berth->lane), "why",
                  "there is no memory; start the gateway anew", NULL);
    }
    if (refused_pin(core, berth)) {
        latch_close(core, berth, core->ceremony.outcome.why);
    }
}

/* One that did not come to rest in time is woken when it has: in between it would neither
 * work nor start anew. */
static void wake(struct core *core)
{
    uint64_t *resting = &core->ceremony.resting;

    for (size_t i = 0; *resting != 0 && i < core->berth_count; i++) {
        if ((*resting >> i & 1) != 0 && lane_rested(core->berths[i].lane)) {
            wake_one(core, &core->berths[i]);
            *resting &= ~(1ULL << i);
        }
    }
}

bool ceremony_holds(const struct core *core, size_t berth)
{
    const struct ceremony *ceremony = &core->ceremony;

    return (ceremony->resting >> berth & 1) != 0 ||
           (ceremony->phase != CEREMONY_IDLE && ceremony->work.berth == berth);
}

/* --- The phases -------------------------------------------------------------------- */

void ceremony_enter(struct core *core, enum ceremony_phase phase, int64_t limit_us)
{
    core->ceremony.phase = phase;
    core->ceremony.until_us = clock_mono_us() + limit_us;
}

static int64_t rest_us(const struct core *core)
{
    int64_t limit_us = core->options.config->hsm_ceremony_ms * 1000;

    return limit_us < REST_US ? limit_us : REST_US;
}

/* Nothing was asked of the token. */
void ceremony_untouched(struct core *core, const char *why)
{
    struct rite_outcome *outcome = &core->ceremony.outcome;

    ceremony_forget_pin(core);
    *outcome = (struct rite_outcome){
        .answered = true, .untouched = true, .failure = FAILURE_DEVICE};
    (void)snprintf(outcome->why, sizeof(outcome->why), "%.319s", why);
    ceremony_enter(core, CEREMONY_DONE, 0);
}

static const char *subject(const struct core *core)
{
    const struct ceremony *ceremony = &core->ceremony;

    return pin_change_is(ceremony->work.order.rite)
               ? ceremony->change.lane
               : core->keyring.keys[ceremony->work.key].config->name;
}

static void begin(struct core *core)
{
    wake(core); /* whoever came to rest too late for the last one */
    if (core->ending || atomic_load(&core->broken) || !ceremony_pick(core)) {
        return;
    }
    if (core->ceremony.work.dead != NULL) {
        ceremony_untouched(core, core->ceremony.work.dead);
        return;
    }
    log_event(LOG_INFO, "ceremony.begin", "key", subject(core), "lane",
              lane_name(core->berths[core->ceremony.work.berth].lane), NULL);
    ceremony_enter(core, CEREMONY_RESTING, rest_us(core));
}

static void on_ready(evutil_socket_t fd, short what, void *context)
{
    (void)fd;
    (void)what;
    (void)context; /* ceremony_tick looks; waking up was the point */
}

static void watch(struct core *core)
{
    struct ceremony *ceremony = &core->ceremony;

    forget_event(ceremony);
    ceremony->readable = event_new(core->base, ceremony->process.socket,
                                   EV_READ | EV_PERSIST, on_ready, NULL);
    MUST(ceremony->readable != NULL && event_add(ceremony->readable, NULL) == 0);
}

/* Of a refusal lanes are told by the latch, of all else by what is remembered of logins
 * to their token: they know of it when they wake. */
static void login_is_over(struct core *core)
{
    const struct rite_outcome *outcome = &core->ceremony.outcome;
    struct berth *own = &core->berths[core->ceremony.work.berth];
    bool typed = lane_config(own->lane)->pin_prompt || core->ceremony.work.order.last_try;

    if (outcome->login == MARK_LOGIN_AHEAD) {
        lane_login_not_begun(own->lane);
    } else if (outcome->login == MARK_LOGIN_WELL) {
        lane_login_went_well(own->lane);
    } else if (!outcome->answered) {
        lane_login_lost(own->lane, LOGIN_DIED, typed);
    } else if (!outcome->done && outcome->failure != FAILURE_LATCHED &&
               outcome->failure != FAILURE_CONFIG) {
        lane_login_lost(own->lane, outcome->rv, typed);
    }
    latch_settle(own);
}

/* Nothing was asked of the token, though it was to be. */
static void not_begun(struct core *core, const char *why)
{
    ceremony_untouched(core, why);
    core->ceremony.outcome.login = MARK_LOGIN_AHEAD;
    login_is_over(core);
}

void ceremony_run(struct core *core)
{
    struct ceremony *ceremony = &core->ceremony;
    const struct config_lane *lane = lane_config(core->berths[ceremony->work.berth].lane);
    const struct process_options options = {.program = core->options.hsm_program,
                                            .ceremony = true,
                                            .environment = lane->environment};
    struct sg_error why = {0};

    if (ceremony_check_still(core, &why) != SG_OK) {
        ceremony_untouched(core, why.text);
        ceremony->outcome.failure = FAILURE_CONFIG; /* persons', not the token's */
        return;
    }
    if (latch_spend(core, &core->berths[ceremony->work.berth]) != SG_OK ||
        destruction_begin(core) != SG_OK) {
        not_begun(core, "the ledger takes nothing");
        return;
    }
    if (process_start(&ceremony->process, &options, &why) != SG_OK) {
        not_begun(core, why.text);
        return;
    }
    lane_login_begins(core->berths[ceremony->work.berth].lane);
    ceremony->outcome = (struct rite_outcome){.answered = false};
    ceremony->work.order.pipe = ceremony->pin.pipe;
    ceremony->work.order.last_try = ceremony->pin.last_try;
    enum sg_status status =
        rite_send(ceremony->process.socket, lane, &ceremony->work.order);
    ceremony_forget_pin(core); /* it is the process's alone */
    if (status != SG_OK) {     /* none of them has reached it */
        ceremony->outcome.login = MARK_LOGIN_AHEAD;
        (void)snprintf(ceremony->outcome.why, sizeof(ceremony->outcome.why),
                       "its process ended before it read its orders");
        ceremony_enter(core, CEREMONY_ENDING, BURY_US);
        return;
    }
    watch(core);
    ceremony_enter(core, CEREMONY_RUNNING, core->options.config->hsm_ceremony_ms * 1000);
}

static void hear(struct core *core)
{
    struct ceremony *ceremony = &core->ceremony;
    struct rite_outcome *outcome = &ceremony->outcome;
    enum sg_status status =
        rite_receive(ceremony->process.socket, &ceremony->answer, outcome);
    const char *why = "its process ended without an answer";

    if (status == SG_NOT_FOUND && clock_mono_us() <= ceremony->until_us) {
        return;
    }
    if (status == SG_NOT_FOUND) {
        why = "it took longer than hsm.ceremony_ms and was ended";
    } else if (status == SG_INVALID) {
        why = "its process answered with nonsense";
    }
    if (status != SG_OK) {
        *outcome = (struct rite_outcome){.answered = false};
        (void)snprintf(outcome->why, sizeof(outcome->why), "%s", why);
        process_kill(&ceremony->process);
    }
    forget_event(ceremony);
    ceremony_enter(core, CEREMONY_ENDING, BURY_US);
}

/* Its lock of the token goes with it: no lane can start before. Whatever it has to do it
 * did before it answered. */
static void bury(struct core *core)
{
    struct ceremony *ceremony = &core->ceremony;
    bool late = clock_mono_us() > ceremony->until_us;

    if (!process_reap(&ceremony->process)) {
        process_kill(&ceremony->process);
        if (!late || !process_abandon(&ceremony->process)) {
            return;
        }
    }
    if (ceremony->process.socket >= 0) {
        process_kill(&ceremony->process); /* closes the socket of one that has ended */
    }
    login_is_over(core);
    ceremony_enter(core, CEREMONY_DONE, 0);
}

static void finish(struct core *core)
{
    struct berth *own = &core->berths[core->ceremony.work.berth];

    log_event(core->ceremony.outcome.done ? LOG_INFO : LOG_WARN, "ceremony.end", "key",
              subject(core), "why",
              core->ceremony.outcome.done ? "done" : core->ceremony.outcome.why, NULL);
    wake(core);
    if (core->ceremony.work.dead != NULL && refused_pin(core, own)) {
        latch_close(core, own, core->ceremony.outcome.why); /* its lanes did not rest */
    }
    arena_reset(&core->ceremony.arena);
    core->ceremony.work.csr = NULL;
    core->ceremony.look = true;
    ceremony_enter(core, CEREMONY_IDLE, 0);
    report_update(core, true);
}

static void wait_for_turn(struct core *core)
{
    (void)core;
}

void ceremony_tick(struct core *core)
{
    static void (*const phases[])(struct core *) = {
        [CEREMONY_IDLE] = begin,
        [CEREMONY_RESTING] = ceremony_wait_for_rest,
        [CEREMONY_AWAITING] = ceremony_wait_for_pin,
        [CEREMONY_RUNNING] = hear,
        [CEREMONY_ENDING] = bury,
        [CEREMONY_DONE] = wait_for_turn,
        [CEREMONY_WRITTEN] = finish,
    };

    if (core->ending) {
        ceremony_give_up(core, SG_SHUTDOWN);
    }
    phases[core->ceremony.phase](core);
}

bool ceremony_due(const struct core *core)
{
    return core->ceremony.phase == CEREMONY_DONE;
}

bool ceremony_busy(const struct core *core)
{
    return core->ceremony.phase != CEREMONY_IDLE;
}

enum sg_status ceremony_write(struct core *core)
{
    bool again = false;

    if (core->ceremony.phase != CEREMONY_DONE) {
        return SG_OK;
    }
    TRY(ceremony_settle(core, &again));
    ceremony_enter(core, again ? CEREMONY_RESTING : CEREMONY_WRITTEN, rest_us(core));
    return SG_OK;
}

void ceremony_give_up(struct core *core, enum sg_status status)
{
    struct ceremony_work *work = &core->ceremony.work;
    struct letter *letter;

    if (work->csr != NULL && atomic_load(&core->broken)) {
        STAILQ_INSERT_HEAD(&core->ceremony.parked, &work->csr->order.letter, link);
        work->csr = NULL;
    }
    while ((letter = STAILQ_FIRST(&core->ceremony.parked)) != NULL) {
        struct order *order = (struct order *)letter;
        STAILQ_REMOVE_HEAD(&core->ceremony.parked, link);
        order->status = status;
        STAILQ_INSERT_TAIL(&core->obeyed, letter, link);
    }
}
