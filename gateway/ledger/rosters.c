#include "gateway/ledger/rosters.h"

#include <stdlib.h>
#include <string.h>

#include "gateway/ledger/sql.h"
#include "gateway/ledger/store.h"

enum sg_status ledger_keep_roster(struct ledger *ledger,
                                  const struct ledger_roster *roster)
{
    sqlite3_stmt *statement = ledger->statements[SQL_ADD_ROSTER];

    if (ledger->latched) {
        return SG_LEDGER;
    }
    bool bound = sql_bind_bytes(statement, 1, slice_of(roster->sha256, 32)) &&
                 sql_bind_uint(statement, 2, roster->index) &&
                 sql_bind_time(statement, 3, roster->since_us) &&
                 sql_bind_bytes(statement, 4, roster->text);
    return ledger_run(ledger, SQL_ADD_ROSTER, bound, "keep a quorum file");
}

static enum sg_status read_row(struct ledger *ledger, sqlite3_stmt *statement,
                               struct ledger_roster *out)
{
    struct tlog_hash sha256;
    uint64_t since = 0;

    int rc = sqlite3_step(statement);
    if (rc == SQLITE_DONE) {
        return SG_NOT_FOUND;
    }
    if (rc != SQLITE_ROW || !sql_hash(statement, 0, &sha256) ||
        !sql_uint(statement, 1, &out->index) || !sql_uint(statement, 2, &since)) {
        return ledger_latch(ledger, "look up the quorum file");
    }
    memcpy(out->sha256, sha256.bytes, sizeof(out->sha256));
    out->since_us = (int64_t)since;
    return sql_copy(statement, 3, &out->text);
}

enum sg_status ledger_last_roster(struct ledger *ledger, struct ledger_roster *out)
{
    AUTO(sql_reset) sqlite3_stmt *statement = ledger->statements[SQL_LAST_ROSTER];

    *out = (struct ledger_roster){.index = 0};
    return ledger->latched ? SG_LEDGER : read_row(ledger, statement, out);
}

enum sg_status ledger_find_roster(struct ledger *ledger, const uint8_t sha256[32],
                                  struct ledger_roster *out)
{
    AUTO(sql_reset) sqlite3_stmt *statement = ledger->statements[SQL_FIND_ROSTER];

    *out = (struct ledger_roster){.index = 0};
    if (ledger->latched) {
        return SG_LEDGER;
    }
    return sql_bind_bytes(statement, 1, slice_of(sha256, 32))
               ? read_row(ledger, statement, out)
               : ledger_latch(ledger, "look up the quorum file");
}

void ledger_roster_fini(struct ledger_roster *roster)
{
    free((void *)(uintptr_t)roster->text.data);
    roster->text = slice_of(NULL, 0);
}
