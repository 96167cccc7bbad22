#include "gateway/ledger/peek.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gateway/ledger/place.h"
#include "gateway/ledger/schema.h"
#include "gateway/ledger/sql.h"

enum {
    URI_MAX = 3 * PATH_MAX + 32,
    POLICY_SINCE = 2 /* version of the tables that has policies */
};

static void db_close(sqlite3 **db)
{
    (void)sqlite3_close(*db);
}

static bool has_bytes(const char *path)
{
    struct stat found;

    return stat(path, &found) == 0 && found.st_size > 0;
}

/* Somebody writes it, or could not end well: then the WAL counts, too. Who closes a
 * ledger well removes it. */
static bool has_wal(const char *path)
{
    char wal[PATH_MAX + 8];
    int len = snprintf(wal, sizeof(wal), "%s-wal", path);

    return len > 0 && (size_t)len < sizeof(wal) && access(wal, F_OK) == 0;
}

/* As https://sqlite.org/uri.html asks: whatever is no plain character, in hexadecimal. */
static bool make_uri(const char *path, bool immutable, char out[URI_MAX])
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                "0123456789/._-";
    int len = snprintf(out, URI_MAX, "file:");

    if (strlen(path) >= PATH_MAX) {
        return false;
    }
    for (; *path != '\0'; path++) {
        len += snprintf(out + len, URI_MAX - (size_t)len,
                        strchr(plain, *path) != NULL ? "%c" : "%%%02X",
                        (unsigned char)*path);
    }
    (void)snprintf(out + len, URI_MAX - (size_t)len, immutable ? "?immutable=1" : "");
    return true;
}

static enum sg_status copy_policy(sqlite3_stmt *row, struct ledger_policy *out)
{
    struct slice sha256 = sql_bytes(row, 0);
    struct slice text = sql_bytes(row, 3);

    if (sha256.len != sizeof(out->sha256) || !sql_uint(row, 1, &out->version) ||
        !sql_uint(row, 2, &out->index)) {
        return SG_CORRUPT;
    }
    uint8_t *copy = (uint8_t *)malloc(text.len == 0 ? 1 : text.len);
    if (copy == NULL) {
        return SG_NO_MEMORY;
    }
    memcpy(copy, text.data, text.len);
    memcpy(out->sha256, sha256.data, sizeof(out->sha256));
    out->text = slice_of(copy, text.len);
    return SG_OK;
}

static enum sg_status read_policy(sqlite3 *db, struct ledger_policy *out,
                                  struct sg_error *why)
{
    sqlite3_stmt *row = NULL;

    TRY(sql_prepare(db,
                    "SELECT sha256, version, idx, text FROM policy ORDER BY n DESC"
                    " LIMIT 1",
                    &row, why));
    int rc = sqlite3_step(row);
    enum sg_status status = rc == SQLITE_ROW    ? copy_policy(row, out)
                            : rc == SQLITE_DONE ? SG_OK
                                                : sql_fail(db, "be read", why);
    (void)sqlite3_finalize(row);
    return status;
}

enum sg_status ledger_peek(const struct ledger_options *options, struct ledger_peek *out,
                           struct sg_error *why)
{
    AUTO(db_close) sqlite3 *db = NULL;
    char uri[URI_MAX];

    *out = (struct ledger_peek){.schema_ours = schema_ours()};
    TRY(place_check(options->path, why));
    if (!has_bytes(options->path)) {
        return SG_OK;
    }
    if (!make_uri(options->path, !has_wal(options->path), uri)) {
        return sg_fail(why, SG_INVALID, "the path of the ledger is too long");
    }
    TRY(sql_open(uri, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, &db, why));
    TRY(schema_look(db, options->origin, &out->schema, why));
    out->exists = out->schema > 0;
    return out->schema < POLICY_SINCE ? SG_OK : read_policy(db, &out->policy, why);
}

void ledger_peek_fini(struct ledger_peek *peek)
{
    ledger_policy_fini(&peek->policy);
}
