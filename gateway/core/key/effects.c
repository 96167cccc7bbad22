#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "gateway/core/core_inside.h"
#include "gateway/core/key/activation.h"
#include "gateway/core/key/life.h"
#include "gateway/core/officers/effects.h"
#include "proto/quorum/param.h"
#include "proto/text.h"

/* What several persons agree to in the life of a key: its activation, the end of a hold,
 * and that another one takes its place. */

enum { US_PER_S = 1000000, NUMBER_SIZE = 24 };
static const int64_t day_us = (int64_t)86400 * US_PER_S;

/* --- What was asked ---------------------------------------------------------------- */

static enum sg_status unreadable(struct sg_error *why)
{
    return sg_fail(why, SG_CORRUPT, "the ledger's request cannot be read");
}

static enum activation_mode mode_of(const char *param)
{
    struct slice word;

    for (int mode = ACTIVATION_ONE_TIME; mode < ACTIVATION_MODES; mode++) {
        const char *name = activation_mode_name((enum activation_mode)mode);
        if (param_word(param, "mode", &word) && slice_equal(word, slice_str(name))) {
            return (enum activation_mode)mode;
        }
    }
    return ACTIVATION_NONE;
}

/* Its bounds were checked when it came (asking_keys.c). */
static enum sg_status read_activation(const struct ledger_request *request,
                                      struct activation *out, struct sg_error *why)
{
    const char *param = request->param;
    uint64_t idle_s = 0;

    *out = (struct activation){.mode = mode_of(param)};
    if (out->mode == ACTIVATION_NONE ||
        param_time(param, "until", &out->until_us) != SG_OK ||
        param_number(param, "max", ACTIVATION_MAX, &out->max) != SG_OK ||
        param_number(param, "idle_s", ACTIVATION_IDLE_MAX_S, &idle_s) != SG_OK) {
        return unreadable(why);
    }
    out->idle_s = idle_s == 0 ? ACTIVATION_IDLE_S : (uint32_t)idle_s;
    if (out->mode == ACTIVATION_ONE_TIME) {
        out->max = 1;
    }
    (void)snprintf(out->grant, sizeof(out->grant), "%s", request->id);
    return SG_OK;
}

struct rotation {
    char successor[65];
    uint64_t days;
};

static enum sg_status read_rotation(const struct ledger_request *request,
                                    struct rotation *out, struct sg_error *why)
{
    enum { OVERLAP_DAYS_MAX = 90 };
    struct slice word;

    if (!param_word(request->param, "successor", &word) ||
        word.len >= sizeof(out->successor) ||
        param_number(request->param, "overlap_days", OVERLAP_DAYS_MAX, &out->days) !=
            SG_OK) {
        return unreadable(why);
    }
    memcpy(out->successor, word.data, word.len);
    out->successor[word.len] = '\0';
    return SG_OK;
}

/* --- Which key --------------------------------------------------------------------- */

static enum sg_status find(const struct core *core, const char *name, size_t *index,
                           struct sg_error *why)
{
    *index = register_find(core, name);
    return *index < core->keyring.count
               ? SG_OK
               : sg_fail(why, SG_NOT_FOUND,
                         "there is no key '%s'; 'segel key list' shows those that there "
                         "are",
                         name);
}

static enum key_state state_of(const struct core *core, size_t index)
{
    return life_state(core, &core->keyring.keys[index]);
}

static enum sg_status refuse_state(const struct core *core, size_t index,
                                   const char *needed, struct sg_error *why)
{
    return sg_fail(why, SG_PRECONDITION, "key '%s' is %s: %s",
                   core->keyring.keys[index].config->name,
                   life_said(state_of(core, index)), needed);
}

/* Of a request that was checked. */
static struct keyreg *row_of(struct core *core, const struct ledger_request *request,
                             size_t *index)
{
    *index = register_find(core, request->object);
    return register_row(core, *index);
}

/* What a row says is seen by others, and by the rules over KEY facts. */
static void after_change(struct core *core, const struct ledger_request *request)
{
    size_t index = register_find(core, request->object);

    if (index < core->keyring.count) {
        log_event(LOG_INFO, "key.changed", "key", request->object, "state",
                  key_state_name(state_of(core, index)), "grant", request->id, NULL);
        life_publish(core, index);
        report_update(core, true);
    }
}

/* --- Activation -------------------------------------------------------------------- */

static enum sg_status check_window(const struct core *core,
                                   const struct activation *activation,
                                   struct sg_error *why)
{
    int64_t now_us = register_now_us(core);

    if (activation->until_us == 0) {
        return SG_OK;
    }
    if (activation->until_us <= now_us) {
        return sg_fail(why, SG_PRECONDITION, "the window would be over already");
    }
    return activation->until_us <= now_us + ACTIVATION_DAYS_MAX * day_us
               ? SG_OK
               : sg_fail(why, SG_PRECONDITION, "a window ends within %d days",
                         ACTIVATION_DAYS_MAX);
}

static enum sg_status check_activate(struct core *core,
                                     const struct ledger_request *request,
                                     struct sg_error *why)
{
    struct activation activation;
    size_t index = 0;

    TRY(find(core, request->object, &index, why));
    TRY(read_activation(request, &activation, why));
    enum key_state state = state_of(core, index);
    if (state == KEY_ACTIVE) {
        return refuse_state(
            core, index, "deactivate it first, or wait until its activation ends", why);
    }
    return key_state_signs(state)
               ? check_window(core, &activation, why)
               : refuse_state(core, index, "only an accepted key can be activated", why);
}

static void number(uint64_t value, char out[NUMBER_SIZE])
{
    out[0] = '\0';
    if (value != 0) {
        (void)snprintf(out, NUMBER_SIZE, "%" PRIu64, value);
    }
}

static enum sg_status write_activate(struct core *core, struct members *members,
                                     const struct activation *activation,
                                     struct log_place *place)
{
    char until[TEXT_TIME_SIZE] = "";
    char max[NUMBER_SIZE];
    char idle[NUMBER_SIZE];

    if (activation->until_us != 0) {
        text_time(activation->until_us, until);
    }
    number(activation->max, max);
    number(activation->idle_s, idle);
    members_add(members, "mode", activation_mode_name(activation->mode));
    members_add(members, "until", until);
    members_add(members, "max", max);
    members_add(members, "idle_s", idle);
    return members_write(core, "key.activate", members, place);
}

static enum sg_status do_activate(struct core *core, const struct ledger_request *request,
                                  struct members *members, struct log_place *place)
{
    struct activation activation;
    struct sg_error why = {0};
    size_t index = 0;
    struct keyreg *row = row_of(core, request, &index);

    TRY(read_activation(request, &activation, &why));
    activation.begun_us = register_now_us(core);
    TRY(write_activate(core, members, &activation, place));
    row->activation = activation;
    life_enter(core, row, KEY_ACTIVE);
    return register_keep(core, index, place);
}

const struct effect effect_activate = {check_activate, do_activate, after_change};

/* --- Release ----------------------------------------------------------------------- */

static enum sg_status check_release(struct core *core,
                                    const struct ledger_request *request,
                                    struct sg_error *why)
{
    size_t index = 0;

    TRY(find(core, request->object, &index, why));
    return state_of(core, index) == KEY_HELD
               ? SG_OK
               : refuse_state(core, index, "only a key that is held can be released",
                              why);
}

static enum sg_status do_release(struct core *core, const struct ledger_request *request,
                                 struct members *members, struct log_place *place)
{
    size_t index = 0;
    struct keyreg *row = row_of(core, request, &index);

    members_add(members, "state", key_state_name(row->before_hold));
    TRY(members_write(core, "key.release", members, place));
    life_enter(core, row, row->before_hold);
    row->before_hold = KEY_NONE;
    row->hold_reason[0] = '\0';
    return register_keep(core, index, place);
}

const struct effect effect_release = {check_release, do_release, after_change};

/* --- Rotation ---------------------------------------------------------------------- */

static bool leads_to(const struct core *core, size_t from, size_t to)
{
    for (size_t steps = 0; from < core->keyring.count && steps < core->keyring.count;
         steps++) {
        if (from == to) {
            return true;
        }
        from = register_find(core, core->keys.rows[from].successor);
    }
    return false;
}

static enum sg_status check_pair(const struct core *core, size_t old, size_t new,
                                 struct sg_error *why)
{
    const struct key *keys = core->keyring.keys;
    const struct keyreg *rows = core->keys.rows;

    if (old == new) {
        return sg_fail(why, SG_PRECONDITION,
                       "key '%s' cannot follow itself: name another key as its successor",
                       rows[old].name);
    }
    if (rows[old].successor[0] != '\0') {
        return sg_fail(why, SG_PRECONDITION, "key '%s' has the successor '%s' already",
                       rows[old].name, rows[old].successor);
    }
    if (rows[new].predecessor[0] != '\0' || leads_to(core, new, old)) {
        return sg_fail(why, SG_PRECONDITION,
                       "key '%s' has followed another key: name one that is new",
                       rows[new].name);
    }
    return strcmp(keys[old].config->class, keys[new].config->class) == 0
               ? SG_OK
               : sg_fail(why, SG_PRECONDITION,
                         "key '%s' is of the class %s, its successor of %s",
                         rows[old].name, keys[old].config->class,
                         keys[new].config->class);
}

static enum sg_status check_rotate(struct core *core,
                                   const struct ledger_request *request,
                                   struct sg_error *why)
{
    struct rotation rotation;
    size_t old = 0;
    size_t new = 0;

    TRY(read_rotation(request, &rotation, why));
    TRY(find(core, request->object, &old, why));
    TRY(find(core, rotation.successor, &new, why));
    if (!key_state_signs(state_of(core, old))) {
        return refuse_state(core, old, "only a key that signs can be followed", why);
    }
    if (!key_state_signs(state_of(core, new)) || !key_ready(&core->keyring.keys[new])) {
        return refuse_state(core, new, "a successor must be accepted", why);
    }
    return check_pair(core, old, new, why);
}

static void link_rows(struct core *core, struct keyreg *old, struct keyreg *new,
                      uint64_t days)
{
    old->rotated_us = register_now_us(core);
    old->overlap_until_us = days == 0 ? 0 : old->rotated_us + (int64_t)days * day_us;
    (void)snprintf(old->successor, sizeof(old->successor), "%s", new->name);
    (void)snprintf(new->predecessor, sizeof(new->predecessor), "%s", old->name);
    if (days == 0) {
        life_close(core, old);
        life_enter(core, old, KEY_RETIRED);
    }
}

static enum sg_status do_rotate(struct core *core, const struct ledger_request *request,
                                struct members *members, struct log_place *place)
{
    struct rotation rotation;
    struct sg_error why = {0};
    char until[TEXT_TIME_SIZE] = "";
    char used[24];
    size_t old = 0;
    struct keyreg *row = row_of(core, request, &old);

    TRY(read_rotation(request, &rotation, &why));
    size_t new = register_find(core, rotation.successor);
    if (rotation.days == 0) {
        life_add_used(members, &row->activation, used); /* it ends */
    }
    link_rows(core, row, register_row(core, new), rotation.days);
    if (row->overlap_until_us != 0) {
        text_time(row->overlap_until_us, until);
    }
    members_add(members, "state", key_state_name(row->state));
    members_add(members, "successor", rotation.successor);
    members_add(members, "overlap_until", until);
    members_add(members, "detail", "another key takes its place");
    TRY(members_write(core, "key.state", members, place));
    TRY(register_keep(core, new, place));
    return register_keep(core, old, place);
}

/* Whether the successor is another key at all is a KEY fact: it is bound anew. */
static void after_rotate(struct core *core, const struct ledger_request *request)
{
    size_t old = register_find(core, request->object);
    struct sg_error why = {0};

    if (old == core->keyring.count) {
        return;
    }
    life_publish(core, register_find(core, core->keys.rows[old].successor));
    after_change(core, request);
    if (routes_bind(core, &why) != SG_OK) {
        log_event(LOG_ERROR, "keys.unbound", "why", why.text, NULL);
    }
}

const struct effect effect_rotate = {check_rotate, do_rotate, after_rotate};
