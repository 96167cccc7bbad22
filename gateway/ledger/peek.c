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

enum { URI_MAX = 3 * PATH_MAX + 32 };

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

static enum sg_status copy_bytes(struct slice bytes, struct slice *out)
{
    uint8_t *copy = (uint8_t *)malloc(bytes.len + 1);

    if (copy == NULL) {
        return SG_NO_MEMORY;
    }
    memcpy(copy, bytes.data, bytes.len);
    *out = slice_of(copy, bytes.len);
    return SG_OK;
}

/* --- Rows of which one counts ------------------------------------------------------- */

static enum sg_status copy_policy(sqlite3_stmt *row, void *into)
{
    struct ledger_policy *out = (struct ledger_policy *)into;
    struct slice sha256 = sql_bytes(row, 0);

    if (sha256.len != sizeof(out->sha256) || !sql_uint(row, 1, &out->version) ||
        !sql_uint(row, 2, &out->index)) {
        return SG_CORRUPT;
    }
    memcpy(out->sha256, sha256.data, sizeof(out->sha256));
    return copy_bytes(sql_bytes(row, 3), &out->text);
}

static enum sg_status copy_roster(sqlite3_stmt *row, void *into)
{
    struct ledger_roster *out = (struct ledger_roster *)into;
    struct slice sha256 = sql_bytes(row, 0);

    if (sha256.len != sizeof(out->sha256) || !sql_uint(row, 1, &out->index)) {
        return SG_CORRUPT;
    }
    memcpy(out->sha256, sha256.data, sizeof(out->sha256));
    return copy_bytes(sql_bytes(row, 2), &out->text);
}

static enum sg_status copy_memo(sqlite3_stmt *row, void *into)
{
    struct slice text = sql_bytes(row, 0);

    if (text.len >= LEDGER_MEMO_MAX) {
        return SG_CORRUPT;
    }
    memcpy(into, text.data, text.len);
    ((char *)into)[text.len] = '\0';
    return SG_OK;
}

/* A question of at most one row; without one, *out stays as it is. */
struct question {
    const char *text;
    enum sg_status (*copy)(sqlite3_stmt *row, void *out);
    void *out;
};

static enum sg_status ask(sqlite3 *db, const struct question *question,
                          struct sg_error *why)
{
    sqlite3_stmt *row = NULL;

    TRY(sql_prepare(db, question->text, &row, why));
    int rc = sqlite3_step(row);
    enum sg_status status = rc == SQLITE_ROW    ? question->copy(row, question->out)
                            : rc == SQLITE_DONE ? SG_OK
                                                : sql_fail(db, "be read", why);
    (void)sqlite3_finalize(row);
    return status;
}

static enum sg_status read_policy(sqlite3 *db, struct ledger_peek *out,
                                  struct sg_error *why)
{
    const struct question question = {
        "SELECT sha256, version, idx, text FROM policy ORDER BY n DESC LIMIT 1",
        copy_policy, &out->policy};

    return ask(db, &question, why);
}

static enum sg_status read_roster(sqlite3 *db, struct ledger_peek *out,
                                  struct sg_error *why)
{
    const struct question questions[] = {
        {"SELECT sha256, idx, text FROM roster ORDER BY n DESC LIMIT 1", copy_roster,
         &out->roster},
        {"SELECT value FROM meta WHERE key = 'memo/" LEDGER_ROSTER "'", copy_memo,
         out->roster_memo},
        {"SELECT value FROM meta WHERE key = 'memo/" LEDGER_ROSTER_FILE "'", copy_memo,
         out->roster_file_memo},
    };

    for (size_t i = 0; i < SG_COUNT(questions); i++) {
        TRY(ask(db, &questions[i], why));
    }
    return SG_OK;
}

/* --- Keys ----------------------------------------------------------------------------
 */

static enum sg_status copy_key(sqlite3_stmt *row, struct ledger_peek_key *out)
{
    struct slice name = sql_bytes(row, 0);
    struct slice ckaid = sql_bytes(row, 1);

    if (name.len >= sizeof(out->name) || ckaid.len > sizeof(out->ckaid)) {
        return SG_CORRUPT;
    }
    memcpy(out->name, name.data, name.len);
    memcpy(out->ckaid, ckaid.data, ckaid.len);
    out->ckaid_len = ckaid.len;
    return copy_bytes(sql_bytes(row, 2), &out->chain);
}

/* All that it has: no key ever leaves the register. */
static enum sg_status copy_keys(sqlite3_stmt *row, struct ledger_peek *out)
{
    int rc = sqlite3_step(row);

    for (; rc == SQLITE_ROW; rc = sqlite3_step(row)) {
        struct ledger_peek_key *more = (struct ledger_peek_key *)realloc(
            out->keys, (out->key_count + 1) * sizeof(*more));
        if (more == NULL) {
            return SG_NO_MEMORY;
        }
        out->keys = more;
        out->keys[out->key_count] = (struct ledger_peek_key){.ckaid_len = 0};
        TRY(copy_key(row, &out->keys[out->key_count++]));
    }
    return rc == SQLITE_DONE ? SG_OK : SG_LEDGER;
}

static enum sg_status read_keys(sqlite3 *db, struct ledger_peek *out,
                                struct sg_error *why)
{
    sqlite3_stmt *row = NULL;

    TRY(sql_prepare(db,
                    "SELECT r.name, r.ckaid, d.chain FROM keyreg r LEFT JOIN keyder d"
                    " ON d.name = r.name WHERE r.state <> 0",
                    &row, why));
    enum sg_status status = copy_keys(row, out);
    if (status == SG_LEDGER) {
        status = sql_fail(db, "be read", why);
    }
    (void)sqlite3_finalize(row);
    return status;
}

/* --- All of it -----------------------------------------------------------------------
 */

static enum sg_status read_all(sqlite3 *db, struct ledger_peek *out, struct sg_error *why)
{
    static const struct {
        uint64_t since; /* version of the tables that has it */
        enum sg_status (*read)(sqlite3 *db, struct ledger_peek *out,
                               struct sg_error *why);
    } parts[] = {{2, read_policy}, {5, read_keys}, {7, read_roster}};

    for (size_t i = 0; i < SG_COUNT(parts); i++) {
        TRY(out->schema < parts[i].since ? SG_OK : parts[i].read(db, out, why));
    }
    return SG_OK;
}

enum sg_status ledger_peek(const struct ledger_options *options, struct ledger_peek *out,
                           struct sg_error *why)
{
    AUTO(db_close) sqlite3 *db = NULL;
    char uri[URI_MAX];

    *out = (struct ledger_peek){.schema_ours = schema_ours()};
    TRY(place_is_direct(options->path, why));
    TRY(place_check(options->path, why));
    if (!has_bytes(options->path)) {
        return SG_OK;
    }
    if (!make_uri(options->path, !has_wal(options->path), uri)) {
        return sg_fail(why, SG_INVALID, "the path of the ledger is too long");
    }
    TRY(sql_open(uri, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, &db, why));
    TRY(sql_exec(db, "BEGIN", why)); /* all of one moment; nobody ends it but the close */
    TRY(schema_look(db, options->origin, &out->schema, why));
    out->exists = out->schema > 0;
    return read_all(db, out, why);
}

void ledger_peek_fini(struct ledger_peek *peek)
{
    ledger_policy_fini(&peek->policy);
    ledger_roster_fini(&peek->roster);
    for (size_t i = 0; i < peek->key_count; i++) {
        free((void *)(uintptr_t)peek->keys[i].chain.data);
    }
    free(peek->keys);
    peek->keys = NULL;
    peek->key_count = 0;
}
