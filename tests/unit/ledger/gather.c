#include "gateway/ledger/gather.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* A VFS under the one that is tested: the system's, whose WAL counts what is asked of it
 * and fails on command. */
static struct {
    sqlite3_vfs vfs;
    sqlite3_vfs *system;
    sqlite3_io_methods methods;
    const sqlite3_io_methods *real;
    unsigned writes;
    unsigned syncs;
    bool failing;
} below;

static int below_write(sqlite3_file *file, const void *bytes, int len, sqlite3_int64 at)
{
    below.writes++;
    return below.failing ? SQLITE_IOERR_WRITE : below.real->xWrite(file, bytes, len, at);
}

static int below_sync(sqlite3_file *file, int flags)
{
    below.syncs++;
    return below.real->xSync(file, flags);
}

static int below_open(sqlite3_vfs *self, const char *name, sqlite3_file *file, int flags,
                      int *out)
{
    int rc = below.system->xOpen(below.system, name, file, flags, out);

    (void)self;
    if (rc == SQLITE_OK && (flags & SQLITE_OPEN_WAL) != 0) {
        below.real = file->pMethods;
        below.methods = *below.real;
        below.methods.xWrite = below_write;
        below.methods.xSync = below_sync;
        file->pMethods = &below.methods;
    }
    return rc;
}

static char path[64];
static sqlite3 *db;

static void need(sqlite3 *base, const char *sql)
{
    cr_assert_eq(sqlite3_exec(base, sql, NULL, NULL, NULL), SQLITE_OK, "%s: %s", sql,
                 sqlite3_errmsg(base));
}

static long long ask(sqlite3 *base, const char *sql)
{
    sqlite3_stmt *statement = NULL;

    cr_assert_eq(sqlite3_prepare_v2(base, sql, -1, &statement, NULL), SQLITE_OK);
    cr_assert_eq(sqlite3_step(statement), SQLITE_ROW, "%s", sqlite3_errmsg(base));
    long long value = sqlite3_column_int64(statement, 0);
    (void)sqlite3_finalize(statement);
    return value;
}

static void set_up(void)
{
    below.system = sqlite3_vfs_find(NULL);
    below.vfs = *below.system;
    below.vfs.pNext = NULL;
    below.vfs.zName = "below";
    below.vfs.xOpen = below_open;
    cr_assert_eq(sqlite3_vfs_register(&below.vfs, 1), SQLITE_OK);
    (void)snprintf(path, sizeof(path), "/tmp/segel-gather-XXXXXX");
    int fd = mkstemp(path);
    cr_assert_geq(fd, 0);
    (void)close(fd);
    cr_assert_eq(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, gather_vfs()),
                 SQLITE_OK);
    need(db, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
             "CREATE TABLE one(id INTEGER PRIMARY KEY, text BLOB)");
}

static void tear_down(void)
{
    char beside[80];

    (void)sqlite3_close(db);
    (void)unlink(path);
    (void)snprintf(beside, sizeof(beside), "%s-wal", path);
    (void)unlink(beside);
    (void)snprintf(beside, sizeof(beside), "%s-shm", path);
    (void)unlink(beside);
}

TestSuite(gather, .init = set_up, .fini = tear_down);

#define ROWS(count)                                                                      \
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < " count    \
    ") INSERT INTO one(text) SELECT randomblob(3000) FROM n"

static sqlite3 *open_reader(void)
{
    sqlite3 *reader = NULL;

    cr_assert_eq(sqlite3_open_v2(path, &reader, SQLITE_OPEN_READONLY, "unix"), SQLITE_OK);
    return reader;
}

Test(gather, a_commit_is_a_few_writes_and_one_sync)
{
    need(db, ROWS("20"));
    below.writes = below.syncs = 0;
    need(db, ROWS("100"));
    cr_expect_gt(below.writes, 0);
    cr_expect_lt(below.writes, 10, "%u writes of more than 100 pages", below.writes);
    cr_expect_eq(below.syncs, 1);
}

Test(gather, what_is_committed_is_there_for_another_connection)
{
    sqlite3 *reader = open_reader();

    for (int i = 1; i <= 20; i++) {
        need(db, "BEGIN IMMEDIATE");
        need(db, ROWS("30"));
        need(db, "COMMIT");
        cr_assert_eq(ask(reader, "SELECT count(*) FROM one"), 30LL * i);
        cr_assert_eq(ask(reader, "SELECT sum(length(text)) FROM one"), 90000LL * i);
    }
    (void)sqlite3_close(reader);
}

/* Pages are written before the commit, read again and written anew. */
Test(gather, a_transaction_larger_than_the_memory_is_whole)
{
    need(db, "PRAGMA cache_size=10");
    need(db, "BEGIN IMMEDIATE");
    need(db, ROWS("600"));
    need(db, "UPDATE one SET text = randomblob(2000) WHERE id % 3 = 0");
    need(db, "COMMIT");
    need(db, "BEGIN IMMEDIATE");
    need(db, "DELETE FROM one");
    need(db, "ROLLBACK");
    sqlite3 *reader = open_reader();
    cr_expect_eq(ask(reader, "SELECT count(*) FROM one"), 600);
    cr_expect_eq(ask(reader, "SELECT sum(length(text)) FROM one"),
                 400LL * 3000 + 200LL * 2000);
    cr_expect_eq(ask(reader, "SELECT count(*) FROM pragma_integrity_check"
                             " WHERE integrity_check = 'ok'"),
                 1);
    (void)sqlite3_close(reader);
}

Test(gather, pages_go_back_into_the_database)
{
    need(db, ROWS("200"));
    cr_expect_eq(
        sqlite3_wal_checkpoint_v2(db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL),
        SQLITE_OK);
    need(db, ROWS("50"));
    (void)sqlite3_close(db);
    db = NULL;
    sqlite3 *reader = open_reader();
    cr_expect_eq(ask(reader, "SELECT count(*) FROM one"), 250);
    (void)sqlite3_close(reader);
}

Test(gather, a_write_that_failed_fails_the_commit_and_none_comes_after_it)
{
    need(db, ROWS("20"));
    below.failing = true;
    cr_expect_eq(sqlite3_exec(db, ROWS("20"), NULL, NULL, NULL), SQLITE_IOERR);
    cr_expect_gt(below.writes, 0);
    below.failing = false;
    below.writes = below.syncs = 0;
    cr_expect_neq(sqlite3_exec(db, ROWS("20"), NULL, NULL, NULL), SQLITE_OK,
                  "the next one goes on as if nothing had been");
    cr_expect_eq(below.writes, 0);
    cr_expect_eq(below.syncs, 0);
    sqlite3 *reader = open_reader();
    cr_expect_eq(ask(reader, "SELECT count(*) FROM one"), 20);
    (void)sqlite3_close(reader);
}
