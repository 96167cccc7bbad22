#include "gateway/ledger/memo.h"

#include <stdio.h>
#include <string.h>

#include "gateway/ledger/ledger.h"
#include "gateway/ledger/sql.h"
#include "gateway/ledger/store.h"

/* They share a table with the schema's own facts, under a prefix that these do not have.
 */
enum { NAME_MAX_LEN = 160 };

static void full_name(const char *name, char out[NAME_MAX_LEN])
{
    int len = snprintf(out, NAME_MAX_LEN, "memo/%s", name);

    MUST(len > 0 && len < NAME_MAX_LEN);
}

enum sg_status ledger_remember(struct ledger *ledger, const char *name, const char *text)
{
    sqlite3_stmt *statement = ledger->statements[SQL_PUT_MEMO];
    char full[NAME_MAX_LEN];

    if (ledger->latched) {
        return SG_LEDGER;
    }
    MUST(strlen(text) < LEDGER_MEMO_MAX);
    full_name(name, full);
    bool bound = sql_bind_text(statement, 1, full) && sql_bind_text(statement, 2, text);
    ledger->wal_grew = true; /* outside a transaction this is a commit of its own */
    return ledger_run(ledger, SQL_PUT_MEMO, bound, "keep a fact");
}

enum sg_status ledger_recall(struct ledger *ledger, const char *name,
                             char out[LEDGER_MEMO_MAX])
{
    AUTO(sql_reset) sqlite3_stmt *statement = ledger->statements[SQL_FIND_MEMO];
    char full[NAME_MAX_LEN];

    out[0] = '\0';
    if (ledger->latched) {
        return SG_LEDGER;
    }
    full_name(name, full);
    if (!sql_bind_text(statement, 1, full)) {
        return ledger_latch(ledger, "look up a fact");
    }
    int rc = sqlite3_step(statement);
    if (rc == SQLITE_DONE) {
        return SG_NOT_FOUND;
    }
    struct slice found = rc == SQLITE_ROW ? sql_bytes(statement, 0) : slice_str("");
    if (rc != SQLITE_ROW || found.len >= LEDGER_MEMO_MAX) {
        return ledger_latch(ledger, "look up a fact");
    }
    memcpy(out, found.data, found.len);
    out[found.len] = '\0';
    return SG_OK;
}
