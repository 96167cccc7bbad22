#include <criterion/criterion.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gateway/ledger/ledger.h"
#include "proto/text.h"
#include "tests/unit/ledger/support/book.h"
#include "tests/unit/ledger/support/faulty.h"

/* Ledgers of older versions are made here by SQL that never changes: what those versions
 * wrote. A new row in migrations.def needs a new row in versions[]. */
static struct book book;

static void set_up(void)
{
    faulty_install();
    book_make(&book);
}

static void tear_down(void)
{
    book_remove(&book);
}

TestSuite(schema, .init = set_up, .fini = tear_down);

/* What each version added to the one before. */
static const char *const versions[] = {
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
    "CREATE TABLE cosig(size INTEGER NOT NULL, witness TEXT NOT NULL,"
    " time INTEGER NOT NULL, line BLOB NOT NULL, PRIMARY KEY(size, witness))"
    " WITHOUT ROWID;"
    "CREATE TABLE stamp(size INTEGER NOT NULL, authority TEXT NOT NULL,"
    " time INTEGER NOT NULL, token BLOB NOT NULL, PRIMARY KEY(size, authority));",
    "CREATE TABLE request(n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE,"
    " person TEXT NOT NULL, request_id TEXT NOT NULL, task TEXT NOT NULL,"
    " object TEXT NOT NULL, param TEXT NOT NULL, method TEXT NOT NULL,"
    " message BLOB NOT NULL, policy BLOB NOT NULL, quorum BLOB NOT NULL,"
    " state INTEGER NOT NULL, created INTEGER NOT NULL, not_after INTEGER NOT NULL,"
    " outcome INTEGER NOT NULL, why TEXT NOT NULL, idx INTEGER NOT NULL,"
    " hash BLOB NOT NULL);"
    "CREATE UNIQUE INDEX request_name ON request(person, request_id);"
    "CREATE INDEX request_pending ON request(n) WHERE state = 1;"
    "CREATE TABLE vote(request INTEGER NOT NULL, n INTEGER NOT NULL,"
    " person TEXT NOT NULL, role TEXT NOT NULL, key TEXT NOT NULL,"
    " time INTEGER NOT NULL, refused INTEGER NOT NULL, reason TEXT NOT NULL,"
    " line BLOB NOT NULL, PRIMARY KEY(request, n)) WITHOUT ROWID;",
    "CREATE TABLE keyreg(name TEXT PRIMARY KEY, state INTEGER NOT NULL,"
    " before_hold INTEGER NOT NULL, lane TEXT NOT NULL, type TEXT NOT NULL,"
    " backup TEXT NOT NULL, since INTEGER NOT NULL, predecessor TEXT NOT NULL,"
    " successor TEXT NOT NULL, rotated INTEGER NOT NULL, overlap_until INTEGER"
    " NOT NULL, hold_reason TEXT NOT NULL, mode INTEGER NOT NULL, begun"
    " INTEGER NOT NULL, until INTEGER NOT NULL, max INTEGER NOT NULL, used"
    " INTEGER NOT NULL, idle INTEGER NOT NULL, last_use INTEGER NOT NULL,"
    " grant_id TEXT NOT NULL, minutes TEXT NOT NULL, request TEXT NOT NULL,"
    " trouble TEXT NOT NULL, idx INTEGER NOT NULL, hash BLOB NOT NULL, ckaid"
    " BLOB NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE keyder(name TEXT PRIMARY KEY, spki BLOB NOT NULL, chain BLOB"
    " NOT NULL);",
    "CREATE TABLE mandate(n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE,"
    " key TEXT NOT NULL, caller TEXT NOT NULL, classes TEXT NOT NULL,"
    " profiles INTEGER NOT NULL, max INTEGER NOT NULL, from_us INTEGER NOT NULL,"
    " until_us INTEGER NOT NULL, approval_ref TEXT NOT NULL,"
    " algorithm INTEGER NOT NULL, digests INTEGER NOT NULL, sha256 BLOB NOT NULL,"
    " state INTEGER NOT NULL, used INTEGER NOT NULL, reserved INTEGER NOT NULL,"
    " seen INTEGER NOT NULL, requester TEXT NOT NULL, grant_id TEXT NOT NULL,"
    " opened INTEGER NOT NULL, closed INTEGER NOT NULL, reason TEXT NOT NULL,"
    " idx INTEGER NOT NULL, hash BLOB NOT NULL);"
    "CREATE INDEX mandate_open ON mandate(n) WHERE state = 2;"
    "CREATE TABLE mandate_digest(mandate INTEGER NOT NULL, digest BLOB NOT NULL,"
    " taken INTEGER NOT NULL, PRIMARY KEY(mandate, digest)) WITHOUT ROWID;",
    "CREATE TABLE roster(n INTEGER PRIMARY KEY, sha256 BLOB NOT NULL,"
    " idx INTEGER NOT NULL, since INTEGER NOT NULL, text BLOB NOT NULL);"
    "CREATE TABLE override(n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE,"
    " rule TEXT NOT NULL, key TEXT NOT NULL, caller TEXT NOT NULL,"
    " class TEXT NOT NULL, policy BLOB NOT NULL, until INTEGER NOT NULL,"
    " max INTEGER NOT NULL, used INTEGER NOT NULL, state INTEGER NOT NULL,"
    " since INTEGER NOT NULL, idx INTEGER NOT NULL);"
    "CREATE INDEX override_open ON override(n) WHERE state = 1;",
    "CREATE TABLE incident(n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE,"
    " kind TEXT NOT NULL, subject TEXT NOT NULL, why TEXT NOT NULL,"
    " person TEXT NOT NULL, opened INTEGER NOT NULL, oral_due INTEGER NOT NULL,"
    " written_due INTEGER NOT NULL, oral_given INTEGER NOT NULL,"
    " written_given INTEGER NOT NULL, closed INTEGER NOT NULL,"
    " idx INTEGER NOT NULL, hash BLOB NOT NULL);"
    "CREATE INDEX incident_subject ON incident(kind, subject);"
    "CREATE INDEX incident_open ON incident(n) WHERE closed = 0;"
    "CREATE TABLE incident_note(incident INTEGER NOT NULL, n INTEGER NOT NULL,"
    " what INTEGER NOT NULL, person TEXT NOT NULL, role TEXT NOT NULL,"
    " request_id TEXT NOT NULL, time INTEGER NOT NULL, given INTEGER NOT NULL,"
    " reference TEXT NOT NULL, text TEXT NOT NULL, PRIMARY KEY(incident, n))"
    " WITHOUT ROWID;"
    "CREATE UNIQUE INDEX incident_note_name ON incident_note(person, request_id);"
    "CREATE TABLE reminder(what TEXT NOT NULL, name TEXT NOT NULL,"
    " expires INTEGER NOT NULL, days INTEGER NOT NULL,"
    " PRIMARY KEY(what, name, expires)) WITHOUT ROWID;",
    "CREATE TABLE prune(n INTEGER PRIMARY KEY, before INTEGER NOT NULL,"
    " done INTEGER NOT NULL, newest INTEGER NOT NULL, idx INTEGER NOT NULL,"
    " hash BLOB NOT NULL);",
    "CREATE TABLE minutes(n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE,"
    " ceremony TEXT NOT NULL, note BLOB NOT NULL, sha256 BLOB NOT NULL,"
    " missing INTEGER NOT NULL, since INTEGER NOT NULL, idx INTEGER NOT NULL,"
    " hash BLOB NOT NULL);",
    "CREATE TABLE token(outcome INTEGER PRIMARY KEY, token BLOB NOT NULL);",
};

/* 300 records with their tile, one claim that is open and one that is signed. */
static void write_content(void)
{
    static char sql[96 * 1024];
    struct tlog_hash hashes[256];
    struct tlog_hash root;
    size_t len = 0;

    for (unsigned i = 0; i < SG_COUNT(hashes); i++) {
        hashes[i] = book_leaf(i);
    }
    root = tlog_fold(hashes, SG_COUNT(hashes));
    for (unsigned i = 0; i < 300; i++) {
        len += (size_t)snprintf(sql + len, sizeof(sql) - len,
                                "INSERT INTO leaf VALUES(%u, CAST('record %u' AS BLOB));",
                                i, i);
    }
    len += (size_t)snprintf(sql + len, sizeof(sql) - len,
                            "INSERT INTO tile VALUES(0, 0, x'");
    for (size_t i = 0; i < sizeof(root.bytes); i++) {
        len += (size_t)snprintf(sql + len, sizeof(sql) - len, "%02x", root.bytes[i]);
    }
    len += (size_t)snprintf(sql + len, sizeof(sql) - len, "', x'");
    for (size_t i = 0; i < sizeof(hashes); i++) {
        len += (size_t)snprintf(sql + len, sizeof(sql) - len, "%02x",
                                ((const uint8_t *)hashes)[i]);
    }
    (void)snprintf(sql + len, sizeof(sql) - len,
                   "');"
                   "INSERT INTO claim VALUES(1, 'e-office', 'open', zeroblob(32), 1, 1,"
                   " '01J00000000000000000000000', 7, 1, zeroblob(32), NULL);"
                   "INSERT INTO claim VALUES(2, 'e-office', 'done', zeroblob(32), 2, 1,"
                   " '01J00000000000000000000000', 8, 1, zeroblob(32), 9);"
                   "INSERT INTO answer VALUES(9, zeroblob(32), x'5e6e1d');");
    book_tamper(&book, sql);
}

/* A ledger as version from 1 on left it. */
static void write_version(size_t version)
{
    char sql[160];

    book_tamper(&book, "PRAGMA journal_mode=WAL");
    for (size_t i = 0; i < version; i++) {
        book_tamper(&book, versions[i]);
    }
    (void)snprintf(sql, sizeof(sql),
                   "INSERT INTO meta VALUES('schema', %zu), ('origin', '%s')", version,
                   BOOK_ORIGIN);
    book_tamper(&book, sql);
    write_content();
}

/* A question whose answer is one text. */
static void ask(const char *sql, char *out, size_t size)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *row = NULL;

    cr_assert_eq(sqlite3_open(book.path, &db), SQLITE_OK);
    cr_assert_eq(sqlite3_prepare_v2(db, sql, -1, &row, NULL), SQLITE_OK, "%s", sql);
    cr_assert_eq(sqlite3_step(row), SQLITE_ROW, "%s", sql);
    const char *text = (const char *)sqlite3_column_text(row, 0);
    (void)snprintf(out, size, "%s", text == NULL ? "" : text);
    (void)sqlite3_finalize(row);
    (void)sqlite3_close(db);
}

static uint64_t version_now(void)
{
    char text[24];
    uint64_t version = 0;

    ask("SELECT value FROM meta WHERE key = 'schema'", text, sizeof(text));
    cr_assert_eq(text_uint(slice_str(text), UINT64_MAX, &version), SG_OK, "%s", text);
    return version;
}

static void read_schema(char out[8192])
{
    ask("SELECT group_concat(sql, char(10)) FROM"
        " (SELECT sql FROM sqlite_schema WHERE sql NOT NULL ORDER BY name)",
        out, 8192);
}

/* What write_content put there. */
static void expect_content(void)
{
    struct tlog_hash want = book_root(300);
    struct claim claim;

    cr_expect_eq(book.state.size, 300);
    cr_expect_eq(memcmp(book.state.root, want.bytes, sizeof(want.bytes)), 0);
    cr_expect_eq(book.state.open_intents, 1);
    cr_assert_eq(ledger_next_open(book.ledger, &claim), SG_OK);
    cr_expect_str_eq(claim.request_id, "open");
    cr_assert_eq(ledger_find(book.ledger, "e-office", "done", &claim), SG_OK);
    cr_expect_eq(claim.state, CLAIM_SIGNED);
    cr_expect_eq(claim.signature_len, 3);
}

Test(schema, each_version_has_a_row_in_this_test)
{
    book_open(&book);
    book_close(&book);
    cr_expect_eq(version_now(), SG_COUNT(versions));
}

Test(schema, a_ledger_of_each_older_version_is_led_to_ours)
{
    static char fresh[8192];
    static char led[8192];

    book_open(&book);
    book_close(&book);
    read_schema(fresh);
    for (size_t version = 1; version <= SG_COUNT(versions); version++) {
        book_remove(&book);
        book_make(&book);
        write_version(version);
        book_open(&book);
        cr_expect_eq(book.state.schema_found, version);
        cr_expect_eq(book.state.schema, SG_COUNT(versions));
        expect_content();
        book_checkpoint(&book);
        book_close(&book);
        read_schema(led);
        cr_expect_str_eq(led, fresh, "of version %zu", version);
        book_open(&book);
        cr_expect_eq(book.state.schema_found, SG_COUNT(versions), "once only");
        expect_content();
    }
}

/* The child dies in place of write or sync number n of its start; false: it did not, for
 * the start has fewer. */
static bool die_at(unsigned n)
{
    int status = 0;
    pid_t child = fork();

    if (child == 0) {
        faulty_kill_at(n);
        _exit(book_try_open(&book) == SG_OK ? 0 : 1);
    }
    cr_assert_eq(waitpid(child, &status, 0), child);
    if (WIFSIGNALED(status)) {
        cr_assert_eq(WTERMSIG(status), SIGKILL);
        return true;
    }
    cr_assert_eq(WEXITSTATUS(status), 0);
    return false;
}

Test(schema, a_kill_in_a_migration_leaves_one_version_or_the_next)
{
    enum { MOST = 500 };
    unsigned n = 1;
    bool unchanged = false;

    for (; n < MOST; n++) {
        book_remove(&book);
        book_make(&book);
        write_version(1);
        if (!die_at(n)) {
            break;
        }
        uint64_t found = version_now();
        unchanged |= found == 1;
        cr_expect_geq(found, 1);
        cr_expect_leq(found, SG_COUNT(versions));
        book_open(&book);
        expect_content();
        book_close(&book);
        cr_expect_eq(version_now(), SG_COUNT(versions));
    }
    cr_expect_gt(n, 4, "a migration writes something");
    cr_expect_lt(n, MOST);
    cr_expect(unchanged);
}

Test(schema, a_kill_while_a_ledger_is_made_leaves_what_the_next_start_can_use)
{
    enum { MOST = 500 };
    unsigned n = 1;

    while (n < MOST && die_at(n)) {
        book_open(&book);
        cr_expect_eq(book.state.size, 0);
        book_remove(&book);
        book_make(&book);
        n++;
    }
    cr_expect_gt(n, 4);
    cr_expect_lt(n, MOST);
}

Test(schema, a_newer_version_is_refused_and_left_as_it_is)
{
    write_version(SG_COUNT(versions));
    book_tamper(&book, "UPDATE meta SET value = value + 1 WHERE key = 'schema'");
    cr_expect_eq(book_try_open(&book), SG_INVALID);
    cr_expect_not_null(strstr(book.why.text, "newer Segel"), "%s", book.why.text);
    cr_expect_eq(version_now(), SG_COUNT(versions) + 1);
}

Test(schema, an_older_ledger_of_another_origin_is_not_migrated)
{
    write_version(1);
    book_tamper(&book, "UPDATE meta SET value = 'other.example/log' WHERE key = "
                       "'origin'");
    cr_expect_eq(book_try_open(&book), SG_INVALID);
    cr_expect_not_null(strstr(book.why.text, "another origin"), "%s", book.why.text);
    cr_expect_eq(version_now(), 1);
}

Test(schema, a_version_that_is_none_is_no_ledger)
{
    static const char *const values[] = {"0", "-1", "'two'", "NULL", "1.5"};
    char sql[96];

    for (size_t i = 0; i < SG_COUNT(values); i++) {
        book_remove(&book);
        book_make(&book);
        write_version(1);
        (void)snprintf(sql, sizeof(sql),
                       "UPDATE meta SET value = %s WHERE key = 'schema'", values[i]);
        book_tamper(&book, sql);
        cr_expect_eq(book_try_open(&book), SG_INVALID, "%s", values[i]);
    }
}

/* A table of the next step's name is there already: nothing of the step may stay. */
Test(schema, a_step_that_fails_leaves_the_version_before)
{
    write_version(1);
    book_tamper(&book, "CREATE TABLE policy(x)");
    cr_expect_neq(book_try_open(&book), SG_OK);
    cr_expect_neq(book.why.text[0], '\0');
    cr_expect_eq(version_now(), 1);
    book_tamper(&book, "DROP TABLE policy");
    book_open(&book);
    expect_content();
}
