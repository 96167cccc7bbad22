#include "gateway/ledger/minutes.h"

#include "gateway/ledger/row.h"
#include "gateway/ledger/sql.h"

enum sg_status ledger_put_minutes(struct ledger *ledger,
                                  const struct ledger_minutes *minutes)
{
    sqlite3_stmt *statement = ledger->statements[SQL_PUT_MINUTES];

    if (ledger->latched) {
        return SG_LEDGER;
    }
    bool bound = sql_bind_text(statement, 1, minutes->id) &&
                 sql_bind_text(statement, 2, minutes->ceremony) &&
                 sql_bind_bytes(statement, 3, minutes->note) &&
                 sql_bind_bytes(statement, 4, slice_of(minutes->sha256, 32)) &&
                 sql_bind_uint(statement, 5, minutes->missing) &&
                 sql_bind_time(statement, 6, minutes->since_us) &&
                 sql_bind_uint(statement, 7, minutes->log_index) &&
                 sql_bind_bytes(statement, 8, slice_of(minutes->log_hash, 32));
    return ledger_run(ledger, SQL_PUT_MINUTES, bound, "keep minutes");
}

static enum sg_status read_row(struct ledger *ledger, sqlite3_stmt *statement,
                               struct arena *arena, struct ledger_minutes *out)
{
    struct row row = {.statement = statement, .arena = arena, .sound = true};

    *out = (struct ledger_minutes){.number = row_number(&row, 0),
                                   .id = row_text(&row, 1),
                                   .ceremony = row_text(&row, 2),
                                   .note = row_bytes(&row, 3),
                                   .missing = (uint32_t)row_number(&row, 5),
                                   .since_us = row_time(&row, 6),
                                   .log_index = row_number(&row, 7)};
    row_hash(&row, 4, out->sha256);
    row_hash(&row, 8, out->log_hash);
    return row_end(ledger, &row, "minutes");
}

enum sg_status ledger_find_minutes(struct ledger *ledger, const char *id,
                                   struct arena *arena, struct ledger_minutes *out)
{
    AUTO(sql_reset) sqlite3_stmt *statement = ledger->statements[SQL_FIND_MINUTES];

    if (ledger->latched) {
        return SG_LEDGER;
    }
    if (!sql_bind_text(statement, 1, id)) {
        return ledger_latch(ledger, "look up minutes");
    }
    int rc = sqlite3_step(statement);
    if (rc == SQLITE_DONE) {
        return SG_NOT_FOUND;
    }
    return rc == SQLITE_ROW ? read_row(ledger, statement, arena, out)
                            : ledger_latch(ledger, "look up minutes");
}

/* SG_NOT_FOUND: there is no further one. */
static enum sg_status next(struct ledger *ledger, sqlite3_stmt *statement,
                           struct arena *arena, struct ledger_minutes *out)
{
    int rc = sqlite3_step(statement);

    if (rc == SQLITE_DONE) {
        return SG_NOT_FOUND;
    }
    return rc == SQLITE_ROW ? read_row(ledger, statement, arena, out)
                            : ledger_latch(ledger, "list minutes");
}

enum sg_status ledger_list_minutes(struct ledger *ledger,
                                   const struct ledger_minutes_query *query,
                                   struct ledger_minutes *out, size_t *count)
{
    AUTO(sql_reset) sqlite3_stmt *statement = ledger->statements[SQL_LIST_MINUTES];
    enum sg_status status = SG_OK;

    *count = 0;
    if (ledger->latched) {
        return SG_LEDGER;
    }
    if (!sql_bind_uint(statement, 1, query->below) ||
        !sql_bind_uint(statement, 2, query->limit)) {
        return ledger_latch(ledger, "list minutes");
    }
    while (status == SG_OK && *count < query->limit) {
        status = next(ledger, statement, query->arena, &out[*count]);
        *count += status == SG_OK ? 1 : 0;
    }
    return status == SG_NOT_FOUND ? SG_OK : status;
}
