#include "gateway/ledger/intent.h"

#include <jansson.h>
#include <string.h>

#include "gateway/ledger/sql.h"
#include "gateway/ledger/store.h"

static struct slice text_of(const json_t *record, const char *member)
{
    const json_t *text = json_object_get(record, member);

    return json_is_string(text)
               ? slice_of(json_string_value(text), json_string_length(text))
               : slice_of("", 0);
}

static void read_work(struct slice record, struct intent_work *out)
{
    json_t *json =
        json_loadb((const char *)record.data, record.len, JSON_ALLOW_NUL, NULL);
    struct slice key = text_of(json, "key");
    struct digest digest;

    if (key.len > 0 && key.len < sizeof(out->key) &&
        memchr(key.data, 0, key.len) == NULL &&
        digest_parse(text_of(json, "digest"), &digest) == SG_OK) {
        memcpy(out->key, key.data, key.len);
        out->digest = digest;
    }
    json_decref(json);
}

enum sg_status ledger_intent_work(struct ledger *ledger, uint64_t index,
                                  struct intent_work *out)
{
    AUTO(sql_reset) sqlite3_stmt *row = ledger->statements[SQL_LEAVES];

    *out = (struct intent_work){.key = ""};
    if (ledger->latched) {
        return SG_LEDGER;
    }
    bool bound = sql_bind_uint(row, 1, index) && sql_bind_uint(row, 2, index + 1);
    int rc = bound ? sqlite3_step(row) : SQLITE_ERROR;
    if (rc == SQLITE_ROW) {
        read_work(sql_bytes(row, 1), out);
    }
    return rc == SQLITE_ROW || rc == SQLITE_DONE ? SG_OK
                                                 : ledger_latch(ledger, "read a record");
}
