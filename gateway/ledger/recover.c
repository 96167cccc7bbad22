#include <stdio.h>
#include <string.h>

#include "gateway/ledger/prune.h"
#include "gateway/ledger/sql.h"
#include "gateway/ledger/store.h"
#include "gateway/log.h"
#include "proto/tlog/checkpoint.h"

enum { TOP_LEVEL = TILE_LEVELS - 2 }; /* a tile above it would hold 2^64 leaves */

/* What the start believes, and why. The newest checkpoint carries the log key's signature
 * over the root of its tree. The part of that tree that lies in complete tiles before its
 * last one is taken from the roots of the largest complete tiles: with a few hundred
 * hashes it has to lead to the signed root, so none of them can be another. All that
 * comes after is built again from its records. The work grows with what no checkpoint
 * covers, not with the log. What lies below the roots that were taken, tiles and records,
 * is not read here: scrub.c does that while the gateway runs, and what it found makes the
 * next start (ledger_condemn) believe nothing but the records, and below what was pruned
 * the hashes that lead to the root. */
struct recovery {
    struct ledger *ledger;       /* borrowed */
    struct sg_error *why;        /* borrowed */
    struct tlog_head checkpoint; /* the newest */
    struct tlog_head next;       /* the one that the tree has to meet next */
    bool all;                    /* every stored one is met */
    uint64_t first;  /* first leaf that is built from its record; a multiple of 256 */
    uint64_t pruned; /* records below it have no text; a multiple of 256 */
    struct tree tree;
};

static enum sg_status corrupt(struct recovery *recovery, const char *what, uint64_t at)
{
    return tree_changed(recovery->why, what, at);
}

static enum sg_status unreadable(struct recovery *recovery)
{
    return sql_fail(recovery->ledger->db, "be read", recovery->why);
}

/* The first stored one of at least this size becomes the next. A start meets the newest
 * alone: that one is signed, and the others are scrub.c's. */
static enum sg_status find_next(struct recovery *recovery, uint64_t size)
{
    AUTO(sql_reset)
    sqlite3_stmt *row = recovery->ledger->statements[SQL_CHECKPOINT_SINCE];
    struct checkpoint checkpoint;
    uint64_t found = 0;

    recovery->next = recovery->checkpoint;
    if (size > recovery->checkpoint.size) {
        recovery->next.size = UINT64_MAX;
        return SG_OK;
    }
    if (!recovery->all || recovery->checkpoint.size == 0) {
        return SG_OK;
    }
    if (!sql_bind_uint(row, 1, size) || sqlite3_step(row) != SQLITE_ROW ||
        !sql_uint(row, 0, &found)) {
        return unreadable(recovery);
    }
    if (store_read_note(recovery->ledger, sql_bytes(row, 1), &checkpoint) != SG_OK ||
        checkpoint.head.size != found) {
        return corrupt(recovery, "there is no sound checkpoint", found);
    }
    recovery->next = checkpoint.head;
    return SG_OK;
}

/* To be asked at every size that the tree passes through. */
static enum sg_status meet_checkpoint(struct recovery *recovery,
                                      const struct tlog_frontier *frontier)
{
    if (frontier->size != recovery->next.size) {
        return SG_OK;
    }
    struct tlog_hash root = tlog_frontier_root(frontier);
    return tlog_hash_equal(&root, &recovery->next.root)
               ? find_next(recovery, frontier->size + 1)
               : corrupt(recovery, "the root differs at checkpoint", frontier->size);
}

/* Checkpoints may lie inside a tile: its leaves are then added one by one, aside. */
static enum sg_status meet_inside(struct recovery *recovery,
                                  const struct tlog_hash hashes[TILE_WIDTH])
{
    struct tlog_frontier aside = recovery->tree.frontier;
    uint64_t end = aside.size + TILE_WIDTH;

    for (size_t i = 0; i < TILE_WIDTH && recovery->next.size < end; i++) {
        TRY(meet_checkpoint(recovery, &aside));
        tlog_frontier_add(&aside, &hashes[i]);
    }
    return SG_OK;
}

/* Hashes the records of one tile. */
static enum sg_status rehash(struct recovery *recovery,
                             const struct tlog_hash hashes[TILE_WIDTH])
{
    AUTO(sql_reset) sqlite3_stmt *row = recovery->ledger->statements[SQL_LEAVES];
    uint64_t first = recovery->tree.frontier.size;
    uint64_t index = 0;

    if (!sql_bind_uint(row, 1, first) || !sql_bind_uint(row, 2, first + TILE_WIDTH)) {
        return unreadable(recovery);
    }
    for (uint64_t i = 0; i < TILE_WIDTH; i++) {
        int rc = sqlite3_step(row);
        if (rc != SQLITE_ROW && rc != SQLITE_DONE) {
            return unreadable(recovery);
        }
        if (rc == SQLITE_DONE || !sql_uint(row, 0, &index) || index != first + i) {
            return corrupt(recovery, "there is no record", first + i);
        }
        struct tlog_hash leaf = tlog_leaf(sql_bytes(row, 1));
        if (!tlog_hash_equal(&leaf, &hashes[i])) {
            return corrupt(recovery, "another record stands at", first + i);
        }
    }
    return SG_OK;
}

/* One row of TILES at level 0. */
static enum sg_status take_tile(struct recovery *recovery, sqlite3_stmt *row)
{
    struct tlog_hash hashes[TILE_WIDTH];
    struct tlog_hash root;
    uint64_t n = 0;
    uint64_t expected = recovery->tree.frontier.size / TILE_WIDTH;
    struct slice bytes = sql_bytes(row, 2);

    if (!sql_uint(row, 0, &n) || n != expected || !sql_hash(row, 1, &root) ||
        bytes.len != TILE_BYTES) {
        return corrupt(recovery, "there is no sound tile", expected);
    }
    memcpy(hashes, bytes.data, TILE_BYTES);
    struct tlog_hash folded = tlog_fold(hashes, TILE_WIDTH);
    if (!tlog_hash_equal(&folded, &root)) {
        return corrupt(recovery, "the root differs in tile", n);
    }
    TRY(meet_inside(recovery, hashes));
    if (recovery->tree.frontier.size >= recovery->pruned) {
        TRY(rehash(recovery, hashes));
    }
    tlog_frontier_add_subtree(&recovery->tree.frontier, 8, &root);
    return SG_OK;
}

/* The roots of the tiles of one level from where the tree ends up to the start. */
static enum sg_status take_roots(struct recovery *recovery, unsigned level)
{
    AUTO(sql_reset) sqlite3_stmt *row = recovery->ledger->statements[SQL_TILE_ROOTS];
    unsigned bits = 8 * (level + 1);
    uint64_t n = recovery->tree.frontier.size >> bits;
    uint64_t end = recovery->first >> bits;
    struct tlog_hash root;

    if (!sql_bind_uint(row, 1, level) || !sql_bind_uint(row, 2, n) ||
        !sql_bind_uint(row, 3, end)) {
        return unreadable(recovery);
    }
    for (; n < end; n++) {
        int rc = sqlite3_step(row);
        if (rc != SQLITE_ROW && rc != SQLITE_DONE) {
            return unreadable(recovery);
        }
        if (rc == SQLITE_DONE || !sql_hash(row, 0, &root)) {
            return corrupt(recovery,
                           level == 0 ? "there is no sound tile"
                                      : "there is no sound upper tile",
                           n);
        }
        tlog_frontier_add_subtree(&recovery->tree.frontier, bits, &root);
    }
    return SG_OK;
}

/* The largest tiles first, so that at most 255 roots of each level are taken. */
static enum sg_status take_covered(struct recovery *recovery)
{
    for (unsigned level = TOP_LEVEL; level > 0; level--) {
        TRY(take_roots(recovery, level));
    }
    return take_roots(recovery, 0);
}

enum sg_status store_go_on(const struct ledger *ledger, struct sg_error *why)
{
    return ledger->on_hashing == NULL || ledger->on_hashing(ledger->context)
               ? SG_OK
               : sg_fail(why, SG_SHUTDOWN, "asked to end while the log was hashed");
}

static enum sg_status take_tiles(struct recovery *recovery)
{
    AUTO(sql_reset) sqlite3_stmt *row = recovery->ledger->statements[SQL_TILES];
    int rc = SQLITE_ROW;

    if (!sql_bind_uint(row, 1, 0) ||
        !sql_bind_uint(row, 2, recovery->first / TILE_WIDTH)) {
        return unreadable(recovery);
    }
    for (rc = sqlite3_step(row); rc == SQLITE_ROW; rc = sqlite3_step(row)) {
        TRY(take_tile(recovery, row));
        TRY(store_go_on(recovery->ledger, recovery->why));
    }
    return rc == SQLITE_DONE ? SG_OK : unreadable(recovery);
}

/* The records after the last complete tile. */
static enum sg_status take_tail(struct recovery *recovery)
{
    AUTO(sql_reset) sqlite3_stmt *row = recovery->ledger->statements[SQL_LEAVES];
    uint64_t first = recovery->tree.frontier.size;
    uint64_t index = 0;
    int rc = SQLITE_ROW;

    if (!sql_bind_uint(row, 1, first) || !sql_bind_uint(row, 2, INT64_MAX)) {
        return unreadable(recovery);
    }
    TRY(meet_checkpoint(recovery, &recovery->tree.frontier));
    for (rc = sqlite3_step(row); rc == SQLITE_ROW; rc = sqlite3_step(row)) {
        uint64_t expected = recovery->tree.frontier.size;
        if (!sql_uint(row, 0, &index) || index != expected) {
            return corrupt(recovery, "there is no record", expected);
        }
        if (expected - first == TILE_WIDTH - 1) {
            return corrupt(recovery, "there is no tile", first / TILE_WIDTH);
        }
        struct tlog_hash leaf = tlog_leaf(sql_bytes(row, 1));
        tree_add(&recovery->tree, &leaf);
        TRY(meet_checkpoint(recovery, &recovery->tree.frontier));
    }
    return rc == SQLITE_DONE ? SG_OK : unreadable(recovery);
}

/* A start that takes long says why it does. */
static void say_long(const struct recovery *recovery, uint64_t size, bool condemned)
{
    enum { LONG = 200000 };
    char records[24];

    if (condemned || size - recovery->first >= LONG) {
        (void)snprintf(records, sizeof(records), "%llu",
                       (unsigned long long)(size - recovery->first));
        log_event(LOG_WARN, "log.hashing", "records", records, "why",
                  condemned ? "an earlier check found the ledger changed, so nothing in "
                              "it is believed before all of it was read"
                            : "no checkpoint covers them",
                  NULL);
    }
}

/* To be asked before anything is read: a cut log has no tiles where they are looked for.
 */
static enum sg_status check_cut(struct recovery *recovery, bool condemned)
{
    AUTO(sql_reset) sqlite3_stmt *row = recovery->ledger->statements[SQL_LAST_LEAF];
    uint64_t last = 0;

    if (sqlite3_step(row) != SQLITE_ROW) {
        return unreadable(recovery);
    }
    uint64_t size = sql_uint(row, 0, &last) ? last + 1 : 0;
    if (size < recovery->checkpoint.size) {
        return corrupt(recovery, "records were cut off below checkpoint",
                       recovery->checkpoint.size);
    }
    say_long(recovery, size, condemned);
    return SG_OK;
}

/* Records cut off below their tiles. */
static enum sg_status check_size(struct recovery *recovery)
{
    AUTO(sql_reset) sqlite3_stmt *row = recovery->ledger->statements[SQL_LAST_LEAF];
    uint64_t size = recovery->tree.frontier.size;
    uint64_t last = 0;

    if (sqlite3_step(row) != SQLITE_ROW) {
        return unreadable(recovery);
    }
    if (size > 0 && (!sql_uint(row, 0, &last) || last != size - 1)) {
        return corrupt(recovery, "there is no record", size - 1);
    }
    return SG_OK;
}

/* A tile above level 0 holds the roots of those below it. */
static enum sg_status check_upper_tile(struct recovery *recovery, unsigned level,
                                       sqlite3_stmt *row, uint64_t expected)
{
    AUTO(sql_reset)
    sqlite3_stmt *below = recovery->ledger->statements[SQL_TILE_ROOTS];
    struct tlog_hash hashes[TILE_WIDTH];
    struct tlog_hash root;
    uint64_t n = 0;

    bool good = sql_uint(row, 0, &n) && n == expected && sql_hash(row, 1, &root) &&
                sql_bind_uint(below, 1, level - 1) &&
                sql_bind_uint(below, 2, n * TILE_WIDTH) &&
                sql_bind_uint(below, 3, (n + 1) * TILE_WIDTH);
    for (size_t i = 0; good && i < TILE_WIDTH; i++) {
        good = sqlite3_step(below) == SQLITE_ROW && sql_hash(below, 0, &hashes[i]);
    }
    if (!good || !slice_equal(sql_bytes(row, 2), slice_of(hashes, TILE_BYTES))) {
        return corrupt(recovery, "there is no sound upper tile", expected);
    }
    struct tlog_hash folded = tlog_fold(hashes, TILE_WIDTH);
    return tlog_hash_equal(&folded, &root)
               ? SG_OK
               : corrupt(recovery, "the root differs in upper tile", n);
}

static enum sg_status check_level(struct recovery *recovery, unsigned level)
{
    AUTO(sql_reset) sqlite3_stmt *row = recovery->ledger->statements[SQL_TILES];
    uint64_t wanted = recovery->tree.frontier.size >> (8 * (level + 1));
    uint64_t found = recovery->first >> (8 * (level + 1));
    int rc = SQLITE_ROW;

    if (!sql_bind_uint(row, 1, level) || !sql_bind_uint(row, 2, found)) {
        return unreadable(recovery);
    }
    for (rc = sqlite3_step(row); rc == SQLITE_ROW; rc = sqlite3_step(row)) {
        TRY(check_upper_tile(recovery, level, row, found));
        TRY(store_go_on(recovery->ledger, recovery->why));
        found++;
    }
    if (rc != SQLITE_DONE) {
        return unreadable(recovery);
    }
    return found == wanted ? SG_OK : corrupt(recovery, "there is no upper tile", found);
}

/* The tile of the last leaf under the checkpoint, so that its records are hashed. */
static enum sg_status choose_first(struct recovery *recovery, bool *condemned)
{
    char finding[LEDGER_MEMO_MAX];
    enum sg_status status = ledger_recall(recovery->ledger, STORE_FINDING, finding);

    if (status != SG_OK && status != SG_NOT_FOUND) {
        return unreadable(recovery);
    }
    *condemned = finding[0] != '\0';
    if (!*condemned && recovery->checkpoint.size > 0) {
        recovery->first = (recovery->checkpoint.size - 1) / TILE_WIDTH * TILE_WIDTH;
    }
    return SG_OK;
}

enum sg_status store_recover(struct ledger *ledger, struct sg_error *why)
{
    struct recovery recovery = {.ledger = ledger, .why = why};
    struct ledger_prune prune;
    bool condemned = false;

    TRY(store_last_checkpoint(ledger, &recovery.checkpoint, why));
    TRY(store_check_prune(ledger, &prune, why));
    recovery.pruned = prune.before;
    TRY(choose_first(&recovery, &condemned));
    recovery.all = condemned;
    TRY(find_next(&recovery, 0));
    TRY(check_cut(&recovery, condemned));
    TRY(take_covered(&recovery));
    TRY(take_tiles(&recovery));
    TRY(take_tail(&recovery));
    TRY(check_size(&recovery));
    for (unsigned level = 1; level <= TOP_LEVEL; level++) {
        TRY(check_level(&recovery, level));
    }
    ledger->condemned = condemned;
    ledger->committed = recovery.tree;
    ledger->checkpoint_size = recovery.checkpoint.size;
    return SG_OK;
}
