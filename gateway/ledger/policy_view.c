#include "gateway/ledger/policy_view.h"

#include <string.h>

#include "gateway/ledger/request_row.h"
#include "gateway/ledger/sql.h"
#include "gateway/ledger/view.h"

/* Where the log tells of a policy, and what persons signed to bring it in force. */

static enum sg_status find_place(struct ledger_reader *reader, const uint8_t sha256[32],
                                 struct ledger_policy_place *out)
{
    AUTO(sql_reset) sqlite3_stmt *row = reader->statements[READ_POLICY_PLACE];
    int rc =
        sql_bind_bytes(row, 1, slice_of(sha256, 32)) ? sqlite3_step(row) : SQLITE_ERROR;

    if (rc != SQLITE_ROW) {
        return rc == SQLITE_DONE ? SG_NOT_FOUND : SG_IO;
    }
    if (!sql_uint(row, 0, &out->index)) {
        return SG_CORRUPT;
    }
    out->followed = sql_uint(row, 1, &out->next);
    return SG_OK;
}

enum sg_status ledger_place_policy(struct ledger_reader *reader, const uint8_t sha256[32],
                                   struct ledger_policy_place *out)
{
    struct tlog_hash leaf;

    *out = (struct ledger_policy_place){.index = 0};
    TRY(view_begin(reader));
    AUTO(view_end) struct ledger_reader *view = reader;
    TRY(find_place(view, sha256, out));
    TRY(view_leaf(view, out->index, &leaf));
    TRY(view_pruned(view, &out->pruned));
    memcpy(out->hash, leaf.bytes, sizeof(out->hash));
    return SG_OK;
}

/* --- The request -------------------------------------------------------------------- */

static enum sg_status end_row(const struct row *row)
{
    if (row->full) {
        return SG_NO_MEMORY;
    }
    return row->sound ? SG_OK : SG_CORRUPT;
}

static enum sg_status read_votes(struct ledger_reader *reader, struct arena *arena,
                                 struct ledger_request *out)
{
    AUTO(sql_reset) sqlite3_stmt *statement = reader->statements[READ_VOTES];
    struct row row = {.statement = statement, .arena = arena, .sound = true};
    int rc = SQLITE_ERROR;

    out->votes =
        (struct ledger_vote *)arena_alloc(arena, sizeof(*out->votes) * LEDGER_VOTES_MAX);
    if (out->votes == NULL) {
        return SG_NO_MEMORY;
    }
    if (!sql_bind_uint(statement, 1, out->number)) {
        return SG_CORRUPT;
    }
    while (out->vote_count < LEDGER_VOTES_MAX &&
           (rc = sqlite3_step(statement)) == SQLITE_ROW) {
        vote_row(&row, &out->votes[out->vote_count++]);
    }
    return rc == SQLITE_DONE || rc == SQLITE_ROW ? end_row(&row) : SG_IO;
}

static enum sg_status read_request(struct ledger_reader *reader, const char *id,
                                   struct arena *arena, struct ledger_request *out)
{
    AUTO(sql_reset) sqlite3_stmt *statement = reader->statements[READ_REQUEST];
    struct row row = {.statement = statement, .arena = arena, .sound = true};
    int rc = sql_bind_text(statement, 1, id) ? sqlite3_step(statement) : SQLITE_ERROR;

    if (rc != SQLITE_ROW) {
        return rc == SQLITE_DONE ? SG_NOT_FOUND : SG_IO;
    }
    request_row(&row, out);
    return end_row(&row);
}

enum sg_status ledger_read_request(struct ledger_reader *reader, const char *id,
                                   struct arena *arena, struct ledger_request *out)
{
    TRY(view_begin(reader));
    AUTO(view_end) struct ledger_reader *view = reader;
    TRY(read_request(view, id, arena, out));
    return read_votes(view, arena, out);
}
