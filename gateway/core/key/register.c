#include "gateway/core/key/register.h"

#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/clock.h"
#include "gateway/core/core_inside.h"
#include "gateway/core/key/activation.h"
#include "gateway/core/key/known.h"
#include "gateway/core/key/life.h"
#include "gateway/core/log/members.h"
#include "proto/text.h"

static const char clock_memo[] = "clock/latest";

/* --- Rows -------------------------------------------------------------------------- */

struct keyreg *register_row(struct core *core, size_t index)
{
    MUST(index < core->keyring.count);
    return &core->keys.rows[index];
}

const struct keyreg *register_of(const struct core *core, const struct key *key)
{
    return &core->keys.rows[route_index(core, key)];
}

size_t register_find(const struct core *core, const char *name)
{
    const struct key *key = keyring_find(&core->keyring, slice_str(name));

    return key == NULL ? core->keyring.count : route_index(core, key);
}

enum sg_status register_keep(struct core *core, size_t index,
                             const struct log_place *place)
{
    struct keyreg *row = register_row(core, index);

    if (place != NULL) {
        row->log_index = place->index;
        memcpy(row->log_hash, place->hash, sizeof(row->log_hash));
    }
    core->keys.used[index] = false; /* the whole row has it */
    return ledger_put_key(core->ledger, row);
}

/* --- Start ------------------------------------------------------------------------- */

static void begin(struct keyreg *row, const char *name, enum key_state state)
{
    *row = (struct keyreg){.state = state, .since_us = clock_wall_us()};
    (void)snprintf(row->name, sizeof(row->name), "%s", name);
}

/* Another key under the name of one that could sign is no more than accepted; what was
 * stopped stays stopped, as it is the name that was. */
static void weaken(struct keyreg *row)
{
    if (row->state == KEY_ACTIVE || row->state == KEY_INACTIVE) {
        row->state = KEY_ACCEPTED;
    }
    if (row->before_hold == KEY_ACTIVE || row->before_hold == KEY_INACTIVE) {
        row->before_hold = KEY_ACCEPTED;
    }
    row->activation = (struct activation){.mode = ACTIVATION_NONE};
    row->since_us = clock_wall_us();
}

/* Its certificate comes from the configuration, and may be another one than before. */
static void compare(struct core *core, size_t index, const struct keyreg_der *der)
{
    if (!slice_equal(der->spki, cert_spki(core->keyring.keys[index].cert))) {
        weaken(register_row(core, index));
        core->keys.used[index] = true; /* register_write_start writes it */
    }
}

static enum sg_status take_known(struct core *core, size_t index, struct arena *arena,
                                 struct sg_error *why)
{
    struct key *key = &core->keyring.keys[index];
    const struct keyreg *row = register_row(core, index);
    struct keyreg_der der = {.spki = slice_of("", 0), .chain = slice_of("", 0)};

    arena_reset(arena);
    enum sg_status found = ledger_find_key_der(core->ledger, row->name, arena, &der);
    if (found != SG_OK && found != SG_NOT_FOUND) {
        return found;
    }
    const struct key_filling filling = {.ckaid = slice_of(row->ckaid, row->ckaid_len),
                                        .chain = der.chain};
    TRY(known_take(key, &filling, core->options.config, why));
    if (key->config->certificate != NULL) {
        compare(core, index, &der);
    }
    return SG_OK;
}

static enum sg_status take_one(struct core *core, size_t index, struct arena *arena,
                               struct sg_error *why)
{
    const struct key *key = &core->keyring.keys[index];
    struct keyreg *row = register_row(core, index);
    enum sg_status found = ledger_find_key(core->ledger, key->config->name, row);

    if (found != SG_OK && found != SG_NOT_FOUND) {
        return sg_fail(why, found, "%s", ledger_why(core->ledger));
    }
    if (found == SG_OK && row->state != KEY_NONE) {
        return take_known(core, index, arena, why);
    }
    if (found == SG_OK && key->config->certificate == NULL) {
        return SG_OK; /* free again; the row says why */
    }
    begin(row, key->config->name, KEY_NONE);
    if (key->config->certificate != NULL) {
        row->state = KEY_ACCEPTED;
        core->keys.used[index] = true; /* as in compare */
    }
    return SG_OK;
}

static int64_t later(int64_t one, int64_t other)
{
    return one > other ? one : other;
}

/* Something of it ends by the clock. */
static bool is_open(const struct keyreg *row)
{
    return row->activation.mode != ACTIVATION_NONE || row->overlap_until_us != 0;
}

static int64_t latest_of(const struct keyreg *row)
{
    return later(row->since_us,
                 later(row->activation.begun_us, row->activation.last_use_us));
}

/* Something ends by the clock. */
static bool any_open(const struct core *core)
{
    if (core->overrides.count > 0 || core->grants.pending > 0) {
        return true;
    }
    for (size_t i = 0; i < core->keyring.count; i++) {
        if (is_open(&core->keys.rows[i])) {
            return true;
        }
    }
    return false;
}

/* At the start, when overrides and requests still stand in the ledger alone. */
static enum sg_status was_open(struct core *core, bool *out)
{
    struct ledger_override first;

    TRY(grants_count(core));
    enum sg_status found = ledger_next_override(core->ledger, 0, &first);
    *out = found == SG_OK || any_open(core);
    return found == SG_NOT_FOUND ? SG_OK : found;
}

/* A moment that was seen counts for what was open then: a clock that was years ahead once
 * must not end for years whatever is opened later. */
static enum sg_status start_clock(struct core *core)
{
    char text[LEDGER_MEMO_MAX];
    uint64_t kept = 0;
    int64_t latest_us = clock_wall_us();
    bool open = false;

    TRY(was_open(core, &open));
    enum sg_status found = ledger_recall(core->ledger, clock_memo, text);
    if (found == SG_OK && open && text_uint(slice_str(text), INT64_MAX, &kept) == SG_OK) {
        latest_us = later(latest_us, (int64_t)kept);
    }
    for (size_t i = 0; i < core->keyring.count; i++) {
        const struct keyreg *row = &core->keys.rows[i];
        latest_us = is_open(row) ? later(latest_us, latest_of(row)) : latest_us;
    }
    core->keys.base_us = latest_us;
    core->keys.base_mono_us = clock_mono_us();
    core->keys.kept_us = (int64_t)kept;
    return found == SG_NOT_FOUND ? SG_OK : found;
}

static enum sg_status take_all(struct core *core, struct sg_error *why)
{
    AUTO(arena_fini) struct arena arena = {0};

    TRY(arena_init(&arena, KEYREG_CHAIN_MAX + KEYREG_SPKI_MAX + 64));
    for (size_t i = 0; i < core->keyring.count; i++) {
        TRY(take_one(core, i, &arena, why));
    }
    TRY(keyring_apart(&core->keyring, why));
    return start_clock(core);
}

enum sg_status register_start(struct core *core, struct sg_error *why)
{
    struct key_register *keys = &core->keys;

    keys->rows = (struct keyreg *)calloc(core->keyring.count + 1, sizeof(*keys->rows));
    keys->used = (bool *)calloc(core->keyring.count + 1, sizeof(*keys->used));
    if (keys->rows == NULL || keys->used == NULL) {
        return SG_NO_MEMORY;
    }
    TRY(take_all(core, why));
    for (size_t i = 0; i < core->keyring.count; i++) {
        life_publish(core, i);
    }
    core->keys.turn_us = register_now_us(core);
    return SG_OK;
}

void register_fini(struct key_register *keys)
{
    free(keys->rows);
    free(keys->used);
    *keys = (struct key_register){0};
}

static enum sg_status write_new(struct core *core, size_t index,
                                const struct log_place *place)
{
    const struct key *key = &core->keyring.keys[index];

    if (!core->keys.used[index]) {
        return SG_OK;
    }
    const struct keyreg_der der = {.spki = cert_spki(key->cert),
                                   .chain = slice_of("", 0)};
    TRY(register_keep(core, index, place));
    return ledger_put_key_der(core->ledger, key->config->name, &der);
}

enum sg_status register_write_start(struct core *core, const struct log_place *place)
{
    for (size_t i = 0; i < core->keyring.count; i++) {
        TRY(write_new(core, i, place));
    }
    return SG_OK;
}

/* --- Use --------------------------------------------------------------------------- */

static void note_use(struct core *core, const struct key *key)
{
    core->keys.used[route_index(core, key)] = true;
    core->keys.any_used = true;
}

void register_use(struct core *core, const struct key *key, int64_t *mark)
{
    activation_use(register_row(core, route_index(core, key)), core->keys.turn_us, mark);
    if (*mark != 0) {
        note_use(core, key);
    }
}

void register_give_back(struct core *core, const struct key *key, int64_t mark)
{
    if (activation_give_back(register_row(core, route_index(core, key)), mark)) {
        note_use(core, key);
    }
}

/* --- Time -------------------------------------------------------------------------- */

int64_t register_now_us(const struct core *core)
{
    const struct key_register *keys = &core->keys;

    return later(clock_wall_us(), keys->base_us + clock_mono_us() - keys->base_mono_us);
}

void register_see(struct core *core)
{
    struct key_register *keys = &core->keys;
    int64_t wall_us = clock_wall_us();
    int64_t mono_us = clock_mono_us();

    if (wall_us > keys->base_us + mono_us - keys->base_mono_us || !any_open(core)) {
        keys->base_us = wall_us;
        keys->base_mono_us = mono_us;
    }
}

bool register_clock_is_back(const struct core *core)
{
    enum { SLACK_US = 5000000 };

    return register_now_us(core) - clock_wall_us() > SLACK_US;
}

bool register_due(const struct core *core)
{
    static const int64_t KEEP_US = INT64_C(60) * 1000000;
    int64_t later_us = register_now_us(core) - core->keys.kept_us;

    /* Behind what is kept: that was seen by a clock that was ahead, when other things
     * were open. */
    return (later_us >= KEEP_US || later_us <= -KEEP_US) && any_open(core);
}

static enum sg_status write_clock(struct core *core)
{
    char text[24];

    core->keys.kept_us = register_now_us(core);
    (void)snprintf(text, sizeof(text), "%lld", (long long)core->keys.kept_us);
    return ledger_remember(core->ledger, clock_memo, text);
}

static enum sg_status write_one_use(struct core *core, size_t index)
{
    if (!core->keys.used[index]) {
        return SG_OK;
    }
    core->keys.used[index] = false;
    return ledger_use_key(core->ledger, &core->keys.rows[index]);
}

static enum sg_status write_use(struct core *core)
{
    for (size_t i = 0; i < core->keyring.count; i++) {
        TRY(write_one_use(core, i));
    }
    core->keys.any_used = false;
    return SG_OK;
}

enum sg_status register_write(struct core *core)
{
    if (core->keys.any_used) {
        TRY(write_use(core));
    }
    return register_due(core) ? write_clock(core) : SG_OK;
}
