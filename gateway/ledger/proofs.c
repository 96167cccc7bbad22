#include <string.h>

#include "gateway/ledger/reader.h"
#include "gateway/ledger/sql.h"
#include "gateway/ledger/view.h"
#include "proto/tlog/tile.h"

static_assert(sizeof(struct ledger_path) == sizeof(struct tlog_path),
              "a ledger_path is a tlog_path with plain arrays");

/* Puts that tile into the reader; *out is NULL when it is not complete. */
static enum sg_status load_tile(struct ledger_reader *reader, unsigned level, uint64_t n,
                                const struct held_tile **out)
{
    AUTO(sql_reset) sqlite3_stmt *row = reader->statements[READ_TILE];
    struct held_tile *held = &reader->tiles[level];

    *out = held->known && held->n == n ? held : NULL;
    if (*out != NULL) {
        return SG_OK;
    }
    if (!sql_bind_uint(row, 1, level) || !sql_bind_uint(row, 2, n)) {
        return SG_IO;
    }
    int rc = sqlite3_step(row);
    if (rc == SQLITE_DONE) {
        return SG_OK;
    }
    struct slice bytes = sql_bytes(row, 0);
    if (rc != SQLITE_ROW || bytes.len != TILE_BYTES) {
        return rc == SQLITE_ROW ? SG_CORRUPT : SG_IO;
    }
    memcpy(held->hashes, bytes.data, TILE_BYTES);
    held->known = true;
    held->n = n;
    *out = held;
    return SG_OK;
}

/* The subtrees of up to 256 hashes that a statement gives, one a row. */
struct rows {
    sqlite3_stmt *statement;
    bool records; /* column 1 is a record to be hashed; else column 0 is a hash */
    uint64_t count;
};

static enum sg_status fold_rows(const struct rows *rows, struct tlog_hash *out)
{
    struct tlog_hash hashes[TILE_WIDTH];

    MUST(rows->count > 0 && rows->count <= TILE_WIDTH);
    for (uint64_t i = 0; i < rows->count; i++) {
        int rc = sqlite3_step(rows->statement);
        if (rc != SQLITE_ROW) {
            return rc == SQLITE_DONE ? SG_CORRUPT : SG_IO;
        }
        if (rows->records) {
            hashes[i] = tlog_leaf(sql_bytes(rows->statement, 1));
        } else if (!sql_hash(rows->statement, 0, &hashes[i])) {
            return SG_CORRUPT;
        }
    }
    *out = tlog_fold(hashes, (size_t)rows->count);
    return SG_OK;
}

/* Leaves that no complete tile holds yet. */
static enum sg_status fold_records(struct ledger_reader *reader, uint64_t first,
                                   uint64_t count, struct tlog_hash *out)
{
    AUTO(sql_reset) sqlite3_stmt *row = reader->statements[READ_LEAVES];
    struct rows rows = {row, true, count};

    if (!sql_bind_uint(row, 1, first) || !sql_bind_uint(row, 2, first + count)) {
        return SG_IO;
    }
    return fold_rows(&rows, out);
}

static enum sg_status fold_tiles(struct ledger_reader *reader, unsigned tile_level,
                                 uint64_t first, struct rows rows, struct tlog_hash *out)
{
    AUTO(sql_reset) sqlite3_stmt *row = reader->statements[READ_TILE_ROOTS];

    if (!sql_bind_uint(row, 1, tile_level) || !sql_bind_uint(row, 2, first) ||
        !sql_bind_uint(row, 3, first + rows.count)) {
        return SG_IO;
    }
    rows.statement = row;
    return fold_rows(&rows, out);
}

/* tlog_source: from the hashes of a complete tile, of whichever level: 256 of them stand
 * side by side, while the roots of as many tiles below are spread over forty pages. Where
 * the tile is not complete, from those roots, or from the records. */
static enum sg_status fetch(void *context, unsigned level, uint64_t index,
                            struct tlog_hash *out)
{
    struct ledger_reader *reader = (struct ledger_reader *)context;
    uint64_t count = (uint64_t)1 << (level % 8);
    uint64_t first = index * count;
    const struct held_tile *tile = NULL;

    if (level / 8 < TILE_LEVELS) {
        TRY(load_tile(reader, level / 8, first / TILE_WIDTH, &tile));
    }
    if (tile != NULL) {
        *out = tlog_fold(&tile->hashes[first % TILE_WIDTH], (size_t)count);
        return SG_OK;
    }
    if (level >= 8) {
        struct rows rows = {NULL, false, count};
        return fold_tiles(reader, level / 8 - 1, first, rows, out);
    }
    return fold_records(reader, first, count, out);
}

enum sg_status view_leaf(struct ledger_reader *reader, uint64_t index,
                         struct tlog_hash *out)
{
    return fetch(reader, 0, index, out);
}

/* A record that does not hash to its leaf would get a proof that no verifier accepts:
 * better said here. */
static enum sg_status check_record(struct ledger_reader *reader, uint64_t index)
{
    struct tlog_hash stored;
    struct tlog_hash hashed;
    uint64_t pruned = 0;

    TRY(view_pruned(reader, &pruned));
    if (index < pruned) {
        return SG_OK; /* its tile stays, and leads to the root */
    }
    TRY(fetch(reader, 0, index, &stored));
    TRY(fold_records(reader, index, 1, &hashed));
    return tlog_hash_equal(&stored, &hashed) ? SG_OK : SG_CORRUPT;
}

static enum sg_status need_size(struct ledger_reader *reader, uint64_t wanted)
{
    uint64_t size = 0;

    TRY(view_size(reader, &size));
    return wanted <= size ? SG_OK : SG_INVALID;
}

static void give(const struct tlog_path *made, struct ledger_path *path)
{
    for (size_t i = 0; i < made->count; i++) {
        memcpy(path->hash[i], made->hash[i].bytes, TLOG_HASH_SIZE);
    }
    path->count = made->count;
}

enum sg_status view_inclusion(struct ledger_reader *reader, uint64_t index, uint64_t size,
                              struct tlog_path *path)
{
    struct tlog_source source = {fetch, reader};
    struct tlog_place place = {index, size};

    TRY(need_size(reader, size));
    TRY(tlog_inclusion_prove(&source, place, path));
    return check_record(reader, index);
}

enum sg_status ledger_inclusion(struct ledger_reader *reader, uint64_t index,
                                uint64_t tree_size, struct ledger_path *path,
                                uint8_t root[32])
{
    struct tlog_source source = {fetch, reader};
    struct tlog_path made;
    struct tlog_hash top;

    TRY(view_begin(reader));
    AUTO(view_end) struct ledger_reader *view = reader;
    TRY(view_inclusion(view, index, tree_size, &made));
    TRY(tlog_root(&source, tree_size, &top));
    give(&made, path);
    memcpy(root, top.bytes, sizeof(top.bytes));
    return SG_OK;
}

enum sg_status ledger_consistency(struct ledger_reader *reader, uint64_t old_size,
                                  uint64_t new_size, struct ledger_path *path)
{
    struct tlog_source source = {fetch, reader};
    struct tlog_path made;

    TRY(view_begin(reader));
    AUTO(view_end) struct ledger_reader *view = reader;
    TRY(need_size(view, new_size));
    TRY(tlog_consistency_prove(&source, old_size, new_size, &made));
    give(&made, path);
    return SG_OK;
}

/* --- Tiles as they are published ---------------------------------------------------- */

static_assert((int)LEDGER_TILE_BYTES == (int)TILE_BYTES &&
                  (int)LEDGER_TILE_LEVELS == (int)TILE_LEVELS,
              "a published tile is a stored tile");

enum sg_status ledger_tile_read(struct ledger_reader *reader,
                                const struct ledger_tile *tile,
                                uint8_t out[LEDGER_TILE_BYTES], size_t *len)
{
    unsigned width = tile->level < TILE_LEVELS
                         ? tlog_tile_width(tile->level, tile->n, tile->tree_size)
                         : 0;
    struct tlog_hash hash;

    if (width == 0) {
        return SG_INVALID;
    }
    TRY(view_begin(reader));
    AUTO(view_end) struct ledger_reader *view = reader;
    TRY(need_size(view, tile->tree_size));
    for (unsigned i = 0; i < width; i++) {
        TRY(fetch(view, 8 * tile->level, tile->n * TILE_WIDTH + i, &hash));
        memcpy(out + (size_t)i * TLOG_HASH_SIZE, hash.bytes, TLOG_HASH_SIZE);
    }
    *len = (size_t)width * TLOG_HASH_SIZE;
    return SG_OK;
}
