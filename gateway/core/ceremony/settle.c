#include <stdio.h>
#include <string.h>

#include "gateway/clock.h"
#include "gateway/core/ceremony/destruction.h"
#include "gateway/core/ceremony/record.h"
#include "gateway/core/core_inside.h"
#include "gateway/core/key/life.h"
#include "gateway/core/officers/requests.h"

/* What a ceremony's end makes of its key, inside a transaction. A name is free again only
 * where it is certain that no key was made under it. */

enum { AGAIN_US = 10 * 1000000, DEATHS_MAX = 3 };

static struct keyreg *row_of(struct core *core)
{
    return register_row(core, core->ceremony.work.key);
}

static const char *why_of(const struct core *core)
{
    return core->ceremony.outcome.why;
}

/* No pair, nor half of one. */
static bool found_none(const struct rite_outcome *outcome)
{
    return outcome->presence.searched && outcome->presence.private_keys == 0 &&
           outcome->presence.public_keys == 0;
}

static enum sg_status write_state(struct core *core, const char *trouble,
                                  struct log_place *place)
{
    const struct keyreg *row = row_of(core);
    struct members members = {.count = 0};

    members_add(&members, "subject", row->name);
    members_add(&members, "state", key_state_name(row->state));
    members_add(&members, "grant", core->ceremony.work.request);
    members_add(&members, "lane", row->lane);
    members_add(&members, "kind", row->type);
    members_add(&members, "trouble", trouble);
    return members_write(core, "key.state", &members, place);
}

/* What persons have said of the key meanwhile stands, as long as there is one: it is held
 * until several release it, and compromised for good. */
static void become(struct core *core, struct keyreg *row, enum key_state state)
{
    bool gone = state == KEY_NONE || state == KEY_DESTROYED;

    if (state == row->state || (!gone && row->state == KEY_COMPROMISED)) {
        return;
    }
    if (!gone && row->state == KEY_HELD) {
        row->before_hold = state;
        return;
    }
    if (gone) {
        life_close(core, row);
        row->before_hold = KEY_NONE;
        row->hold_reason[0] = '\0';
    }
    life_enter(core, row, state);
    core->keys.changed = true; /* others are told after the commit */
}

/* The ceremony is over, and the key stands so. */
static enum sg_status end(struct core *core, enum key_state state, const char *trouble)
{
    struct keyreg *row = row_of(core);
    struct log_place place;
    bool done = core->ceremony.outcome.done && trouble[0] == '\0';

    TRY(ceremony_record_end(core, done ? "done" : "failed", &place));
    become(core, row, state);
    row->request[0] = '\0';
    (void)snprintf(row->trouble, sizeof(row->trouble), "%s", trouble);
    TRY(write_state(core, trouble, &place));
    core->ceremony.broken[core->ceremony.work.key] = 0;
    return register_keep(core, core->ceremony.work.key, &place);
}

/* Nobody knows yet; the row stays as it is. */
static enum sg_status later(struct core *core)
{
    core->ceremony.again_us = clock_mono_us() + AGAIN_US;
    return SG_OK;
}

static enum sg_status keep_public(struct core *core)
{
    const struct lane_key *key = &core->ceremony.outcome.key;
    const struct keyreg_der der = {.spki = slice_of(key->spki, key->spki_len),
                                   .chain = slice_of("", 0)};

    return key->spki_len == 0
               ? SG_OK
               : ledger_put_key_der(core->ledger, row_of(core)->name, &der);
}

/* --- Each rite --------------------------------------------------------------------- */

static enum sg_status find_instead(struct core *core, bool *again)
{
    struct log_place place;

    TRY(ceremony_record_end(core, "unknown", &place));
    core->ceremony.work.order.rite = RITE_FIND;
    *again = true;
    return SG_OK;
}

static enum sg_status settle_generate(struct core *core, bool *again)
{
    const struct rite_outcome *outcome = &core->ceremony.outcome;
    struct log_place place;

    TRY(ceremony_record_steps(core, &place));
    if (outcome->answered && outcome->done) {
        TRY(end(core, KEY_GENERATED, ""));
        return keep_public(core);
    }
    if (outcome->answered && (outcome->untouched || found_none(outcome))) {
        return end(core, KEY_NONE, why_of(core));
    }
    if (outcome->answered && outcome->presence.searched) {
        TRY(end(core, KEY_GENERATED, why_of(core)));
        return keep_public(core);
    }
    return find_instead(core, again);
}

/* A token goes on with the command of a process that has died, and may make the key yet.
 * As long as a ceremony may take, that there is none says nothing. */
static enum sg_status look_again(struct core *core)
{
    struct ceremony *ceremony = &core->ceremony;
    struct keyreg *row = row_of(core);

    ceremony->none_us[ceremony->work.key] =
        clock_mono_us() + core->options.config->hsm_ceremony_ms * 1000;
    (void)snprintf(row->trouble, sizeof(row->trouble), "%s",
                   "the ceremony broke off: whether a key was made is not known yet");
    return register_keep(core, ceremony->work.key, NULL);
}

static enum sg_status settle_find(struct core *core, bool *again)
{
    const struct rite_outcome *outcome = &core->ceremony.outcome;
    int64_t *none_us = &core->ceremony.none_us[core->ceremony.work.key];
    struct log_place place;

    (void)again;
    if (!outcome->answered || !outcome->done) {
        return later(core);
    }
    if (found_none(outcome) && *none_us == 0) {
        return look_again(core);
    }
    *none_us = 0;
    TRY(ceremony_record_steps(core, &place));
    if (found_none(outcome)) {
        return end(core, KEY_NONE,
                   "the ceremony broke off before the key was made: ask for it again");
    }
    TRY(end(core, KEY_GENERATED,
            "the ceremony broke off after the key was made, so it was not checked: have "
            "it destroyed"));
    return keep_public(core);
}

/* The key is accepted by its certificate; that the token holds a copy of that helps
 * others who look there, and is no condition. */
static enum sg_status settle_import(struct core *core, bool *again)
{
    (void)again;
    return end(core, row_of(core)->state, "");
}

/* One whose generation broke off had no backup, so no request for a certificate either,
 * and never signed anything: its name is free. */
static bool was_broken(const struct core *core, const struct keyreg *row)
{
    enum key_state state = row->state == KEY_HELD ? row->before_hold : row->state;

    return state == KEY_GENERATED && row->trouble[0] != '\0' && row->backup[0] == '\0' &&
           !key_ready(&core->keyring.keys[core->ceremony.work.key]);
}

static enum sg_status settle_destroy(struct core *core, bool *again)
{
    const struct rite_outcome *outcome = &core->ceremony.outcome;
    struct keyreg *row = row_of(core);
    struct log_place place;
    unsigned *deaths = &core->ceremony.broken[core->ceremony.work.key];

    (void)again;
    TRY(destruction_end(core));
    TRY(ceremony_record_steps(core, &place));
    if (outcome->answered && outcome->done) {
        return end(core, was_broken(core, row) ? KEY_NONE : KEY_DESTROYED, "");
    }
    if (outcome->answered || ++*deaths >= DEATHS_MAX) {
        return end(core, row->state, why_of(core));
    }
    TRY(ceremony_record_end(core, "unknown", &place));
    return later(core);
}

static void answer_csr(struct request_order *order, const struct rite_outcome *outcome,
                       const struct log_place *place)
{
    uint8_t *csr = (uint8_t *)arena_alloc(&order->arena, outcome->csr_len + 1);

    order->order.log_index = place->index;
    memcpy(order->order.log_hash, place->hash, sizeof(order->order.log_hash));
    order->order.on_log = true;
    order->order.status = SG_OK;
    if (!outcome->done) {
        order->order.status =
            outcome->failure == FAILURE_CONFIG ? SG_PRECONDITION : SG_HSM;
        (void)snprintf(order->order.why, sizeof(order->order.why), "%.319s",
                       outcome->why);
    } else if (csr == NULL) {
        order->order.status = SG_NO_MEMORY;
    } else {
        memcpy(csr, outcome->csr, outcome->csr_len);
        order->csr = slice_of(csr, outcome->csr_len);
    }
}

static enum sg_status settle_csr(struct core *core, bool *again)
{
    struct ceremony_work *work = &core->ceremony.work;
    struct log_place place;

    (void)again;
    TRY(ceremony_record_end(core, core->ceremony.outcome.done ? "done" : "failed",
                            &place));
    answer_csr(work->csr, &core->ceremony.outcome, &place);
    STAILQ_INSERT_TAIL(&core->obeyed, &work->csr->order.letter, link);
    work->csr = NULL;
    return SG_OK;
}

enum sg_status ceremony_settle(struct core *core, bool *again)
{
    static enum sg_status (*const rites[RITES])(struct core *, bool *) = {
        [RITE_GENERATE] = settle_generate,
        [RITE_CSR] = settle_csr,
        [RITE_IMPORT] = settle_import,
        [RITE_DESTROY] = settle_destroy,
        [RITE_FIND] = settle_find,
        [RITE_CHANGE_PIN] = pin_change_settle,
        [RITE_SETTLE_PIN] = pin_change_settle,
    };

    return rites[core->ceremony.work.order.rite](core, again);
}
