#include "gateway/ledger/policy.h"

#include <stdlib.h>
#include <string.h>

#include "gateway/ledger/sql.h"
#include "gateway/ledger/store.h"

enum sg_status ledger_keep_policy(struct ledger *ledger,
                                  const struct ledger_policy *policy)
{
    sqlite3_stmt *statement = ledger->statements[SQL_ADD_POLICY];

    if (ledger->latched) {
        return SG_LEDGER;
    }
    bool bound = sql_bind_bytes(statement, 1, slice_of(policy->sha256, 32)) &&
                 sql_bind_uint(statement, 2, policy->version) &&
                 sql_bind_uint(statement, 3, policy->index) &&
                 sql_bind_bytes(statement, 4, policy->text);
    ledger->wal_grew = true; /* outside a transaction this is a commit of its own */
    return ledger_run(ledger, SQL_ADD_POLICY, bound, "keep a policy");
}

enum sg_status ledger_last_policy(struct ledger *ledger, struct ledger_policy *out)
{
    AUTO(sql_reset) sqlite3_stmt *statement = ledger->statements[SQL_LAST_POLICY];

    *out = (struct ledger_policy){.index = 0};
    if (ledger->latched) {
        return SG_LEDGER;
    }
    int rc = sqlite3_step(statement);
    if (rc == SQLITE_DONE) {
        return SG_NOT_FOUND;
    }
    struct slice sha256 = rc == SQLITE_ROW ? sql_bytes(statement, 0) : slice_str("");
    if (sha256.len != sizeof(out->sha256) || !sql_uint(statement, 1, &out->version) ||
        !sql_uint(statement, 2, &out->index)) {
        return ledger_latch(ledger, "look up the policy");
    }
    memcpy(out->sha256, sha256.data, sizeof(out->sha256));
    return sql_copy(statement, 3, &out->text);
}

void ledger_policy_fini(struct ledger_policy *policy)
{
    free((void *)(uintptr_t)policy->text.data);
    policy->text = slice_of(NULL, 0);
}
