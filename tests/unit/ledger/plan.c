#include <criterion/criterion.h>
#include <sqlite3.h>
#include <stdio.h>
#include <unistd.h>

#include "gateway/ledger/index.h"
#include "tests/unit/ledger/support/book.h"
#include "tests/unit/ledger/support/town.h"

/* Whatever the length of the log: what a reader asks of SQLite is a search. */
static struct book book;
static struct ledger_reader *reader;
static struct sg_error why;
static char path[200];

static void set_up(void)
{
    book_make(&book);
    book_open(&book);
    town_fill(&book, "gw1", INDEX_BLOCK);
    cr_assert_eq(ledger_reader_open(book.path, &reader, &why), SG_OK);
    cr_assert_eq(ledger_reader_index(reader, book.path, &why), SG_OK);
    (void)snprintf(path, sizeof(path), "%s.index", book.path);
}

static void tear_down(void)
{
    ledger_reader_close(reader);
    (void)unlink(path);
    book_remove(&book);
}

TestSuite(plan, .init = set_up, .fini = tear_down);

static const char *const index_sql[] = {
#define INDEXING(name, sql) sql,
#include "gateway/ledger/index_statements.def"
#undef INDEXING
};

static void expect_no_scan(sqlite3 *db, const char *sql)
{
    char question[512];
    sqlite3_stmt *plan = NULL;

    (void)snprintf(question, sizeof(question), "EXPLAIN QUERY PLAN %s", sql);
    cr_assert_eq(sqlite3_prepare_v2(db, question, -1, &plan, NULL), SQLITE_OK, "%s", sql);
    while (sqlite3_step(plan) == SQLITE_ROW) {
        const char *text = (const char *)sqlite3_column_text(plan, 3);
        cr_expect_null(strstr(text, "SCAN"), "%s: %s", sql, text);
        cr_expect_null(strstr(text, "TEMP B-TREE"), "%s: %s", sql, text);
    }
    (void)sqlite3_finalize(plan);
}

/* What is asked of the ledger itself, by writer and reader, by name. */
static const struct {
    const char *name;
    const char *sql;
} ledger_sql[] = {
#define STATEMENT(name, sql) {#name, sql},
#include "gateway/ledger/statements.def"
#undef STATEMENT
#define READING(name, sql) {#name, sql},
#include "gateway/ledger/reader_statements.def"
#undef READING
};

/* Rows are read one by one: of a table's end, of an index that holds only what is open
 * (jobs, requests, incidents, mandates, overrides), of the few keys, or of what a
 * statement has limited itself. */
static bool may_scan(const char *sql, const char *plan)
{
    return strstr(sql, " DESC LIMIT 1") != NULL || strstr(plan, "claim_open") != NULL ||
           strstr(plan, "request_pending") != NULL ||
           strstr(plan, "incident_open") != NULL ||
           strstr(plan, "mandate_open") != NULL ||
           strstr(plan, "override_open") != NULL || strcmp(plan, "SCAN keyreg") == 0 ||
           strncmp(plan, "SCAN (", 6) == 0 ||
           (strncmp(plan, "USE TEMP B-TREE", 15) == 0 && strstr(sql, "LIMIT ") != NULL);
}

static void expect_search(sqlite3 *db, const char *name, const char *sql)
{
    char question[2048];
    sqlite3_stmt *plan = NULL;

    (void)snprintf(question, sizeof(question), "EXPLAIN QUERY PLAN %s", sql);
    cr_assert_eq(sqlite3_prepare_v2(db, question, -1, &plan, NULL), SQLITE_OK, "%s", sql);
    while (sqlite3_step(plan) == SQLITE_ROW) {
        const char *text = (const char *)sqlite3_column_text(plan, 3);
        bool scan = strstr(text, "SCAN") != NULL || strstr(text, "TEMP B-TREE") != NULL;
        cr_expect(!scan || may_scan(sql, text), "%s: %s", name, text);
    }
    (void)sqlite3_finalize(plan);
}

/* The start's too: it must not grow with the log. */
Test(plan, no_statement_on_the_ledger_grows_with_the_log)
{
    sqlite3 *db = NULL;

    cr_assert_eq(sqlite3_open(book.path, &db), SQLITE_OK);
    for (size_t i = 0; i < SG_COUNT(ledger_sql); i++) {
        if (strncmp(ledger_sql[i].sql, "SELECT", 6) == 0) {
            expect_search(db, ledger_sql[i].name, ledger_sql[i].sql);
        }
    }
    (void)sqlite3_close(db);
}

/* Every filter is answered by these and by LEAVES, whatever its conditions. */
Test(plan, no_statement_reads_a_whole_table)
{
    sqlite3 *db = NULL;

    cr_assert_eq(ledger_reader_step(reader, &why), SG_OK);
    cr_assert_eq(sqlite3_open(path, &db), SQLITE_OK);
    for (size_t i = 0; i < SG_COUNT(index_sql); i++) {
        if (strncmp(index_sql[i], "SELECT", 6) == 0) {
            expect_no_scan(db, index_sql[i]);
        }
    }
    (void)sqlite3_close(db);
    cr_assert_eq(sqlite3_open(book.path, &db), SQLITE_OK);
    expect_no_scan(db, "SELECT idx, rec FROM leaf WHERE idx >= ?1 AND idx < ?2 ORDER BY "
                       "idx");
    expect_no_scan(db, "SELECT outcome FROM claim WHERE caller = ?1 AND request_id = ?2");
    (void)sqlite3_close(db);
}
