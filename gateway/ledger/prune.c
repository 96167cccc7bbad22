#include "gateway/ledger/prune.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "gateway/ledger/keyreg.h"
#include "gateway/ledger/prune_row.h"
#include "gateway/ledger/sql.h"
#include "gateway/ledger/store.h"
#include "gateway/ledger/written.h"
#include "proto/text.h"

static_assert((int)PRUNE_STEP == (int)TILE_WIDTH,
              "a record's hash outlives its text in a complete tile");

/* --- What was pruned --------------------------------------------------------------- */

bool prune_read(sqlite3_stmt *row, struct ledger_prune *out)
{
    struct tlog_hash hash;
    uint64_t newest = 0;

    bool good = sql_uint(row, 0, &out->before) && sql_uint(row, 1, &out->done) &&
                sql_uint(row, 2, &newest) && sql_uint(row, 3, &out->index) &&
                sql_hash(row, 4, &hash) && newest <= INT64_MAX &&
                out->before % PRUNE_STEP == 0 && out->done % PRUNE_STEP == 0 &&
                out->done <= out->before && out->before <= out->index;
    if (good) {
        out->newest_us = (int64_t)newest;
        memcpy(out->hash, hash.bytes, sizeof(out->hash));
    }
    return good;
}

enum sg_status ledger_last_prune(struct ledger *ledger, struct ledger_prune *out)
{
    AUTO(sql_reset) sqlite3_stmt *row = ledger->statements[SQL_LAST_PRUNE];

    *out = (struct ledger_prune){0};
    if (ledger->latched) {
        return SG_LEDGER;
    }
    int rc = sqlite3_step(row);
    if (rc == SQLITE_DONE) {
        return SG_OK;
    }
    if (rc != SQLITE_ROW) {
        return ledger_latch(ledger, "look for what was pruned");
    }
    return prune_read(row, out) ? SG_OK : ledger_latch_corrupt(ledger, "a prune");
}

bool prune_is_said(struct slice record, const struct ledger_prune *prune)
{
    char before[24];
    json_t *json =
        json_loadb((const char *)record.data, record.len, JSON_ALLOW_NUL, NULL);
    const char *type = json_string_value(json_object_get(json, "type"));
    const char *said = json_string_value(json_object_get(json, "before_index"));
    struct tlog_hash leaf = tlog_leaf(record);

    (void)snprintf(before, sizeof(before), "%" PRIu64, prune->before);
    bool says = type != NULL && said != NULL && strcmp(type, "log.prune") == 0 &&
                strcmp(said, before) == 0 &&
                memcmp(leaf.bytes, prune->hash, sizeof(prune->hash)) == 0;
    json_decref(json);
    return says;
}

/* The record of a prune is hashed with all others, by the start or by the check of the
 * whole log: nobody can have texts missing without it. */
enum sg_status store_check_prune(struct ledger *ledger, struct ledger_prune *prune,
                                 struct sg_error *why)
{
    AUTO(sql_reset) sqlite3_stmt *row = ledger->statements[SQL_LEAVES];

    if (ledger_last_prune(ledger, prune) != SG_OK) {
        return sg_fail(why, SG_CORRUPT, "%s", ledger_why(ledger));
    }
    if (prune->before == 0) {
        return SG_OK;
    }
    if (!sql_bind_uint(row, 1, prune->index) ||
        !sql_bind_uint(row, 2, prune->index + 1)) {
        return sql_fail(ledger->db, "be read", why);
    }
    int rc = sqlite3_step(row);
    if (rc != SQLITE_ROW && rc != SQLITE_DONE) {
        return sql_fail(ledger->db, "be read", why);
    }
    return rc == SQLITE_ROW && prune_is_said(sql_bytes(row, 1), prune)
               ? SG_OK
               : tree_changed(why, "no record says that others were pruned below",
                              prune->before);
}

/* --- What can go -------------------------------------------------------------------- */

static enum sg_status check_bounds(const struct ledger *ledger, uint64_t pruned,
                                   uint64_t before, struct sg_error *why)
{
    uint64_t size = ledger->checkpoint_size;
    uint64_t end = size == 0 ? 0 : (size - 1) / PRUNE_STEP * PRUNE_STEP;

    if (before == 0 || before % PRUNE_STEP != 0) {
        return sg_fail(why, SG_INVALID,
                       "records go by whole tiles: before_index is a multiple of %d",
                       PRUNE_STEP);
    }
    if (before <= pruned) {
        return sg_fail(why, SG_INVALID,
                       "all records below %" PRIu64 " are pruned already", pruned);
    }
    return before <= end ? SG_OK
                         : sg_fail(why, SG_PRECONDITION,
                                   "only records below %" PRIu64
                                   " can go: no others are covered by the newest "
                                   "checkpoint, which must stay whole at its end",
                                   end);
}

/* Of a key that was never made, or never signs again, the row says what is left to know:
 * nobody may be there any more to have it destroyed. */
static uint64_t needing_states(void)
{
    uint64_t states = 0;

    for (unsigned state = KEY_NONE + 1; state < KEY_STATES; state++) {
        states |= key_state_over((enum key_state)state) ? 0 : UINT64_C(1) << state;
    }
    return states;
}

static enum sg_status check_needed(struct ledger *ledger, uint64_t before,
                                   struct sg_error *why)
{
    AUTO(sql_reset) sqlite3_stmt *row = ledger->statements[SQL_NEEDED];
    uint64_t index = 0;

    int rc = sql_bind_uint(row, 1, needing_states()) ? sqlite3_step(row) : SQLITE_ERROR;
    if (rc == SQLITE_DONE) {
        return SG_OK;
    }
    if (rc != SQLITE_ROW || !sql_uint(row, 1, &index)) {
        return ledger_latch(ledger, "look for records that are needed");
    }
    struct slice what = sql_bytes(row, 0);
    struct slice advice = sql_bytes(row, 2);
    return index >= before ? SG_OK
                           : sg_fail(why, SG_PRECONDITION,
                                     "%.*s still needs the record %" PRIu64
                                     ": nothing from there on can go%.*s",
                                     (int)what.len, (const char *)what.data, index,
                                     (int)advice.len, (const char *)advice.data);
}

enum sg_status ledger_prune_check(struct ledger *ledger, uint64_t before,
                                  struct prune_facts *facts, struct sg_error *why)
{
    struct ledger_prune last;
    const struct tlog_frontier *tree = &ledger->committed.frontier;

    TRY(ledger_last_prune(ledger, &last));
    TRY(check_bounds(ledger, last.before, before, why));
    TRY(check_needed(ledger, before, why));
    *facts = (struct prune_facts){.first = last.before, .count = before - last.before};
    TRY(ledger_written(ledger, last.before, &facts->oldest_us));
    TRY(ledger_written(ledger, before - 1, &facts->newest_us));
    (void)snprintf(facts->size, sizeof(facts->size), "%" PRIu64, tree->size);
    struct tlog_hash root = tlog_frontier_root(tree);
    text_hex(slice_of(root.bytes, sizeof(root.bytes)), facts->root);
    return SG_OK;
}

enum sg_status ledger_prune(struct ledger *ledger, const struct ledger_prune *prune)
{
    sqlite3_stmt *add = ledger->statements[SQL_ADD_PRUNE];
    struct ledger_prune last;

    TRY(ledger_last_prune(ledger, &last));
    MUST(ledger->in_transaction && prune->newest_us >= 0 && prune->before > last.before);
    bool bound = sql_bind_uint(add, 1, prune->before) &&
                 sql_bind_uint(add, 2, last.done) &&
                 sql_bind_uint(add, 3, (uint64_t)prune->newest_us) &&
                 sql_bind_uint(add, 4, prune->index) &&
                 sql_bind_bytes(add, 5, slice_of(prune->hash, sizeof(prune->hash)));
    return ledger_run(ledger, SQL_ADD_PRUNE, bound, "keep what is pruned");
}

/* --- Taking it out ------------------------------------------------------------------ */

/* Whether all records of a tile are as old as they must be. */
static enum sg_status find_younger(struct ledger *ledger,
                                   const struct ledger_prune *prune, uint64_t *younger)
{
    AUTO(sql_reset) sqlite3_stmt *row = ledger->statements[SQL_LEAVES];
    int rc = SQLITE_ROW;

    *younger = 0;
    if (!sql_bind_uint(row, 1, prune->done) ||
        !sql_bind_uint(row, 2, prune->done + PRUNE_STEP)) {
        return ledger_latch(ledger, "read old records");
    }
    while ((rc = sqlite3_step(row)) == SQLITE_ROW) {
        *younger += written_us(sql_bytes(row, 1)) > prune->newest_us ? 1 : 0;
    }
    return rc == SQLITE_DONE ? SG_OK : ledger_latch(ledger, "read old records");
}

static enum sg_status take_out(struct ledger *ledger, uint64_t first, bool texts)
{
    sqlite3_stmt *drop = ledger->statements[SQL_DROP_LEAVES];
    sqlite3_stmt *move = ledger->statements[SQL_MOVE_PRUNE];

    TRY(ledger_begin(ledger));
    if (texts) {
        bool bound =
            sql_bind_uint(drop, 1, first) && sql_bind_uint(drop, 2, first + PRUNE_STEP);
        TRY(ledger_run(ledger, SQL_DROP_LEAVES, bound, "take old records out"));
    }
    TRY(ledger_run(ledger, SQL_MOVE_PRUNE, sql_bind_uint(move, 1, first + PRUNE_STEP),
                   "take old records out"));
    return ledger_commit(ledger);
}

/* SQLite leaves what it deletes where it lies unless it is told to overwrite it; nothing
 * else is worth that work. */
static enum sg_status overwrite(struct ledger *ledger, bool on)
{
    struct sg_error ignored;

    return sql_exec(ledger->db,
                    on ? "PRAGMA secure_delete=ON" : "PRAGMA secure_delete=OFF",
                    &ignored) == SG_OK
               ? SG_OK
               : ledger_latch(ledger, "overwrite old records");
}

enum sg_status ledger_prune_step(struct ledger *ledger, uint64_t *kept)
{
    struct ledger_prune prune;

    *kept = 0;
    TRY(ledger_last_prune(ledger, &prune));
    if (prune.done >= prune.before) {
        return SG_NOT_FOUND;
    }
    TRY(find_younger(ledger, &prune, kept));
    TRY(overwrite(ledger, true));
    TRY(take_out(ledger, prune.done, *kept == 0));
    return overwrite(ledger, false);
}
