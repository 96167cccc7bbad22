#include "gateway/ledger/store.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gateway/ledger/sql.h"
#include "proto/text.h"

/* Row i leads from schema version i to i + 1. Rows are only ever added.
 * Claims and answers grow at their end, so that a group dirties few pages; request ids
 * come in any order, and only the index pays for that. One wide table by request id wrote
 * twice as many pages (476,000 against 232,000 writes for 48,000 signatures). */
static const char *const migrations[] = {
    "CREATE TABLE meta(key TEXT PRIMARY KEY, value) WITHOUT ROWID;"
    "CREATE TABLE leaf(idx INTEGER PRIMARY KEY, rec BLOB NOT NULL);"
    "CREATE TABLE tile(level INTEGER NOT NULL, n INTEGER NOT NULL, root BLOB NOT NULL,"
    " hashes BLOB NOT NULL, PRIMARY KEY(level, n));"
    "CREATE TABLE checkpoint(size INTEGER PRIMARY KEY, note BLOB NOT NULL,"
    " time INTEGER NOT NULL);"
    "CREATE TABLE claim(id INTEGER PRIMARY KEY, caller TEXT NOT NULL,"
    " request_id TEXT NOT NULL, request_hash BLOB NOT NULL, state INTEGER NOT NULL,"
    " attempt INTEGER NOT NULL, decision_id TEXT NOT NULL, intent INTEGER NOT NULL,"
    " signing_time INTEGER NOT NULL, template BLOB NOT NULL, outcome INTEGER);"
    "CREATE UNIQUE INDEX claim_name ON claim(caller, request_id);"
    "CREATE TABLE answer(outcome INTEGER PRIMARY KEY, hash BLOB NOT NULL,"
    " signature BLOB NOT NULL);"
    "CREATE INDEX claim_open ON claim(intent) WHERE state = 1;"
    "CREATE TABLE template(id BLOB PRIMARY KEY, der BLOB NOT NULL) WITHOUT ROWID;",
    "CREATE TABLE policy(n INTEGER PRIMARY KEY, sha256 BLOB NOT NULL,"
    " version INTEGER NOT NULL, idx INTEGER NOT NULL, text BLOB NOT NULL);",
};

static const char *const statement_texts[] = {
#define STATEMENT(name, sql) sql,
#include "gateway/ledger/statements.def"
#undef STATEMENT
};

/* wal_autocheckpoint stands high because ledger_idle does that work between commits; it
 * is the brake for a gateway that is never idle (256 MiB of 4 KiB pages). */
static const char pragmas[] = "PRAGMA journal_mode=WAL;"
                              "PRAGMA synchronous=FULL;"
                              "PRAGMA wal_autocheckpoint=65536;"
                              "PRAGMA journal_size_limit=67108864;"
                              "PRAGMA cache_size=-32768;"
                              "PRAGMA temp_store=MEMORY;"
                              "PRAGMA cell_size_check=ON;";

/* A refusal that names the file and what the system said. */
static enum sg_status cannot_open(struct sg_error *why, const char *path, int error)
{
    char reason[96] = "";

    (void)strerror_r(error, reason, sizeof(reason));
    return sg_fail(why, SG_IO,
                   "the ledger's '%s' cannot be opened (%s): its folder must exist, and "
                   "folder and file must be owned by the gateway's user",
                   path, reason);
}

/* One writer a file: a second gateway on the same ledger would fork the log. */
static enum sg_status take_lock(struct ledger *ledger, const char *path,
                                struct sg_error *why)
{
    char name[PATH_MAX];
    int len = snprintf(name, sizeof(name), "%s.lock", path);

    if (len < 0 || (size_t)len >= sizeof(name)) {
        return sg_fail(why, SG_INVALID, "the path of the ledger is too long");
    }
    ledger->lock_fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (ledger->lock_fd < 0) {
        return cannot_open(why, name, errno);
    }
    if (flock(ledger->lock_fd, LOCK_EX | LOCK_NB) != 0) {
        return sg_fail(why, SG_LEDGER,
                       "another process writes the ledger '%s': stop it, or give this "
                       "gateway a ledger of its own",
                       path);
    }
    return SG_OK;
}

/* Nobody else may read who asked for what: the file, and with it the -wal and -shm that
 * SQLite makes after its likeness, are the gateway's alone. */
static enum sg_status make_private(const char *path, struct sg_error *why)
{
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

    if (fd >= 0) {
        (void)close(fd);
        return SG_OK;
    }
    if (errno != EEXIST || chmod(path, 0600) != 0) {
        return cannot_open(why, path, errno);
    }
    return SG_OK;
}

/* First column of the first row as a number; SG_NOT_FOUND without a row. */
static enum sg_status ask_uint(sqlite3 *db, const char *text, uint64_t *value,
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

/* The answer of a pragma, or of meta, compared with what it must be. */
static bool text_is(sqlite3 *db, const char *question, const char *wanted)
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

static enum sg_status set_pragmas(sqlite3 *db, struct sg_error *why)
{
    TRY(sql_exec(db, pragmas, why));
    if (!text_is(db, "PRAGMA journal_mode", "wal") ||
        !text_is(db, "PRAGMA synchronous", "2")) {
        return sg_fail(why, SG_LEDGER,
                       "the ledger's file system does not allow WAL with full "
                       "synchronisation: put the ledger on a local disk");
    }
    return SG_OK;
}

static enum sg_status schema_version(sqlite3 *db, uint64_t *version, struct sg_error *why)
{
    uint64_t tables = 0;

    *version = 0;
    TRY(ask_uint(db, "SELECT count(*) FROM sqlite_schema", &tables, why));
    if (tables == 0) {
        return SG_OK;
    }
    if (ask_uint(db, "SELECT value FROM meta WHERE key = 'schema'", version, NULL) !=
        SG_OK) {
        return sg_fail(why, SG_INVALID,
                       "the ledger's file is the database of another program: name "
                       "another file");
    }
    return SG_OK;
}

static enum sg_status put_meta(sqlite3 *db, const char *key, const char *text,
                               uint64_t number)
{
    sqlite3_stmt *statement = NULL;
    struct sg_error why;

    TRY(sql_prepare(db, "INSERT OR REPLACE INTO meta(key, value) VALUES (?1, ?2)",
                    &statement, &why));
    bool bound = sql_bind_text(statement, 1, key) &&
                 (text != NULL ? sql_bind_text(statement, 2, text)
                               : sql_bind_uint(statement, 2, number));
    bool done = bound && sqlite3_step(statement) == SQLITE_DONE;
    (void)sqlite3_finalize(statement);
    return done ? SG_OK : SG_LEDGER;
}

/* One transaction: a migration is there whole or not at all. */
static enum sg_status migrate(struct ledger *ledger, uint64_t version,
                              struct sg_error *why)
{
    TRY(sql_exec(ledger->db, "BEGIN IMMEDIATE", why));
    for (uint64_t i = version; i < SG_COUNT(migrations); i++) {
        TRY(sql_exec(ledger->db, migrations[i], why));
    }
    if (put_meta(ledger->db, "schema", NULL, SG_COUNT(migrations)) != SG_OK ||
        (version == 0 && put_meta(ledger->db, "origin", ledger->origin, 0) != SG_OK)) {
        return sql_fail(ledger->db, "be migrated", why);
    }
    return sql_exec(ledger->db, "COMMIT", why);
}

static enum sg_status check_schema(struct ledger *ledger, struct sg_error *why)
{
    uint64_t version = 0;

    TRY(schema_version(ledger->db, &version, why));
    if (version > SG_COUNT(migrations)) {
        return sg_fail(why, SG_INVALID,
                       "the ledger was written by a newer Segel (schema %llu, this one "
                       "knows %zu): install that version",
                       (unsigned long long)version, SG_COUNT(migrations));
    }
    if (version < SG_COUNT(migrations)) {
        TRY(migrate(ledger, version, why));
    }
    if (!text_is(ledger->db, "SELECT value FROM meta WHERE key = 'origin'",
                 ledger->origin)) {
        return sg_fail(why, SG_INVALID,
                       "the ledger belongs to another origin than '%s': restore the "
                       "configured origin, or name a new ledger file",
                       ledger->origin);
    }
    return SG_OK;
}

/* After a failed sync the last run's pages may stand in the kernel's memory and not on
 * the disk, and no later sync would write them: what is read from the WAL is written
 * anew, into the database, before anything is built upon it. A reader may hold some of it
 * back. */
static enum sg_status write_back(sqlite3 *db, struct sg_error *why)
{
    int rc = sqlite3_wal_checkpoint_v2(db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);

    return rc == SQLITE_OK || rc == SQLITE_BUSY
               ? SG_OK
               : sql_fail(db, "write its pages back", why);
}

enum sg_status store_open(struct ledger *ledger, const char *path, struct sg_error *why)
{
    TRY(take_lock(ledger, path, why));
    TRY(make_private(path, why));
    TRY(sql_open(path, SQLITE_OPEN_READWRITE, &ledger->db, why));
    TRY(set_pragmas(ledger->db, why));
    TRY(check_schema(ledger, why));
    TRY(write_back(ledger->db, why));
    for (size_t i = 0; i < SQL_COUNT; i++) {
        TRY(sql_prepare(ledger->db, statement_texts[i], &ledger->statements[i], why));
    }
    return SG_OK;
}

void store_close(struct ledger *ledger)
{
    for (size_t i = 0; i < SQL_COUNT; i++) {
        (void)sqlite3_finalize(ledger->statements[i]);
    }
    if (ledger->db != NULL && ledger->latched) {
        /* After a failed write the WAL's state is unknown: leave it to the next start. */
        (void)sqlite3_db_config(ledger->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    }
    (void)sqlite3_close(ledger->db);
    if (ledger->lock_fd >= 0) {
        (void)close(ledger->lock_fd);
    }
}
