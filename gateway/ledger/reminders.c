#include "gateway/ledger/incidents.h"
#include "gateway/ledger/sql.h"
#include "gateway/ledger/store.h"

/* Of which ends somebody was reminded. */

static bool bind(sqlite3_stmt *statement, const struct ledger_reminder *reminder)
{
    return sql_bind_text(statement, 1, reminder->what) &&
           sql_bind_text(statement, 2, reminder->name) &&
           sql_bind_time(statement, 3, reminder->expires_us);
}

enum sg_status ledger_recall_reminder(struct ledger *ledger,
                                      struct ledger_reminder *reminder)
{
    AUTO(sql_reset) sqlite3_stmt *statement = ledger->statements[SQL_FIND_REMINDER];
    uint64_t days = 0;

    if (ledger->latched) {
        return SG_LEDGER;
    }
    int rc = bind(statement, reminder) ? sqlite3_step(statement) : SQLITE_ERROR;
    if (rc == SQLITE_DONE) {
        return SG_NOT_FOUND;
    }
    if (rc != SQLITE_ROW || !sql_uint(statement, 0, &days) || days > UINT32_MAX) {
        return ledger_latch(ledger, "look up a reminder");
    }
    reminder->days = (uint32_t)days;
    return SG_OK;
}

enum sg_status ledger_keep_reminder(struct ledger *ledger,
                                    const struct ledger_reminder *reminder)
{
    sqlite3_stmt *statement = ledger->statements[SQL_PUT_REMINDER];

    if (ledger->latched) {
        return SG_LEDGER;
    }
    return ledger_run(ledger, SQL_PUT_REMINDER,
                      bind(statement, reminder) &&
                          sql_bind_uint(statement, 4, reminder->days),
                      "keep a reminder");
}

enum sg_status ledger_drop_reminders(struct ledger *ledger, int64_t before_us)
{
    sqlite3_stmt *statement = ledger->statements[SQL_DROP_REMINDERS];

    if (ledger->latched || before_us <= 0) {
        return ledger->latched ? SG_LEDGER : SG_OK;
    }
    return ledger_run(ledger, SQL_DROP_REMINDERS,
                      sql_bind_uint(statement, 1, (uint64_t)before_us),
                      "forget old reminders");
}
