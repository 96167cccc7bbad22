#include "gateway/ledger/overrides.h"

#include <string.h>

#include "gateway/ledger/sql.h"
#include "gateway/ledger/store.h"

enum { OPEN = 1, OVER = 2 };

enum sg_status ledger_add_override(struct ledger *ledger,
                                   const struct ledger_override *override)
{
    sqlite3_stmt *statement = ledger->statements[SQL_ADD_OVERRIDE];

    if (ledger->latched) {
        return SG_LEDGER;
    }
    bool bound = sql_bind_text(statement, 1, override->id) &&
                 sql_bind_text(statement, 2, override->rule) &&
                 sql_bind_text(statement, 3, override->key) &&
                 sql_bind_text(statement, 4, override->caller) &&
                 sql_bind_text(statement, 5, override->document_class) &&
                 sql_bind_bytes(statement, 6, slice_of(override->policy, 32)) &&
                 sql_bind_time(statement, 7, override->until_us) &&
                 sql_bind_uint(statement, 8, override->max) &&
                 sql_bind_time(statement, 9, override->since_us) &&
                 sql_bind_uint(statement, 10, override->index);
    return ledger_run(ledger, SQL_ADD_OVERRIDE, bound, "keep an override");
}

static bool text_of(sqlite3_stmt *statement, int column, char out[LEDGER_ID_MAX + 1])
{
    struct slice text = sql_bytes(statement, column);

    if (text.len > LEDGER_ID_MAX) {
        return false;
    }
    memcpy(out, text.data, text.len);
    out[text.len] = '\0';
    return true;
}

static bool read_row(sqlite3_stmt *statement, struct ledger_override *out)
{
    struct tlog_hash policy;
    uint64_t until = 0;
    uint64_t since = 0;
    bool sound = sql_uint(statement, 0, &out->number) && text_of(statement, 1, out->id) &&
                 text_of(statement, 2, out->rule) && text_of(statement, 3, out->key) &&
                 text_of(statement, 4, out->caller) &&
                 text_of(statement, 5, out->document_class) &&
                 sql_hash(statement, 6, &policy) && sql_uint(statement, 7, &until) &&
                 sql_uint(statement, 8, &out->max) &&
                 sql_uint(statement, 9, &out->used) && sql_uint(statement, 10, &since) &&
                 sql_uint(statement, 11, &out->index);

    if (sound) {
        memcpy(out->policy, policy.bytes, sizeof(out->policy));
        out->until_us = (int64_t)until;
        out->since_us = (int64_t)since;
    }
    return sound;
}

enum sg_status ledger_next_override(struct ledger *ledger, uint64_t above,
                                    struct ledger_override *out)
{
    AUTO(sql_reset) sqlite3_stmt *statement = ledger->statements[SQL_NEXT_OVERRIDE];

    *out = (struct ledger_override){.number = 0};
    if (ledger->latched) {
        return SG_LEDGER;
    }
    if (!sql_bind_uint(statement, 1, above)) {
        return ledger_latch(ledger, "look up overrides");
    }
    int rc = sqlite3_step(statement);
    if (rc == SQLITE_DONE) {
        return SG_NOT_FOUND;
    }
    return rc == SQLITE_ROW && read_row(statement, out)
               ? SG_OK
               : ledger_latch(ledger, "look up overrides");
}

enum sg_status ledger_set_override(struct ledger *ledger, const char *id, uint64_t used,
                                   bool open)
{
    sqlite3_stmt *statement = ledger->statements[SQL_SET_OVERRIDE];

    if (ledger->latched) {
        return SG_LEDGER;
    }
    bool bound = sql_bind_text(statement, 1, id) && sql_bind_uint(statement, 2, used) &&
                 sql_bind_uint(statement, 3, open ? OPEN : OVER);
    TRY(ledger_run(ledger, SQL_SET_OVERRIDE, bound, "use an override"));
    return sqlite3_changes(ledger->db) == 1 ? SG_OK : SG_NOT_FOUND;
}
