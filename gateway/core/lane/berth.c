#include "gateway/core/lane/berth.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/clock.h"
#include "gateway/core/core_inside.h"
#include "gateway/core/lane/login.h"
#include "gateway/core/lane/rest.h"

/* --- What a lane is asked for ---------------------------------------------------- */

/* A later configuration may place a key on other lanes; what it is stays as it was. */
const struct config_key *berth_placement(const struct config *config,
                                         const struct key *key)
{
    for (size_t i = 0; i < config->key_count; i++) {
        if (strcmp(config->keys[i].name, key->config->name) == 0) {
            return &config->keys[i];
        }
    }
    return key->config;
}

static struct lane_key_ref ref_of(const char *name, const struct config_object *object)
{
    return (struct lane_key_ref){
        .name = name, .id = slice_of(object->id, object->id_len), .label = object->label};
}

/* A slot's object is the ceremony's, whatever a later configuration says. */
static const struct config_object *object_of(const struct key *key,
                                             const struct config_key *place)
{
    return key->config->certificate == NULL ? &key->object : &place->object;
}

static bool is_named(const struct config_object *object)
{
    return object->id_len > 0 || object->label[0] != '\0';
}

static bool holds_log_key(const struct core *core, const struct config_lane *lane)
{
    const struct config *config = core->options.config;

    return strcmp(config->lanes[config->log_lane].name, lane->name) == 0;
}

/* The keys, then the log key and the canary; their positions are kept. */
static enum sg_status list_refs(struct core *core, struct berth *berth,
                                const struct config_lane *lane, int *canary)
{
    size_t keys = core->keyring.count;

    berth->refs = (struct lane_key_ref *)calloc(keys + 2, sizeof(*berth->refs));
    berth->positions = (int16_t *)calloc(keys + 1, sizeof(*berth->positions));
    if (berth->refs == NULL || berth->positions == NULL) {
        return SG_NO_MEMORY;
    }
    for (size_t i = 0; i < keys; i++) {
        const struct key *key = &core->keyring.keys[i];
        const struct config_key *place = berth_placement(berth->config, key);
        berth->positions[i] = -1;
        if (key_ready(key) && core->keys.rows[i].state != KEY_DESTROYED &&
            config_key_on_lane(place, lane)) {
            berth->positions[i] = (int16_t)berth->ref_count;
            berth->refs[berth->ref_count] =
                ref_of(key->config->name, object_of(key, place));
            berth->refs[berth->ref_count++].spki = cert_spki(key->cert);
        }
    }
    berth->log_position = -1;
    if (holds_log_key(core, lane)) {
        berth->log_position = (int)berth->ref_count;
        berth->refs[berth->ref_count++] = ref_of("log", &core->options.config->log_key);
    }
    *canary = LANE_NO_CANARY;
    if (is_named(&lane->canary)) {
        *canary = (int)berth->ref_count;
        berth->refs[berth->ref_count++] = ref_of("canary", &lane->canary);
    }
    return SG_OK;
}

/* --- Coming and going ------------------------------------------------------------ */

static enum sg_status make_lane(struct core *core, struct berth *berth, size_t lane)
{
    const struct config *config = core->options.config;
    int canary = LANE_NO_CANARY;

    TRY(list_refs(core, berth, &berth->config->lanes[lane], &canary));
    const struct lane_options options = {
        .config = &berth->config->lanes[lane],
        .program = core->options.hsm_program,
        .keys = berth->refs,
        .key_count = berth->ref_count,
        .canary = canary,
        .window = (uint32_t)config->lane_window,
        .timeout_us = config->hsm_timeout_ms * 1000,
        .start_us = config->hsm_start_ms * 1000,
        .canary_us = config->hsm_canary_ms * 1000,
        .retry_max_us = config->hsm_retry_max_ms * 1000,
        .done = turn_on_done,
        .permit = latch_permit,
        .context = core,
    };
    return lane_new(&options, &berth->lane);
}

static struct berth *free_berth(struct core *core)
{
    for (size_t i = 0; i < CONFIG_LANES_MAX; i++) {
        if (core->berths[i].lane == NULL) {
            core->berth_count = i >= core->berth_count ? i + 1 : core->berth_count;
            return &core->berths[i];
        }
    }
    return NULL;
}

void berth_unmake(struct berth *berth)
{
    berth_deafen(berth);
    lane_free(berth->lane);
    free(berth->refs);
    free(berth->positions);
    *berth = (struct berth){.log_position = -1};
}

enum sg_status berth_open(struct core *core, const struct config *config, size_t lane,
                          struct sg_error *why)
{
    struct berth *berth = free_berth(core);

    if (berth == NULL) {
        return sg_fail(why, SG_TOO_LARGE, "a gateway can have %d lanes at a time",
                       CONFIG_LANES_MAX);
    }
    *berth = (struct berth){.config = config, .seen = LANE_DOWN};
    enum sg_status status = make_lane(core, berth, lane);
    if (status != SG_OK) {
        berth_unmake(berth);
        return sg_fail(why, status, "lane '%s' cannot be made: %s",
                       config->lanes[lane].name, sg_status_text(status));
    }
    if (berth->log_position >= 0) {
        core->log_berth = (size_t)(berth - core->berths);
    }
    return SG_OK;
}

static void berth_close(struct core *core, size_t index)
{
    berth_unmake(&core->berths[index]);
    for (size_t i = 0; i < core->keyring.count; i++) {
        core->routes[i].berths &= ~(1ULL << index);
    }
}

void berths_fini(struct core *core)
{
    for (size_t i = 0; i < core->berth_count; i++) {
        berth_unmake(&core->berths[i]);
    }
    core->berth_count = 0;
}

struct berth *berth_find(struct core *core, const char *name)
{
    for (size_t i = 0; i < core->berth_count; i++) {
        struct berth *berth = &core->berths[i];
        if (berth->lane != NULL && !berth->leaving &&
            strcmp(lane_name(berth->lane), name) == 0) {
            return berth;
        }
    }
    return NULL;
}

/* --- Rest -------------------------------------------------------------------------- */

bool berth_same_token(const struct berth *one, const struct berth *other)
{
    const struct config_lane *a = lane_config(one->lane);
    const struct config_lane *b = lane_config(other->lane);

    return (one->latch != NULL && one->latch == other->latch) ||
           (strcmp(a->module, b->module) == 0 &&
            strcmp(a->token.label, b->token.label) == 0 &&
            strcmp(a->token.serial, b->token.serial) == 0);
}

enum sg_status berth_wake(struct core *core, struct berth *berth)
{
    struct berth fresh = {.config = berth->config};
    struct lane_refs refs = {.canary = LANE_NO_CANARY};

    enum sg_status status =
        list_refs(core, &fresh, lane_config(berth->lane), &refs.canary);
    refs.keys = fresh.refs;
    refs.key_count = fresh.ref_count;
    status = status == SG_OK ? lane_wake(berth->lane, &refs) : status;
    if (status != SG_OK) {
        free(fresh.refs);
        free(fresh.positions);
        return status;
    }
    free(berth->refs);
    free(berth->positions);
    berth->refs = fresh.refs;
    berth->positions = fresh.positions;
    berth->ref_count = fresh.ref_count;
    berth->log_position = fresh.log_position;
    return SG_OK;
}

/* --- What changed ---------------------------------------------------------------- */

/* First failure and recovery are told, once each; what lies between is not, but for the
 * loss of one that waited for a person. */
void berth_tell(struct core *core, struct berth *berth, bool up)
{
    berth->told = true;
    berth->told_waiting = lane_state(berth->lane) == LANE_AWAITING;
    notes_add(core, up ? "lane.up" : "lane.down", lane_name(berth->lane),
              up ? "" : lane_why(berth->lane));
    log_event(up || lane_resting(berth->lane) ? LOG_INFO : LOG_ERROR,
              up ? "lane.up" : "lane.down", "lane", lane_name(berth->lane), "why",
              up ? "ready" : lane_why(berth->lane), NULL);
}

static void note_awaiting(const struct berth *berth)
{
    log_event(LOG_WARN, "pin.awaited", "lane", lane_name(berth->lane), "why",
              lane_why(berth->lane), NULL);
}

/* It was told of as one that waits for its PIN only, and there is more to it now. One
 * that begins anew, to wait again, is no news: the next process may fail, and that is. */
static bool lost_in_wait(const struct berth *berth, enum lane_state state)
{
    const struct lane *lane = berth->lane;
    bool failed = state == LANE_DOWN && berth->seen != LANE_AWAITING &&
                  !lane_begins_anew(lane) && !lane_resting(lane);

    return berth->told_waiting && (state == LANE_LATCHED || failed);
}

bool berth_note(struct core *core, size_t index)
{
    struct berth *berth = &core->berths[index];
    enum lane_state state = lane_state(berth->lane);
    bool up = state == LANE_UP;
    bool down = state == LANE_DOWN || state == LANE_LATCHED || state == LANE_AWAITING;
    bool was_up = berth->seen == LANE_UP; /* the next process may be on its way already */

    if (state == berth->seen) {
        return false;
    }
    if (berth->seen == LANE_LATCHED) {
        berth->told = false; /* what it goes on with is news */
    }
    if (state == LANE_LATCHED) {
        latch_note(core, berth);
    } else if (state == LANE_AWAITING) {
        note_awaiting(berth);
    }
    bool lost = lost_in_wait(berth, state);
    berth->seen = state;
    if (up && index == core->log_berth) { /* another token may have come with it */
        core->log_key_seen = false;
        core->checkpoint_failed = false;
    }
    if (up || was_up || lost || (down && !berth->told)) {
        berth_tell(core, berth, up);
    }
    return true;
}

/* --- Looking after --------------------------------------------------------------- */

/* It has nothing in hand and is told to end; it is gone when its process is. Returns
 * whether the berth is free. */
static bool close_left(struct core *core, size_t index)
{
    struct berth *berth = &core->berths[index];

    /* Killed in its login, nobody would know whether that was a wrong PIN, and a software
     * token might be lost. */
    if (!berth->leaving || ceremony_holds(core, index) || lane_busy(berth->lane) ||
        core->finished_count > 0 || lane_logging_in(berth->lane)) {
        return false;
    }
    bool ended = lane_end(berth->lane);
    berth->seen = lane_state(berth->lane); /* that it ends is no news */
    if (ended) {
        notes_add(core, "lane.removed", lane_name(berth->lane), "");
        log_event(LOG_INFO, "lane.removed", "lane", lane_name(berth->lane), NULL);
        berth_close(core, index);
    }
    return ended;
}

/* Keys may be other than they were: facts, lanes, or that they are there at all. */
static void bind_again(struct core *core,
                       enum sg_status (*bind)(struct core *core, struct sg_error *why))
{
    struct sg_error why = {0};

    if (bind(core, &why) != SG_OK) {
        log_event(LOG_ERROR, "keys.unbound", "why", why.text, NULL);
    }
}

void berths_look_after(struct core *core)
{
    int64_t now_us = clock_mono_us();
    bool changed = false;
    bool came = false;
    bool left = false;

    berths_listen(core);
    for (size_t i = 0; i < core->berth_count; i++) {
        struct berth *berth = &core->berths[i];
        if (berth->lane == NULL) {
            continue;
        }
        lane_tick(berth->lane, now_us);
        if (berth_note(core, i)) {
            changed = true;
            came = came || berth->seen == LANE_UP;
        }
        latch_look(berth);
        left = close_left(core, i) || left;
        berth_listen(core, berth);
    }
    atomic_store_explicit(&core->board.lanes_us, now_us, memory_order_relaxed);
    if (came) {
        bind_again(core, routes_bind);
    } else if (left) {
        bind_again(core, routes_bind_dark);
    }
    routes_note_dark(core, now_us);
    if (changed) {
        report_update(core, true);
    }
}
