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
