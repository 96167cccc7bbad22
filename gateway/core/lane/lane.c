#include "gateway/core/lane/lane.h"

#include <stdio.h>
#include <stdlib.h>

#include "gateway/clock.h"
#include "gateway/core/lane/inside.h"
#include "gateway/core/lane/login.h"
#include "gateway/core/lane/rest.h"

enum {
    BURY_US = 100000, /* a killed process may take so long to be dead */
    EBB_US = 300000   /* and a broken one to answer what it has in hand */
};

enum lane_kind lane_kind_of(enum sg_scheme scheme)
{
    return scheme == SG_SCHEME_RSA_PKCS1 || scheme == SG_SCHEME_RSA_PSS ? LANE_RSA
                                                                        : LANE_CURVE;
}

/* --- Making ---------------------------------------------------------------------- */

static enum sg_status make_slots(struct lane *lane)
{
    /* One more than both windows hold, for the canary. */
    lane->slot_count = (size_t)LANE_KINDS * lane->options.window + 1;
    lane->slots = (struct slot *)calloc(lane->slot_count, sizeof(*lane->slots));
    lane->keys =
        (struct lane_key *)calloc(lane->options.key_count + 1, sizeof(*lane->keys));
    lane->queued = (struct lane_op *)calloc(WIRE_OPS_MAX, sizeof(*lane->queued));
    lane->queued_slots = (struct slot **)calloc(WIRE_OPS_MAX, sizeof(struct slot *));
    lane->queued_inputs =
        (uint8_t(*)[SG_HASH_MAX])calloc(WIRE_OPS_MAX, sizeof(*lane->queued_inputs));
    if (lane->slots == NULL || lane->keys == NULL || lane->queued == NULL ||
        lane->queued_slots == NULL || lane->queued_inputs == NULL) {
        return SG_NO_MEMORY;
    }
    for (size_t i = 0; i < lane->slot_count; i++) {
        TAILQ_INSERT_TAIL(&lane->idle, &lane->slots[i], link);
    }
    return arena_init(&lane->arena, (size_t)8 * WIRE_FRAME_MAX);
}

enum sg_status lane_new(const struct lane_options *options, struct lane **out)
{
    struct lane *lane = (struct lane *)calloc(1, sizeof(*lane));

    if (lane == NULL) {
        return SG_NO_MEMORY;
    }
    lane->options = *options;
    lane->next_id = 1;
    lane->past = &lane->own_past;
    TAILQ_INIT(&lane->idle);
    for (int kind = 0; kind < LANE_KINDS; kind++) {
        TAILQ_INIT(&lane->hands[kind].busy);
    }
    enum sg_status status = process_init(&lane->process);
    status = status == SG_OK ? make_slots(lane) : status;
    if (status != SG_OK) {
        lane_free(lane);
        return status;
    }
    lane_enter(lane, LANE_DOWN);
    *out = lane;
    return SG_OK;
}

void lane_free(struct lane *lane)
{
    if (lane == NULL) {
        return;
    }
    process_fini(&lane->process);
    arena_fini(&lane->arena);
    free(lane->slots);
    free(lane->keys);
    free(lane->queued);
    free(lane->queued_slots);
    free(lane->queued_inputs);
    free(lane);
}

/* --- Life ------------------------------------------------------------------------ */

void lane_enter(struct lane *lane, enum lane_state state)
{
    lane->state = state;
    lane->counts.since_us = clock_wall_us();
    if (state == LANE_UP) {
        lane->opened_us = clock_mono_us();
        lane->why[0] = '\0';
    }
}

enum sg_status lane_start(struct lane *lane, struct sg_error *why)
{
    const struct process_options options = {.program = lane->options.program,
                                            .environment =
                                                lane->options.config->environment};

    lane->failure = FAILURE_NONE;
    lane->ebbing = false; /* of a process that died before it could end */
    lane->failed_with = 0;
    lane->opened_us = 0;
    lane->life_signed = 0;
    lane->canary_pending = false;
    lane->recent_count = 0;
    lane->refused_with = 0;
    lane->anew = false;
    lane->born_us = clock_mono_us(); /* it sees nothing before */
    TRY(process_start(&lane->process, &options, why));
    lane->started_us = clock_mono_us();
    lane_enter(lane, LANE_STARTING);
    enum sg_status status = wire_open(lane->process.socket, &lane->options);
    if (status == SG_OK) {
        return SG_OK;
    }
    const char *what =
        status == SG_TOO_LARGE
            ? "the lane has more keys than its orders can name; give some to another lane"
            : "the lane ended before it read its orders; its own message says why";
    lane_lose(lane, LANE_DOWN, what);
    return sg_fail(why, status, "%s", what);
}

/* The process is dead, or given up: its owners are told, and the next one is planned. */
static void bury(struct lane *lane, bool dead)
{
    lane->burying = false;
    traffic_tell_all(lane, dead);
    lane_login_left(lane, dead);
    lane_health_plan_retry(lane, clock_mono_us());
}

static void leave(struct lane *lane, enum lane_state state, const char *reason)
{
    /* The first reason stands, but that nobody may log in any more is another matter. */
    if (lane->state != LANE_DOWN || state == LANE_LATCHED) {
        (void)snprintf(lane->why, sizeof(lane->why), "%s", reason);
    }
    if (lane->state == LANE_UP) {
        lane->counts.lost_count++;
        lane->counts.failed_us = clock_wall_us();
    }
    lane->queued_count = 0;
    lane->found = false;
    lane_enter(lane, state);
    lane->login_left = lane->logging_in && state != LANE_LATCHED;
    lane->logging_in = false;
}

void lane_lose(struct lane *lane, enum lane_state state, const char *reason)
{
    if (lane->burying || lane->process.pid < 0) {
        return;
    }
    /* From here on it is down for everybody; what it had in hand is told at its grave. */
    leave(lane, state, reason);
    process_kill(&lane->process);
    lane->kill_us = clock_mono_us();
    lane->ebbing = false;
    lane->burying = true;
    if (process_reap(&lane->process)) {
        bury(lane, true);
    }
}

void lane_ebb(struct lane *lane, const char *reason)
{
    if (lane->burying || lane->ebbing || lane->process.pid < 0) {
        return;
    }
    /* What was not sent yet is told with the rest, as not begun. */
    leave(lane, LANE_DOWN, reason);
    lane->ebb_until_us = clock_mono_us() + EBB_US;
    lane->ebbing = true;
    lane_ebb_on(lane, clock_mono_us());
}

static bool ebbed_away(const struct lane *lane, int64_t now_us)
{
    return lane->ebbing && now_us > lane->ebb_until_us;
}

void lane_ebb_on(struct lane *lane, int64_t now_us)
{
    if (ebbed_away(lane, now_us) || (lane->ebbing && !lane_busy(lane))) {
        lane_lose(lane, LANE_DOWN, lane->why);
    }
}

void lane_bury(struct lane *lane, int64_t now_us)
{
    if (process_reap(&lane->process)) {
        bury(lane, true);
        return;
    }
    if (now_us - lane->kill_us > BURY_US) {
        traffic_tell_all(lane, false); /* whether or not another one may be started */
        lane_login_left(lane, false);
        if (process_abandon(&lane->process)) {
            bury(lane, false);
        }
    }
}

void lane_unlatch(struct lane *lane)
{
    if (lane->state == LANE_LATCHED) {
        lane->retry_us = 0;
        lane->backoff_us = 0;
        lane->no_pin_starts = 0;
        lane_login_forget(lane);
        lane_enter(lane, LANE_DOWN);
    }
}

void lane_dismiss(struct lane *lane)
{
    lane->dismissed = true;
}

bool lane_end(struct lane *lane)
{
    lane->dismissed = true;
    if (!lane->burying) {
        lane_lose(lane, LANE_DOWN, "it was taken away");
    }
    return process_reap_undead(&lane->process) && lane->process.pid < 0;
}

static bool slow_to_start(const struct lane *lane, int64_t now_us)
{
    return lane->state == LANE_STARTING &&
           now_us - lane->started_us > lane->options.start_us;
}

/* One that does not die holds its token still: no process is started beside more than a
 * few of them. */
static void restart(struct lane *lane, int64_t now_us)
{
    struct sg_error why = {0};

    if (lane_start(lane, &why) != SG_OK && !lane->burying) {
        (void)snprintf(lane->why, sizeof(lane->why), "%.300s", why.text);
        lane_enter(lane, LANE_DOWN);
        lane_health_plan_retry(lane, now_us);
    }
}

void lane_tick(struct lane *lane, int64_t now_us)
{
    (void)process_reap_undead(&lane->process);
    lane_health_forgive_pause(lane, now_us);
    if (lane->burying) {
        lane_bury(lane, now_us);
    }
    /* It may be us who were held up, by a disk: what the lane has said meanwhile is heard
     * before it is judged, here and below. */
    if (ebbed_away(lane, now_us)) {
        lane_read(lane);
    }
    lane_ebb_on(lane, now_us);
    lane_ask_again(lane, now_us);
    if (slow_to_start(lane, now_us) || lane_health_hung(lane, now_us)) {
        lane_read(lane);
    }
    if (slow_to_start(lane, now_us)) {
        lane_lose(lane, LANE_DOWN,
                  "the token did not open in time; check module and token");
    } else if (lane_health_hung(lane, now_us)) {
        lane->counts.hung_count++;
        lane_lose(lane, LANE_DOWN,
                  "a call of the PKCS#11 module hung; the lane was killed");
    }
    lane_health_tick(lane, now_us);
    if (lane->resting) {
        lane_go_to_rest(lane);
    } else if (lane->state == LANE_DOWN && lane->process.pid < 0 &&
               now_us >= lane->retry_us && !lane->dismissed) {
        restart(lane, now_us);
    }
}

/* --- Questions ------------------------------------------------------------------- */

int lane_fd(const struct lane *lane)
{
    return process_fd(&lane->process);
}

uint32_t lane_generation(const struct lane *lane)
{
    return lane->process.generation;
}

enum lane_state lane_state(const struct lane *lane)
{
    return lane->state;
}

const char *lane_why(const struct lane *lane)
{
    return lane->why;
}

bool lane_lacks_token(const struct lane *lane)
{
    enum { TOKEN_NOT_PRESENT = 0xE0 }; /* CKR_TOKEN_NOT_PRESENT */

    return lane->failure == FAILURE_CONFIG && lane->failed_with == TOKEN_NOT_PRESENT;
}

enum failure lane_failure(const struct lane *lane)
{
    return lane->failure;
}

const char *lane_name(const struct lane *lane)
{
    return lane->options.config->name;
}

const struct config_lane *lane_config(const struct lane *lane)
{
    return lane->options.config;
}

const struct lane_token *lane_token(const struct lane *lane)
{
    return &lane->token;
}

const struct lane_key *lane_key(const struct lane *lane, size_t position)
{
    MUST(position < lane->options.key_count);
    return &lane->keys[position];
}

const struct lane_counts *lane_counts(const struct lane *lane)
{
    return &lane->counts;
}
