#include "gateway/ledger/request_view.h"

#include "gateway/ledger/request_row.h"
#include "gateway/ledger/sql.h"
#include "gateway/ledger/view.h"

/* A reader latches nothing: what it finds damaged is the writer's to judge. */
static enum sg_status end(const struct row *row)
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

    return vote_rows(&row, out) ? end(&row) : SG_IO;
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
    return end(&row);
}

enum sg_status ledger_read_request(struct ledger_reader *reader, const char *id,
                                   struct arena *arena, struct ledger_request *out)
{
    TRY(view_begin(reader));
    AUTO(view_end) struct ledger_reader *view = reader;
    TRY(read_request(view, id, arena, out));
    return read_votes(view, arena, out);
}
