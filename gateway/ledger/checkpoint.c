#include <string.h>

#include "gateway/clock.h"
#include "gateway/ledger/sql.h"
#include "gateway/ledger/store.h"
#include "gateway/ledger/tree.h"
#include "proto/tlog/checkpoint.h"

enum sg_status store_read_note(const struct ledger *ledger, struct slice bytes,
                               struct checkpoint *out)
{
    struct note note;

    if (ledger->has_log_key) {
        return checkpoint_open(bytes, &ledger->log_key, out);
    }
    TRY(note_parse(bytes, &note));
    TRY(checkpoint_parse(note.text, out));
    return slice_equal(out->origin, slice_str(ledger->origin)) ? SG_OK : SG_NOT_FOUND;
}

enum sg_status store_last_checkpoint(struct ledger *ledger, struct tlog_head *head,
                                     struct sg_error *why)
{
    AUTO(sql_reset) sqlite3_stmt *row = ledger->statements[SQL_LAST_CHECKPOINT];
    struct checkpoint checkpoint;
    uint64_t size = 0;

    int rc = sqlite3_step(row);
    if (rc == SQLITE_DONE) {
        head->size = 0;
        head->root = tlog_sha256(slice_of("", 0));
        return SG_OK;
    }
    if (rc != SQLITE_ROW) {
        return sql_fail(ledger->db, "read its last checkpoint", why);
    }
    enum sg_status read = store_read_note(ledger, sql_bytes(row, 1), &checkpoint);
    if (read == SG_OK && sql_uint(row, 0, &size) && size == checkpoint.head.size) {
        *head = checkpoint.head;
        return SG_OK;
    }
    return sg_fail(why, SG_CORRUPT,
                   "the ledger's last checkpoint %s '%s': keep the file as evidence, "
                   "and restore the ledger or the log key that belong together",
                   read == SG_NOT_FOUND ? "is not by the log key of"
                                        : "is no valid signed note of",
                   ledger->origin);
}

/* The first one of at least this size. SG_NOT_FOUND: there is none. */
static enum sg_status check_note(struct ledger *ledger, uint64_t *size,
                                 struct sg_error *why)
{
    AUTO(sql_reset) sqlite3_stmt *row = ledger->statements[SQL_CHECKPOINT_SINCE];
    struct checkpoint checkpoint;

    int rc = sql_bind_uint(row, 1, *size) ? sqlite3_step(row) : SQLITE_ERROR;
    if (rc == SQLITE_DONE) {
        return SG_NOT_FOUND;
    }
    if (rc != SQLITE_ROW || !sql_uint(row, 0, size)) {
        return sql_fail(ledger->db, "read a checkpoint", why);
    }
    return store_read_note(ledger, sql_bytes(row, 1), &checkpoint) == SG_OK &&
                   checkpoint.head.size == *size
               ? SG_OK
               : tree_changed(why, "the log key did not sign checkpoint", *size);
}

enum sg_status store_check_notes(struct ledger *ledger, struct sg_error *why)
{
    enum sg_status status = SG_OK;

    MUST(ledger->has_log_key);
    for (uint64_t size = 0; status == SG_OK; size++) {
        TRY(store_go_on(ledger, why));
        status = check_note(ledger, &size, why);
    }
    ledger->all_notes_by_it = status == SG_NOT_FOUND;
    return ledger->all_notes_by_it ? SG_OK : status;
}

enum sg_status ledger_checkpoint_text(struct ledger *ledger, char *out, size_t cap,
                                      size_t *len)
{
    struct checkpoint checkpoint = {.origin = slice_str(ledger->origin)};
    struct lines_out lines;
    struct slice text;

    if (ledger->latched) {
        return SG_LEDGER;
    }
    MUST(!ledger->in_transaction);
    checkpoint.head.size = ledger->committed.frontier.size;
    checkpoint.head.root = tlog_frontier_root(&ledger->committed.frontier);
    lines_start(&lines, out, cap);
    checkpoint_write(&lines, &checkpoint);
    TRY(lines_finish(&lines, &text));
    ledger->offer = checkpoint.head;
    ledger->has_offer = true;
    *len = text.len;
    return SG_OK;
}

enum sg_status ledger_checkpoint_store(struct ledger *ledger, struct slice note)
{
    sqlite3_stmt *row = ledger->statements[SQL_ADD_CHECKPOINT];
    struct checkpoint checkpoint;

    if (ledger->latched) {
        return SG_LEDGER;
    }
    MUST(!ledger->in_transaction);
    if (!ledger->has_offer || store_read_note(ledger, note, &checkpoint) != SG_OK ||
        checkpoint.extensions.len != 0 || checkpoint.head.size != ledger->offer.size ||
        checkpoint.head.size < ledger->checkpoint_size ||
        !tlog_hash_equal(&checkpoint.head.root, &ledger->offer.root)) {
        return SG_INVALID;
    }
    bool bound = sql_bind_uint(row, 1, checkpoint.head.size) &&
                 sql_bind_bytes(row, 2, note) &&
                 sqlite3_bind_int64(row, 3, clock_wall_us()) == SQLITE_OK;
    ledger->wal_grew = true;
    TRY(ledger_run(ledger, SQL_ADD_CHECKPOINT, bound, "store a checkpoint"));
    ledger->checkpoint_size = checkpoint.head.size;
    return SG_OK;
}
