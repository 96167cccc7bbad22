#include "gateway/ledger/written.h"

#include <jansson.h>

#include "gateway/ledger/sql.h"
#include "gateway/ledger/store.h"
#include "proto/text.h"

int64_t written_us(struct slice record)
{
    int64_t us = INT64_MAX;
    json_t *json =
        json_loadb((const char *)record.data, record.len, JSON_ALLOW_NUL, NULL);
    const char *text = json_string_value(json_object_get(json, "ts"));

    if (text == NULL || text_time_parse(slice_str(text), &us) != SG_OK) {
        us = INT64_MAX;
    }
    json_decref(json);
    return us;
}

enum sg_status ledger_written(struct ledger *ledger, uint64_t index, int64_t *us)
{
    AUTO(sql_reset) sqlite3_stmt *row = ledger->statements[SQL_LEAVES];

    if (!sql_bind_uint(row, 1, index) || !sql_bind_uint(row, 2, index + 1) ||
        sqlite3_step(row) != SQLITE_ROW) {
        return ledger_latch(ledger, "read a record");
    }
    *us = written_us(sql_bytes(row, 1));
    return SG_OK;
}
