#include "gateway/ledger/expiry.h"

#include "gateway/ledger/sql.h"
#include "gateway/ledger/store.h"
#include "gateway/ledger/written.h"

/* The last OUTCOME of those that go. */
static enum sg_status find_last(struct ledger *ledger, struct expiry *expiry,
                                uint64_t *last)
{
    AUTO(sql_reset) sqlite3_stmt *row = ledger->statements[SQL_OLD_ANSWERS];
    uint32_t seen = 0;
    int rc = SQLITE_ROW;

    if (!sql_bind_uint(row, 1, EXPIRY_PIECE)) {
        return ledger_latch(ledger, "look for old answers");
    }
    while ((rc = sqlite3_step(row)) == SQLITE_ROW) {
        uint64_t outcome = 0;
        int64_t us = written_us(sql_bytes(row, 1));
        bool ahead = us > expiry->now_us && us != INT64_MAX;
        if (!sql_uint(row, 0, &outcome) || (us >= expiry->before_us && !ahead)) {
            return SG_OK;
        }
        seen++;
        if (!ahead) {
            *last = outcome;
            expiry->gone = seen;
        }
    }
    expiry->ahead = expiry->gone == 0 && seen == EXPIRY_PIECE;
    return rc == SQLITE_DONE ? SG_OK : ledger_latch(ledger, "look for old answers");
}

static enum sg_status take_away(struct ledger *ledger, uint64_t last)
{
    TRY(ledger_begin(ledger));
    bool bound = sql_bind_uint(ledger->statements[SQL_DROP_ANSWERS], 1, last);
    TRY(ledger_run(ledger, SQL_DROP_ANSWERS, bound, "take old answers away"));
    bound = sql_bind_uint(ledger->statements[SQL_DROP_TOKENS], 1, last);
    TRY(ledger_run(ledger, SQL_DROP_TOKENS, bound, "take old time stamps away"));
    return ledger_commit(ledger);
}

enum sg_status ledger_expire(struct ledger *ledger, struct expiry *expiry)
{
    uint64_t last = 0;

    expiry->gone = 0;
    expiry->ahead = false;
    if (ledger->latched) {
        return SG_LEDGER;
    }
    MUST(!ledger->in_transaction && expiry->before_us <= expiry->now_us);
    TRY(find_last(ledger, expiry, &last));
    return expiry->gone == 0 ? SG_OK : take_away(ledger, last);
}
