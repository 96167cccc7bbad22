#include "gateway/core/mandate/mandates.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/clock.h"
#include "gateway/core/core_inside.h"
#include "gateway/core/log/members.h"
#include "proto/text.h"

/* --- Those that are open ------------------------------------------------------------ */

/* Where the id stands, or would stand. */
static size_t place_of(const struct mandates *mandates, const char *id)
{
    size_t low = 0;
    size_t high = mandates->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(mandates->items[middle]->row.id, id) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

struct mandate *mandates_find(struct core *core, const char *id)
{
    struct mandates *mandates = &core->mandates;
    size_t at = place_of(mandates, id);

    return at < mandates->count && strcmp(mandates->items[at]->row.id, id) == 0
               ? mandates->items[at]
               : NULL;
}

static void find_earliest(struct mandates *mandates)
{
    mandates->earliest_us = INT64_MAX;
    for (size_t i = 0; i < mandates->count; i++) {
        const struct ledger_mandate *row = &mandates->items[i]->row;
        if (row->state == MANDATE_OPEN && row->terms.until_us < mandates->earliest_us) {
            mandates->earliest_us = row->terms.until_us;
        }
    }
}

enum sg_status mandates_add(struct core *core, const struct ledger_mandate *row)
{
    struct mandates *mandates = &core->mandates;
    size_t at = place_of(mandates, row->id);

    MUST(mandates->count < MANDATES_OPEN_MAX);
    struct mandate *mandate = (struct mandate *)calloc(1, sizeof(*mandate));
    if (mandate == NULL) {
        return SG_NO_MEMORY;
    }
    mandate->row = *row;
    mandate->told_us = row->seen_us;
    for (size_t i = mandates->count; i > at; i--) {
        mandates->items[i] = mandates->items[i - 1];
    }
    mandates->items[at] = mandate;
    mandates->count++;
    find_earliest(mandates);
    return SG_OK;
}

/* What has ended goes when nothing of it is in hand any more. */
static void sweep(struct mandates *mandates)
{
    size_t kept = 0;

    for (size_t i = 0; i < mandates->count; i++) {
        struct mandate *mandate = mandates->items[i];
        if (mandate->row.state == MANDATE_OPEN || mandate->in_hand > 0) {
            mandates->items[kept++] = mandate;
        } else {
            free(mandate);
        }
    }
    mandates->count = kept;
    find_earliest(mandates);
}

enum sg_status mandates_start(struct core *core, struct sg_error *why)
{
    struct ledger_mandate row = {.number = 0};
    enum sg_status found = SG_OK;

    core->mandates.earliest_us = INT64_MAX;
    while ((found = ledger_next_mandate(core->ledger, row.number, &row)) == SG_OK) {
        if (core->mandates.count == MANDATES_OPEN_MAX) {
            return sg_fail(why, SG_CORRUPT,
                           "the ledger holds more than %d open mandates: restore it from "
                           "its backup",
                           MANDATES_OPEN_MAX);
        }
        TRY(mandates_add(core, &row));
    }
    return found == SG_NOT_FOUND
               ? SG_OK
               : sg_fail(why, found, "the ledger's mandates cannot be read: %s",
                         ledger_why(core->ledger));
}

void mandates_fini(struct mandates *mandates)
{
    for (size_t i = 0; i < mandates->count; i++) {
        free(mandates->items[i]);
    }
    mandates->count = 0;
}

/* --- Taking ------------------------------------------------------------------------- */

static void touch(struct core *core, struct mandate *mandate)
{
    if (core->state.turn_us > mandate->row.seen_us) {
        mandate->row.seen_us = core->state.turn_us;
    }
    mandate->unwritten = true;
    core->mandates.unwritten = true;
}

static struct slice digest_of(const struct job *job)
{
    return slice_of(job->digest, sg_hash_len(job->hash));
}

enum sg_status mandates_take(struct core *core, struct job *job)
{
    struct mandate *mandate = NULL;

    if (job->mandate[0] == '\0') {
        return SG_OK;
    }
    mandate = mandates_find(core, job->mandate);
    MUST(mandate != NULL && mandate->row.state == MANDATE_OPEN); /* it was looked at */
    job->draws = true;
    mandate->in_hand++;
    if (job->uncertain) { /* an earlier attempt of the id has taken it */
        return SG_OK;
    }
    MUST(mandate->row.used + mandate->row.reserved < mandate->row.terms.max);
    mandate->row.reserved++;
    touch(core, mandate);
    return mandate->row.terms.digests == 0
               ? SG_OK
               : ledger_take_mandate_digest(core->ledger, mandate->row.number,
                                            digest_of(job), true);
}

static enum sg_status give_back(struct core *core, struct mandate *mandate,
                                const struct job *job)
{
    mandate->row.reserved--;
    touch(core, mandate);
    return mandate->row.terms.digests == 0
               ? SG_OK
               : ledger_take_mandate_digest(core->ledger, mandate->row.number,
                                            digest_of(job), false);
}

enum sg_status mandates_settle(struct core *core, struct job *job)
{
    struct mandate *mandate = job->draws ? mandates_find(core, job->mandate) : NULL;

    if (mandate == NULL) {
        return SG_OK;
    }
    job->draws = false;
    mandate->in_hand--;
    core->mandates.changed |= mandate->row.state != MANDATE_OPEN;
    if (job->status == SG_OK) {
        mandate->row.reserved--;
        mandate->row.used++;
        touch(core, mandate);
        return SG_OK;
    }
    bool certain = job->status != SG_INDETERMINATE && !job->uncertain;
    return certain ? give_back(core, mandate, job) : SG_OK;
}

/* --- Ending ------------------------------------------------------------------------- */

static const char *state_name(enum mandate_state state)
{
    static const char *const names[] = {[MANDATE_OPEN] = "open",
                                        [MANDATE_EXHAUSTED] = "exhausted",
                                        [MANDATE_EXPIRED] = "expired",
                                        [MANDATE_REVOKED] = "revoked"};

    return names[state];
}

static enum sg_status write_close(struct core *core, const struct ledger_mandate *row,
                                  const struct order *by, struct log_place *place)
{
    struct members members = {.count = 0};
    char used[24];
    char reserved[24];
    char left[24];
    char cert[65] = "";

    (void)snprintf(used, sizeof(used), "%" PRIu64, row->used);
    (void)snprintf(reserved, sizeof(reserved), "%" PRIu64, row->reserved);
    (void)snprintf(left, sizeof(left), "%" PRIu64,
                   row->terms.max - row->used - row->reserved);
    members_add(&members, "subject", row->terms.key);
    members_add(&members, "mandate", row->id);
    members_add(&members, "state", state_name(row->state));
    members_add(&members, "used", used);
    members_add(&members, "reserved", reserved);
    members_add(&members, "left", left);
    if (by != NULL) {
        text_hex(slice_of(by->caller_cert, 32), cert);
        members_add(&members, "person", by->officer);
        members_add(&members, "role", by->change.role);
        members_add(&members, "caller_cert", cert);
        members_add(&members, "reason", by->reason);
    }
    return members_write(core, "mandate.close", &members, place);
}

enum sg_status mandates_close(struct core *core, struct mandate *mandate,
                              enum mandate_state state, const struct order *by)
{
    struct ledger_mandate *row = &mandate->row;
    struct log_place place;

    MUST(row->state == MANDATE_OPEN);
    row->state = state;
    row->closed_us = clock_wall_us();
    (void)snprintf(row->reason, sizeof(row->reason), "%s",
                   by == NULL ? state_name(state) : by->reason);
    TRY(write_close(core, row, by, &place));
    row->log_index = place.index;
    memcpy(row->log_hash, place.hash, sizeof(row->log_hash));
    mandate->unwritten = false;
    core->mandates.changed = true;
    return ledger_close_mandate(core->ledger, row);
}

/* --- In the core's turn ------------------------------------------------------------- */

bool mandates_due(const struct core *core)
{
    return core->mandates.unwritten ||
           (core->mandates.count > 0 && clock_wall_us() >= core->mandates.earliest_us);
}

static enum sg_status expire_one(struct core *core, struct mandate *mandate)
{
    bool over = mandate->row.state == MANDATE_OPEN &&
                core->state.turn_us >= mandate->row.terms.until_us;

    return over ? mandates_close(core, mandate, MANDATE_EXPIRED, NULL) : SG_OK;
}

enum sg_status mandates_expire(struct core *core)
{
    struct mandates *mandates = &core->mandates;

    if (mandates->count == 0 || core->state.turn_us < mandates->earliest_us) {
        return SG_OK;
    }
    for (size_t i = 0; i < mandates->count; i++) {
        TRY(expire_one(core, mandates->items[i]));
    }
    find_earliest(mandates);
    return SG_OK;
}

static enum sg_status write_one(struct core *core, struct mandate *mandate)
{
    const struct ledger_mandate *row = &mandate->row;

    if (!mandate->unwritten) {
        return SG_OK;
    }
    if (row->state == MANDATE_OPEN && row->used == row->terms.max) {
        return mandates_close(core, mandate, MANDATE_EXHAUSTED, NULL);
    }
    mandate->unwritten = false;
    mandate->told_us = row->seen_us;
    return ledger_count_mandate(core->ledger, row);
}

enum sg_status mandates_write(struct core *core)
{
    struct mandates *mandates = &core->mandates;

    for (size_t i = 0; mandates->unwritten && i < mandates->count; i++) {
        TRY(write_one(core, mandates->items[i]));
    }
    mandates->unwritten = false;
    if (mandates->changed) {
        mandates->changed = false;
        sweep(mandates);
    }
    return SG_OK;
}

/* The ledger is told once a minute, or with the next signature. */
static void age(struct core *core, struct mandate *mandate, int64_t now_us)
{
    enum { MINUTE_US = 60000000 };
    struct ledger_mandate *row = &mandate->row;

    row->seen_us = now_us > row->seen_us ? now_us : row->seen_us;
    if (row->state == MANDATE_OPEN && row->seen_us - mandate->told_us >= MINUTE_US) {
        mandate->unwritten = true;
        core->mandates.unwritten = true;
    }
}

void mandates_age(struct core *core)
{
    int64_t now_us = clock_wall_us();

    for (size_t i = 0; i < core->mandates.count; i++) {
        age(core, core->mandates.items[i], now_us);
    }
}
