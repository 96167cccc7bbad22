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
#include "tests/unit/ledger/support/older.h"

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
    cr_expect_eq(version_now(), older_count());
}

Test(schema, a_ledger_of_each_older_version_is_led_to_ours)
{
    static char fresh[8192];
    static char led[8192];

    book_open(&book);
    book_close(&book);
    read_schema(fresh);
    for (size_t version = 1; version <= older_count(); version++) {
        book_remove(&book);
        book_make(&book);
        older_write(&book, version);
        book_open(&book);
        cr_expect_eq(book.state.schema_found, version);
        cr_expect_eq(book.state.schema, older_count());
        expect_content();
        book_checkpoint(&book);
        book_close(&book);
        read_schema(led);
        cr_expect_str_eq(led, fresh, "of version %zu", version);
        book_open(&book);
        cr_expect_eq(book.state.schema_found, older_count(), "once only");
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
        older_write(&book, 1);
        if (!die_at(n)) {
            break;
        }
        uint64_t found = version_now();
        unchanged |= found == 1;
        cr_expect_geq(found, 1);
        cr_expect_leq(found, older_count());
        book_open(&book);
        expect_content();
        book_close(&book);
        cr_expect_eq(version_now(), older_count());
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
    older_write(&book, older_count());
    book_tamper(&book, "UPDATE meta SET value = value + 1 WHERE key = 'schema'");
    cr_expect_eq(book_try_open(&book), SG_INVALID);
    cr_expect_not_null(strstr(book.why.text, "newer Segel"), "%s", book.why.text);
    cr_expect_eq(version_now(), older_count() + 1);
}

Test(schema, an_older_ledger_of_another_origin_is_not_migrated)
{
    older_write(&book, 1);
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
        older_write(&book, 1);
        (void)snprintf(sql, sizeof(sql),
                       "UPDATE meta SET value = %s WHERE key = 'schema'", values[i]);
        book_tamper(&book, sql);
        cr_expect_eq(book_try_open(&book), SG_INVALID, "%s", values[i]);
    }
}

/* A table of the next step's name is there already: nothing of the step may stay. */
Test(schema, a_step_that_fails_leaves_the_version_before)
{
    older_write(&book, 1);
    book_tamper(&book, "CREATE TABLE policy(x)");
    cr_expect_neq(book_try_open(&book), SG_OK);
    cr_expect_neq(book.why.text[0], '\0');
    cr_expect_eq(version_now(), 1);
    book_tamper(&book, "DROP TABLE policy");
    book_open(&book);
    expect_content();
}
