#include "gateway/ledger/expiry.h"

#include "gateway/ledger/sql.h"
#include "gateway/ledger/store.h"
#include "gateway/ledger/written.h"

/* The last OUTCOME of those that go. */
static enum sg_status find_last(struct ledger *ledger, int64_t before_us, uint64_t *last,
                                uint32_t *count)
{
    AUTO(sql_reset) sqlite3_stmt *row = ledger->statements[SQL_OLD_ANSWERS];
    int rc = SQLITE_ROW;

    *count = 0;
    if (!sql_bind_uint(row, 1, EXPIRY_PIECE)) {
        return ledger_latch(ledger, "look for old answers");
    }
    while ((rc = sqlite3_step(row)) == SQLITE_ROW) {
        uint64_t outcome = 0;
        if (!sql_uint(row, 0, &outcome) || written_us(sql_bytes(row, 1)) >= before_us) {
            return SG_OK;
        }
        *last = outcome;
        (*count)++;
    }
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

enum sg_status ledger_expire(struct ledger *ledger, int64_t before_us, uint32_t *gone)
{
    uint64_t last = 0;

    *gone = 0;
    if (ledger->latched) {
        return SG_LEDGER;
    }
    MUST(!ledger->in_transaction);
    TRY(find_last(ledger, before_us, &last, gone));
    return *gone == 0 ? SG_OK : take_away(ledger, last);
}
