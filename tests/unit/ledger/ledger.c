#include "gateway/ledger/ledger.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/ledger/support/book.h"

static struct book book;

static void set_up(void)
{
    book_make(&book);
}

static void tear_down(void)
{
    book_remove(&book);
}

TestSuite(ledger, .init = set_up, .fini = tear_down);

static void expect_root(uint64_t size)
{
    struct tlog_hash want = book_root(size);

    cr_expect_eq(book.state.size, size);
    cr_expect_eq(memcmp(book.state.root, want.bytes, sizeof(want.bytes)), 0,
                 "root of %u records", (unsigned)size);
}

Test(ledger, a_fresh_ledger_is_empty_and_private)
{
    struct stat file;

    book_open(&book);
    expect_root(0);
    cr_expect_eq(book.state.checkpoint_size, 0);
    cr_expect_eq(book.state.open_intents, 0);
    cr_assert_eq(stat(book.path, &file), 0);
    cr_expect_eq(file.st_mode & 0777, 0600);
    char wal[160];
    (void)snprintf(wal, sizeof(wal), "%s-wal", book.path);
    cr_assert_eq(stat(wal, &file), 0);
    cr_expect_eq(file.st_mode & 0777, 0600);
}

Test(ledger, a_file_that_others_could_read_is_made_private)
{
    struct stat file;

    book_open(&book);
    book_close(&book);
    cr_assert_eq(chmod(book.path, 0644), 0);
    book_open(&book);
    cr_assert_eq(stat(book.path, &file), 0);
    cr_expect_eq(file.st_mode & 0777, 0600);
}

Test(ledger, upper_tiles_are_made_and_checked)
{
    enum { RECORDS = 65536 + 300 };

    book_open(&book);
    for (unsigned done = 0; done < RECORDS; done += 4) {
        if (done % 8192 == 0) {
            book_add(&book, RECORDS - done < 8192 ? RECORDS - done : 8192);
        }
    }
    book_close(&book);
    book_open(&book);
    expect_root(RECORDS);
    book_close(&book);
    book_tamper(&book, "UPDATE tile SET hashes = zeroblob(8192) WHERE level = 1");
    cr_expect_eq(book_try_open(&book), SG_CORRUPT);
}

Test(ledger, the_database_of_another_program_is_refused)
{
    book_tamper(&book, "CREATE TABLE letters(id INTEGER)");
    cr_expect_eq(book_try_open(&book), SG_INVALID);
}

Test(ledger, a_file_that_is_no_database_is_refused)
{
    FILE *file = fopen(book.path, "w");

    cr_assert_not_null(file);
    for (unsigned i = 0; i < 2000; i++) {
        (void)fprintf(file, "this is no database. ");
    }
    (void)fclose(file);
    cr_expect_eq(book_try_open(&book), SG_CORRUPT);
}

Test(ledger, a_newer_schema_is_refused)
{
    book_open(&book);
    book_close(&book);
    book_tamper(&book, "UPDATE meta SET value = 99 WHERE key = 'schema'");
    cr_expect_eq(book_try_open(&book), SG_INVALID);
    cr_expect_not_null(strstr(book.why.text, "newer"));
}

Test(ledger, a_folder_that_is_not_there_is_named)
{
    struct ledger_options options = {.path = "/nowhere/at/all/ledger.db",
                                     .origin = BOOK_ORIGIN};

    cr_expect_eq(ledger_open(&options, &book.ledger, &book.state, &book.why), SG_IO);
    cr_expect_not_null(strstr(book.why.text, "/nowhere/at/all"));
}
