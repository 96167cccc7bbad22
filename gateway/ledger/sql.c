#include "gateway/ledger/sql.h"

#include <stdlib.h>
#include <string.h>

enum { BUSY_MS = 200 };

enum sg_status sql_fail(sqlite3 *db, const char *doing, struct sg_error *why)
{
    int code = db == NULL ? SQLITE_NOMEM : sqlite3_extended_errcode(db);
    int class = code & 0xff;
    bool corrupt = class == SQLITE_CORRUPT || class == SQLITE_NOTADB;

    return sg_fail(why, corrupt ? SG_CORRUPT : SG_LEDGER,
                   "the ledger cannot %s (SQLite %d: %s): look at its disk, its owner "
                   "and its permissions",
                   doing, code, db == NULL ? "no memory" : sqlite3_errmsg(db));
}

/* A file that somebody prepared must not be able to make us run what it says. */
static bool distrust_schema(sqlite3 *db)
{
    return sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL) == SQLITE_OK &&
           sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL) == SQLITE_OK &&
           sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL) == SQLITE_OK &&
           sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL) == SQLITE_OK;
}

enum sg_status sql_open(const char *path, int flags, sqlite3 **db, struct sg_error *why)
{
    return sql_open_by(path, flags, NULL, db, why);
}

enum sg_status sql_open_by(const char *path, int flags, const char *vfs, sqlite3 **db,
                           struct sg_error *why)
{
    int all = flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;

    if (sqlite3_open_v2(path, db, all, vfs) != SQLITE_OK) {
        return sql_fail(*db, "open its file", why);
    }
    if (!distrust_schema(*db) || sqlite3_busy_timeout(*db, BUSY_MS) != SQLITE_OK) {
        return sql_fail(*db, "be set up", why);
    }
    return SG_OK;
}

enum sg_status sql_exec(sqlite3 *db, const char *text, struct sg_error *why)
{
    if (sqlite3_exec(db, text, NULL, NULL, NULL) != SQLITE_OK) {
        return sql_fail(db, "be set up", why);
    }
    return SG_OK;
}

enum sg_status sql_prepare(sqlite3 *db, const char *text, sqlite3_stmt **out,
                           struct sg_error *why)
{
    if (sqlite3_prepare_v3(db, text, -1, SQLITE_PREPARE_PERSISTENT, out, NULL) !=
        SQLITE_OK) {
        return sql_fail(db, "find its tables", why);
    }
    return SG_OK;
}

enum sg_status sql_ask_uint(sqlite3 *db, const char *text, uint64_t *value,
                            struct sg_error *why)
{
    sqlite3_stmt *statement = NULL;

    TRY(sql_prepare(db, text, &statement, why));
    int rc = sqlite3_step(statement);
    bool found = rc == SQLITE_ROW && sql_uint(statement, 0, value);
    enum sg_status failed = rc == SQLITE_ROW || rc == SQLITE_DONE
                                ? SG_NOT_FOUND
                                : sql_fail(db, "be read", why);
    (void)sqlite3_finalize(statement);
    return found ? SG_OK : failed;
}

bool sql_text_is(sqlite3 *db, const char *question, const char *wanted)
{
    sqlite3_stmt *statement = NULL;
    bool same = false;

    if (sqlite3_prepare_v2(db, question, -1, &statement, NULL) != SQLITE_OK) {
        return false;
    }
    if (sqlite3_step(statement) == SQLITE_ROW) {
        same = slice_equal(sql_bytes(statement, 0), slice_str(wanted));
    }
    (void)sqlite3_finalize(statement);
    return same;
}

void sql_reset(sqlite3_stmt **statement)
{
    /* The result repeats that of the last step, which was looked at. */
    (void)sqlite3_reset(*statement);
}

bool sql_bind_bytes(sqlite3_stmt *statement, int at, struct slice bytes)
{
    const void *data = bytes.len == 0 ? "" : (const void *)bytes.data;

    return sqlite3_bind_blob64(statement, at, data, bytes.len, SQLITE_STATIC) ==
           SQLITE_OK;
}

bool sql_bind_text(sqlite3_stmt *statement, int at, const char *text)
{
    return sqlite3_bind_text(statement, at, text, -1, SQLITE_STATIC) == SQLITE_OK;
}

bool sql_bind_uint(sqlite3_stmt *statement, int at, uint64_t value)
{
    return value <= INT64_MAX &&
           sqlite3_bind_int64(statement, at, (sqlite3_int64)value) == SQLITE_OK;
}

bool sql_bind_time(sqlite3_stmt *statement, int at, int64_t us)
{
    return us >= 0 && sql_bind_uint(statement, at, (uint64_t)us);
}

struct slice sql_bytes(sqlite3_stmt *statement, int column)
{
    const void *data = sqlite3_column_blob(statement, column);
    int len = sqlite3_column_bytes(statement, column);

    return data == NULL || len <= 0 ? slice_of("", 0) : slice_of(data, (size_t)len);
}

enum sg_status sql_copy(sqlite3_stmt *statement, int column, struct slice *out)
{
    struct slice found = sql_bytes(statement, column);
    uint8_t *copy = (uint8_t *)malloc(found.len + 1);

    if (copy == NULL) {
        return SG_NO_MEMORY;
    }
    memcpy(copy, found.data, found.len);
    *out = slice_of(copy, found.len);
    return SG_OK;
}

bool sql_uint(sqlite3_stmt *statement, int column, uint64_t *value)
{
    sqlite3_int64 found = sqlite3_column_int64(statement, column);

    if (sqlite3_column_type(statement, column) != SQLITE_INTEGER || found < 0) {
        return false;
    }
    *value = (uint64_t)found;
    return true;
}

bool sql_hash(sqlite3_stmt *statement, int column, struct tlog_hash *out)
{
    struct slice bytes = sql_bytes(statement, column);

    if (bytes.len != sizeof(out->bytes)) {
        return false;
    }
    memcpy(out->bytes, bytes.data, sizeof(out->bytes));
    return true;
}
