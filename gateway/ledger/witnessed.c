#include "gateway/ledger/witnessed.h"

#include "gateway/ledger/sql.h"
#include "gateway/ledger/store.h"

static enum sg_status add(struct ledger *ledger, enum statement which,
                          const struct ledger_witnessed *witnessed)
{
    sqlite3_stmt *statement = ledger->statements[which];

    if (ledger->latched) {
        return SG_LEDGER;
    }
    MUST(ledger->in_transaction);
    bool bound = sql_bind_uint(statement, 1, witnessed->size) &&
                 sql_bind_text(statement, 2, witnessed->by) &&
                 sql_bind_uint(statement, 3, witnessed->time_s) &&
                 sql_bind_bytes(statement, 4, witnessed->bytes);
    return ledger_run(ledger, which, bound, "keep what a witness signed");
}

enum sg_status ledger_add_cosignature(struct ledger *ledger,
                                      const struct ledger_witnessed *witnessed)
{
    return add(ledger, SQL_ADD_COSIGNATURE, witnessed);
}

enum sg_status ledger_add_stamp(struct ledger *ledger,
                                const struct ledger_witnessed *witnessed)
{
    return add(ledger, SQL_ADD_STAMP, witnessed);
}
