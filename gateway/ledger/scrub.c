#include <stdlib.h>
#include <string.h>

#include "gateway/ledger/prune_row.h"
#include "gateway/ledger/reader.h"
#include "gateway/ledger/sql.h"
#include "gateway/ledger/view.h"
#include "proto/tlog/checkpoint.h"

/* Hashes the whole log again, from its first record to a checkpoint that the log key
 * signed, and holds against it what else is stored of the tree: the tiles of every level,
 * their roots, and the checkpoints on the way. Nothing is taken from the file but the
 * records, and the hashes of those that officers had pruned; what the start did not read
 * is found here. */

enum { TILES_A_STEP = 4 };

struct scrub {
    struct note_key key;
    struct tlog_head goal;
    uint64_t pruned; /* records below it have no text, as a record says */
    struct tlog_frontier frontier;
    uint64_t next_checkpoint; /* of those stored; INT64_MAX: none comes any more */
    struct tlog_hash next_root;
    struct tlog_hash above[TILE_LEVELS][TILE_WIDTH]; /* hashes of the open tile; level 0
                                                      * are the leaves in hand */
};

static enum sg_status failed(struct ledger_reader *reader, struct sg_error *why)
{
    int class = sqlite3_errcode(reader->db) & 0xff;

    if (class == SQLITE_CORRUPT || class == SQLITE_NOTADB) {
        return sg_fail(why, SG_CORRUPT, "the ledger's file is damaged (SQLite: %s)",
                       sqlite3_errmsg(reader->db));
    }
    return sg_fail(why, SG_IO, "the ledger cannot be read (SQLite: %s)",
                   sqlite3_errmsg(reader->db));
}

/* --- Checkpoints -------------------------------------------------------------------- */

/* The first stored one of at least this size. */
static enum sg_status find_checkpoint(struct ledger_reader *reader, uint64_t size,
                                      struct sg_error *why)
{
    AUTO(sql_reset) sqlite3_stmt *row = reader->statements[READ_OWN_CHECKPOINT];
    struct scrub *scrub = reader->scrub;
    struct checkpoint checkpoint;

    if (!sql_bind_uint(row, 1, size)) {
        return failed(reader, why);
    }
    scrub->next_checkpoint = INT64_MAX;
    int rc = sqlite3_step(row);
    if (rc == SQLITE_DONE) {
        return SG_OK;
    }
    if (rc != SQLITE_ROW || !sql_uint(row, 0, &scrub->next_checkpoint)) {
        return failed(reader, why);
    }
    if (checkpoint_open(sql_bytes(row, 1), &scrub->key, &checkpoint) != SG_OK ||
        checkpoint.head.size != scrub->next_checkpoint) {
        return tree_changed(why, "the log key did not sign checkpoint",
                            scrub->next_checkpoint);
    }
    scrub->next_root = checkpoint.head.root;
    return SG_OK;
}

/* To be asked at every size that the tree passes through. Two roots: that of the row, and
 * that of the signature at the end. */
static enum sg_status meet_checkpoint(struct ledger_reader *reader,
                                      const struct tlog_frontier *frontier,
                                      struct sg_error *why)
{
    struct scrub *scrub = reader->scrub;

    if (frontier->size != scrub->next_checkpoint && frontier->size != scrub->goal.size) {
        return SG_OK;
    }
    struct tlog_hash root = tlog_frontier_root(frontier);
    if ((frontier->size == scrub->next_checkpoint &&
         !tlog_hash_equal(&root, &scrub->next_root)) ||
        (frontier->size == scrub->goal.size &&
         !tlog_hash_equal(&root, &scrub->goal.root))) {
        return tree_changed(why, "the root differs at checkpoint", frontier->size);
    }
    return frontier->size == scrub->next_checkpoint
               ? find_checkpoint(reader, frontier->size + 1, why)
               : SG_OK;
}

/* --- Records and tiles -------------------------------------------------------------- */

/* Hashes count records from the end of the tree on. */
static enum sg_status hash_records(struct ledger_reader *reader, uint64_t count,
                                   struct sg_error *why)
{
    AUTO(sql_reset) sqlite3_stmt *row = reader->statements[READ_LEAVES];
    uint64_t first = reader->scrub->frontier.size;
    uint64_t index = 0;

    if (!sql_bind_uint(row, 1, first) || !sql_bind_uint(row, 2, first + count)) {
        return failed(reader, why);
    }
    for (uint64_t i = 0; i < count; i++) {
        int rc = sqlite3_step(row);
        if (rc != SQLITE_ROW && rc != SQLITE_DONE) {
            return failed(reader, why);
        }
        if (rc == SQLITE_DONE || !sql_uint(row, 0, &index) || index != first + i) {
            return tree_changed(why, "there is no record", first + i);
        }
        reader->scrub->above[0][i] = tlog_leaf(sql_bytes(row, 1));
    }
    return SG_OK;
}

/* Records that were pruned have no text; their hashes stand in their tile, which leads to
 * the signed root as any other. */
static enum sg_status take_hashes(struct ledger_reader *reader, uint64_t count,
                                  struct sg_error *why)
{
    AUTO(sql_reset) sqlite3_stmt *row = reader->statements[READ_WHOLE_TILE];
    uint64_t n = reader->scrub->frontier.size / TILE_WIDTH;

    if (count != TILE_WIDTH || !sql_bind_uint(row, 1, 0) || !sql_bind_uint(row, 2, n)) {
        return tree_changed(why, "more was pruned than is complete in tile", n);
    }
    int rc = sqlite3_step(row);
    if (rc != SQLITE_ROW && rc != SQLITE_DONE) {
        return failed(reader, why);
    }
    struct slice bytes = rc == SQLITE_ROW ? sql_bytes(row, 1) : slice_of("", 0);
    if (bytes.len != TILE_BYTES) {
        return tree_changed(why, "there is no sound tile", n);
    }
    memcpy(reader->scrub->above[0], bytes.data, TILE_BYTES);
    return SG_OK;
}

/* A row of a prune counts only with its record, which is hashed as all others are: in
 * this pass, or in the next one, when it is younger than the goal. */
static enum sg_status believe_prune(struct ledger_reader *reader, struct sg_error *why)
{
    AUTO(sql_reset) sqlite3_stmt *row = reader->statements[READ_LAST_PRUNE];
    AUTO(sql_reset) sqlite3_stmt *record = reader->statements[READ_LEAVES];
    struct ledger_prune prune = {0};

    reader->scrub->pruned = 0; /* also where a row that was there is gone */
    int rc = sqlite3_step(row);
    if (rc == SQLITE_DONE) {
        return SG_OK;
    }
    if (rc != SQLITE_ROW) {
        return failed(reader, why);
    }
    if (!prune_read(row, &prune)) {
        return tree_changed(why, "Segel did not write the prune of records below",
                            prune.before);
    }
    if (!sql_bind_uint(record, 1, prune.index) ||
        !sql_bind_uint(record, 2, prune.index + 1)) {
        return failed(reader, why);
    }
    rc = sqlite3_step(record);
    if (rc != SQLITE_ROW && rc != SQLITE_DONE) {
        return failed(reader, why);
    }
    if (rc == SQLITE_DONE || !prune_is_said(sql_bytes(record, 1), &prune)) {
        return tree_changed(why, "no record says that others were pruned below",
                            prune.before);
    }
    reader->scrub->pruned = prune.before;
    return SG_OK;
}

static enum sg_status take_leaves(struct ledger_reader *reader, uint64_t count,
                                  struct sg_error *why)
{
    uint64_t pruned = 0;

    if (view_pruned(reader, &pruned) != SG_OK) {
        return failed(reader, why);
    }
    if (pruned != reader->scrub->pruned) {
        TRY(believe_prune(reader, why));
    }
    return reader->scrub->frontier.size < reader->scrub->pruned
               ? take_hashes(reader, count, why)
               : hash_records(reader, count, why);
}

/* The first leaf whose hash the tile has otherwise, for whoever looks for the change. */
static enum sg_status name_record(uint64_t first, const struct tlog_hash *hashes,
                                  struct slice stored, struct sg_error *why)
{
    for (uint64_t i = 0; i < TILE_WIDTH; i++) {
        if (memcmp(stored.data + i * TLOG_HASH_SIZE, hashes[i].bytes, TLOG_HASH_SIZE) !=
            0) {
            return tree_changed(why, "record and leaf hash differ at", first + i);
        }
    }
    return SG_OK;
}

/* The stored tile n of a level is the one that its hashes make. */
static enum sg_status check_tile(struct ledger_reader *reader, unsigned level, uint64_t n,
                                 struct tlog_hash *root, struct sg_error *why)
{
    AUTO(sql_reset) sqlite3_stmt *row = reader->statements[READ_WHOLE_TILE];
    const struct tlog_hash *hashes = reader->scrub->above[level];
    const char *what =
        level == 0 ? "there is no sound tile" : "there is no sound upper tile";
    struct tlog_hash stored;

    if (!sql_bind_uint(row, 1, level) || !sql_bind_uint(row, 2, n)) {
        return failed(reader, why);
    }
    int rc = sqlite3_step(row);
    if (rc != SQLITE_ROW && rc != SQLITE_DONE) {
        return failed(reader, why);
    }
    struct slice bytes = rc == SQLITE_ROW ? sql_bytes(row, 1) : slice_of("", 0);
    if (bytes.len != TILE_BYTES || !sql_hash(row, 0, &stored)) {
        return tree_changed(why, what, n);
    }
    if (level == 0) {
        TRY(name_record(n * TILE_WIDTH, hashes, bytes, why));
    }
    *root = tlog_fold(hashes, TILE_WIDTH);
    return slice_equal(bytes, slice_of(hashes, TILE_BYTES)) &&
                   tlog_hash_equal(root, &stored)
               ? SG_OK
               : tree_changed(why, what, n);
}

/* A tile that is complete is one hash of the level above, and may complete that. */
static enum sg_status check_tiles(struct ledger_reader *reader, struct tlog_hash *root,
                                  struct sg_error *why)
{
    struct scrub *scrub = reader->scrub;
    uint64_t n = scrub->frontier.size / TILE_WIDTH;
    struct tlog_hash top;

    TRY(check_tile(reader, 0, n, root, why));
    top = *root;
    for (unsigned level = 1; level < TILE_LEVELS; level++) {
        scrub->above[level][n % TILE_WIDTH] = top;
        if ((n + 1) % TILE_WIDTH != 0) {
            break;
        }
        n /= TILE_WIDTH;
        TRY(check_tile(reader, level, n, &top, why));
    }
    return SG_OK;
}

static enum sg_status add_leaves(struct ledger_reader *reader, uint64_t count,
                                 struct sg_error *why)
{
    struct scrub *scrub = reader->scrub;

    for (uint64_t i = 0; i < count; i++) {
        tlog_frontier_add(&scrub->frontier, &scrub->above[0][i]);
        TRY(meet_checkpoint(reader, &scrub->frontier, why));
    }
    return SG_OK;
}

/* Up to 256 records; the last ones before the goal may be of a tile that is not complete.
 */
static enum sg_status scrub_tile(struct ledger_reader *reader, struct sg_error *why)
{
    struct scrub *scrub = reader->scrub;
    uint64_t left = scrub->goal.size - scrub->frontier.size;
    uint64_t count = left < TILE_WIDTH ? left : TILE_WIDTH;
    struct tlog_hash root;

    TRY(take_leaves(reader, count, why));
    if (count < TILE_WIDTH) {
        return add_leaves(reader, count, why);
    }
    TRY(check_tiles(reader, &root, why));
    uint64_t end = scrub->frontier.size + TILE_WIDTH;
    if (scrub->next_checkpoint < end) {
        return add_leaves(reader, count, why);
    }
    tlog_frontier_add_subtree(&scrub->frontier, 8, &root);
    return meet_checkpoint(reader, &scrub->frontier, why);
}

/* --- A pass ------------------------------------------------------------------------- */

static enum sg_status begin(struct ledger_reader *reader, struct sg_error *why)
{
    return view_begin(reader) == SG_OK ? SG_OK : failed(reader, why);
}

static enum sg_status read_goal(struct ledger_reader *reader, struct sg_error *why)
{
    AUTO(sql_reset) sqlite3_stmt *row = reader->statements[READ_LAST_OWN_CHECKPOINT];
    struct checkpoint checkpoint;
    uint64_t size = 0;

    int rc = sqlite3_step(row);
    if (rc == SQLITE_DONE) {
        return SG_NOT_FOUND;
    }
    if (rc != SQLITE_ROW) {
        return failed(reader, why);
    }
    if (!sql_uint(row, 0, &size) ||
        checkpoint_open(sql_bytes(row, 1), &reader->scrub->key, &checkpoint) != SG_OK ||
        checkpoint.head.size != size) {
        return tree_changed(why, "the log key did not sign checkpoint", size);
    }
    reader->scrub->goal = checkpoint.head;
    return SG_OK;
}

enum sg_status ledger_scrub_begin(struct ledger_reader *reader, const char *log_key,
                                  struct sg_error *why)
{
    struct note_key key;

    if (note_vkey_parse(slice_str(log_key), &key) != SG_OK) {
        return sg_fail(why, SG_INVALID, "'%.80s' is no verifier key", log_key);
    }
    if (reader->scrub == NULL) {
        reader->scrub = (struct scrub *)malloc(sizeof(*reader->scrub));
    }
    if (reader->scrub == NULL) {
        return sg_fail(why, SG_NO_MEMORY, "there is no memory to check the log");
    }
    *reader->scrub = (struct scrub){.key = key, .next_checkpoint = INT64_MAX};
    TRY(begin(reader, why));
    AUTO(view_end) struct ledger_reader *view = reader;
    TRY(read_goal(view, why));
    TRY(find_checkpoint(view, 0, why));
    return meet_checkpoint(view, &view->scrub->frontier, why);
}

enum sg_status ledger_scrub_step(struct ledger_reader *reader,
                                 struct scrub_progress *progress, struct sg_error *why)
{
    struct scrub *scrub = reader->scrub;

    MUST(scrub != NULL);
    TRY(begin(reader, why));
    AUTO(view_end) struct ledger_reader *view = reader;
    for (unsigned i = 0; i < TILES_A_STEP && scrub->frontier.size < scrub->goal.size;
         i++) {
        TRY(scrub_tile(view, why));
    }
    *progress = (struct scrub_progress){scrub->frontier.size, scrub->goal.size};
    return scrub->frontier.size < scrub->goal.size ? SG_OK : SG_NOT_FOUND;
}
