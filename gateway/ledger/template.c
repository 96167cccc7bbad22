#include <string.h>

#include "gateway/ledger/ledger.h"
#include "gateway/ledger/sql.h"
#include "gateway/ledger/store.h"

enum sg_status ledger_keep_template(struct ledger *ledger, const uint8_t id[32],
                                    struct slice packed)
{
    sqlite3_stmt *statement = ledger->statements[SQL_ADD_TEMPLATE];

    if (ledger->latched) {
        return SG_LEDGER;
    }
    bool bound = sql_bind_bytes(statement, 1, slice_of(id, 32)) &&
                 sql_bind_bytes(statement, 2, packed);
    ledger->wal_grew = true; /* outside a transaction this is a commit of its own */
    return ledger_run(ledger, SQL_ADD_TEMPLATE, bound, "keep a template");
}

enum sg_status ledger_find_template(struct ledger *ledger, const uint8_t id[32],
                                    uint8_t *out, size_t cap, size_t *len)
{
    AUTO(sql_reset) sqlite3_stmt *statement = ledger->statements[SQL_FIND_TEMPLATE];

    if (ledger->latched) {
        return SG_LEDGER;
    }
    if (!sql_bind_bytes(statement, 1, slice_of(id, 32))) {
        return ledger_latch(ledger, "look up a template");
    }
    int rc = sqlite3_step(statement);
    if (rc == SQLITE_DONE) {
        return SG_NOT_FOUND;
    }
    if (rc != SQLITE_ROW) {
        return ledger_latch(ledger, "look up a template");
    }
    struct slice found = sql_bytes(statement, 0);
    if (found.len > cap) {
        return SG_TOO_LARGE;
    }
    memcpy(out, found.data, found.len);
    *len = found.len;
    return SG_OK;
}
