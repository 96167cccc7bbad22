#include "gateway/ledger/sql.h"
#include "gateway/ledger/store.h"

/* The tree has the tile's root already: it was completed by the leaf added last. */
static enum sg_status put_tile(struct ledger *ledger, unsigned level, uint64_t n,
                               const struct tlog_hash hashes[TILE_WIDTH])
{
    enum { BITS_A_LEVEL = 8 };
    sqlite3_stmt *statement = ledger->statements[SQL_ADD_TILE];
    const struct tlog_hash *root =
        tlog_frontier_last(&ledger->scratch.frontier, BITS_A_LEVEL * (level + 1));

    bool bound = sql_bind_uint(statement, 1, level) && sql_bind_uint(statement, 2, n) &&
                 sql_bind_bytes(statement, 3, slice_of(root->bytes, TLOG_HASH_SIZE)) &&
                 sql_bind_bytes(statement, 4, slice_of(hashes, TILE_BYTES));
    return ledger_run(ledger, SQL_ADD_TILE, bound, "add a tile");
}

/* The hashes of tile n of a level are the roots of 256 tiles of the level below. */
static enum sg_status roots_below(struct ledger *ledger, unsigned level, uint64_t n,
                                  struct tlog_hash hashes[TILE_WIDTH])
{
    AUTO(sql_reset) sqlite3_stmt *statement = ledger->statements[SQL_TILE_ROOTS];

    bool good = sql_bind_uint(statement, 1, level - 1) &&
                sql_bind_uint(statement, 2, n * TILE_WIDTH) &&
                sql_bind_uint(statement, 3, (n + 1) * TILE_WIDTH);
    for (size_t i = 0; good && i < TILE_WIDTH; i++) {
        good =
            sqlite3_step(statement) == SQLITE_ROW && sql_hash(statement, 0, &hashes[i]);
    }
    return good ? SG_OK : ledger_latch(ledger, "read its tiles");
}

enum sg_status tiles_store(struct ledger *ledger)
{
    struct tlog_hash hashes[TILE_WIDTH];
    uint64_t complete = ledger->scratch.frontier.size / TILE_WIDTH;

    TRY(put_tile(ledger, 0, complete - 1, ledger->scratch.tail));
    for (unsigned level = 1; level < TILE_LEVELS && complete % TILE_WIDTH == 0; level++) {
        complete /= TILE_WIDTH;
        TRY(roots_below(ledger, level, complete - 1, hashes));
        TRY(put_tile(ledger, level, complete - 1, hashes));
    }
    return SG_OK;
}
