#include <string.h>

#include "gateway/ledger/reader.h"
#include "gateway/ledger/sql.h"
#include "gateway/ledger/view.h"
#include "proto/tlog/proof.h"

/* The receipt of one record (C2SP tlog-proof). Checkpoint, path and record are of one
 * transaction, so that they fit together whatever the writer does meanwhile. */

static enum sg_status step(sqlite3_stmt *row)
{
    int rc = sqlite3_step(row);

    if (rc == SQLITE_ROW) {
        return SG_OK;
    }
    return rc == SQLITE_DONE ? SG_ABORTED : SG_IO;
}

/* The statements of checkpoint and record stay as they are until the proof is written:
 * their bytes are used where SQLite holds them. */
static enum sg_status write_proof(sqlite3_stmt *checkpoint, sqlite3_stmt *record,
                                  struct proof *proof, struct lines_out *lines)
{
    struct slice text;

    proof->checkpoint = sql_bytes(checkpoint, 1);
    proof->extra = sql_bytes(record, 1);
    proof_write(lines, proof);
    return lines_finish(lines, &text);
}

static enum sg_status find_record(sqlite3_stmt *row, uint64_t index)
{
    if (!sql_bind_uint(row, 1, index) || !sql_bind_uint(row, 2, index + 1)) {
        return SG_INVALID;
    }
    return step(row) == SG_OK ? SG_OK : SG_CORRUPT;
}

enum sg_status ledger_receipt(struct ledger_reader *reader, uint64_t index, uint8_t *out,
                              size_t cap, size_t *len)
{
    struct proof proof = {.index = index};
    struct lines_out lines;
    uint64_t size = 0;

    uint64_t pruned = 0;

    TRY(view_begin(reader));
    AUTO(view_end) struct ledger_reader *view = reader;
    TRY(view_pruned(view, &pruned));
    if (index < pruned) {
        return SG_PRUNED;
    }
    AUTO(sql_reset) sqlite3_stmt *checkpoint = view->statements[READ_WITNESSED];
    if (!sql_bind_uint(checkpoint, 1, index)) {
        return SG_INVALID;
    }
    TRY(step(checkpoint));
    if (!sql_uint(checkpoint, 0, &size)) {
        return SG_CORRUPT;
    }
    if (index >= size) {
        return SG_ABORTED;
    }
    TRY(view_inclusion(view, index, size, &proof.path));
    AUTO(sql_reset) sqlite3_stmt *record = view->statements[READ_LEAVES];
    TRY(find_record(record, index));
    lines_start(&lines, (char *)out, cap);
    TRY(write_proof(checkpoint, record, &proof, &lines));
    *len = lines.len;
    return SG_OK;
}
