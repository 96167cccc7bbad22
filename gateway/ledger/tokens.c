#include "gateway/ledger/tokens.h"

#include <string.h>

#include "gateway/ledger/ledger.h"
#include "gateway/ledger/sql.h"
#include "gateway/ledger/store.h"

enum sg_status ledger_keep_token(struct ledger *ledger, uint64_t outcome,
                                 struct slice token)
{
    sqlite3_stmt *row = ledger->statements[SQL_ADD_TOKEN];

    if (ledger->latched) {
        return SG_LEDGER;
    }
    MUST(ledger->in_transaction);
    bool bound = sql_bind_uint(row, 1, outcome) && sql_bind_bytes(row, 2, token);
    return ledger_run(ledger, SQL_ADD_TOKEN, bound, "keep a time stamp");
}

enum sg_status ledger_find_token(struct ledger *ledger, uint64_t outcome, uint8_t *out,
                                 size_t cap, size_t *len)
{
    AUTO(sql_reset) sqlite3_stmt *row = ledger->statements[SQL_FIND_TOKEN];

    if (ledger->latched) {
        return SG_LEDGER;
    }
    if (!sql_bind_uint(row, 1, outcome)) {
        return ledger_latch(ledger, "look up a time stamp");
    }
    int rc = sqlite3_step(row);
    if (rc == SQLITE_DONE) {
        return SG_NOT_FOUND;
    }
    if (rc != SQLITE_ROW) {
        return ledger_latch(ledger, "look up a time stamp");
    }
    struct slice found = sql_bytes(row, 0);
    if (found.len == 0 || found.len > cap) {
        return ledger_latch_corrupt(ledger, "a time stamp");
    }
    memcpy(out, found.data, found.len);
    *len = found.len;
    return SG_OK;
}
