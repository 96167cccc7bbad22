#include "gateway/ledger/policy_view.h"

#include <string.h>

#include "gateway/ledger/sql.h"
#include "gateway/ledger/view.h"

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

static enum sg_status take_row(sqlite3_stmt *row, struct ledger_policy_row *out)
{
    struct slice sha256 = sql_bytes(row, 2);

    *out = (struct ledger_policy_row){.n = 0};
    if (!sql_uint(row, 0, &out->n) || !sql_uint(row, 1, &out->version) ||
        sha256.len != sizeof(out->sha256) || !sql_uint(row, 3, &out->place.index)) {
        return SG_CORRUPT;
    }
    memcpy(out->sha256, sha256.data, sizeof(out->sha256));
    out->place.followed = sql_uint(row, 4, &out->place.next);
    return SG_OK;
}

enum sg_status ledger_list_policies(struct ledger_reader *reader, uint64_t below,
                                    size_t max, struct ledger_policy_row *rows,
                                    size_t *count)
{
    uint64_t pruned = 0;
    int rc = SQLITE_DONE;

    *count = 0;
    TRY(view_begin(reader));
    AUTO(view_end) struct ledger_reader *view = reader;
    TRY(view_pruned(view, &pruned));
    AUTO(sql_reset) sqlite3_stmt *row = view->statements[READ_POLICIES];
    if (!sql_bind_uint(row, 1, below == 0 ? (uint64_t)INT64_MAX : below) ||
        !sql_bind_uint(row, 2, max)) {
        return SG_IO;
    }
    while (*count < max && (rc = sqlite3_step(row)) == SQLITE_ROW) {
        TRY(take_row(row, &rows[*count]));
        rows[*count].place.pruned = pruned;
        (*count)++;
    }
    return *count == max || rc == SQLITE_DONE ? SG_OK : SG_IO;
}
