#include <criterion/criterion.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gateway/ledger/peek.h"
#include "tests/unit/ledger/support/book.h"
#include "tests/unit/ledger/support/older.h"

static struct book book;

static void set_up(void)
{
    book_make(&book);
}

static void tear_down(void)
{
    book_remove(&book);
}

TestSuite(peek, .init = set_up, .fini = tear_down);

static enum sg_status peek(struct ledger_peek *out, const char *origin)
{
    const struct ledger_options options = {.path = book.path, .origin = origin};

    return ledger_peek(&options, out, &book.why);
}

Test(peek, it_tells_each_version_and_changes_nothing)
{
    struct stat before;
    struct stat after;

    for (size_t version = 1; version <= older_count(); version++) {
        struct ledger_peek found;
        book_remove(&book);
        book_make(&book);
        older_write(&book, version);
        if (version > 1) {
            book_tamper(&book, "INSERT INTO policy VALUES(1, zeroblob(32), 6, 5, 'old'),"
                               "(2, zeroblob(32), 7, 5, 'rules')");
        }
        cr_assert_eq(stat(book.path, &before), 0);
        cr_assert_eq(peek(&found, BOOK_ORIGIN), SG_OK, "%s", book.why.text);
        cr_expect(found.exists);
        cr_expect_eq(found.schema, version);
        cr_expect_eq(found.schema_ours, older_count());
        cr_expect_eq(found.policy.version, version > 1 ? 7 : 0);
        cr_expect_eq(found.policy.text.len, version > 1 ? strlen("rules") : 0);
        ledger_peek_fini(&found);
        cr_assert_eq(stat(book.path, &after), 0);
        cr_expect_eq(after.st_mtim.tv_nsec, before.st_mtim.tv_nsec, "it was written");
        cr_expect_eq(after.st_size, before.st_size);
    }
}

Test(peek, it_refuses_what_a_start_would)
{
    struct ledger_peek found;

    cr_expect_eq(peek(&found, BOOK_ORIGIN), SG_OK);
    cr_expect_not(found.exists, "there is none yet");
    older_write(&book, 3);
    cr_expect_eq(peek(&found, "another.example/log"), SG_INVALID);
    cr_expect_not_null(strstr(book.why.text, "another origin"), "%s", book.why.text);
    book_tamper(&book, "UPDATE meta SET value = 99 WHERE key = 'schema'");
    cr_expect_eq(peek(&found, BOOK_ORIGIN), SG_INVALID);
    cr_expect_not_null(strstr(book.why.text, "newer Segel"), "%s", book.why.text);
}

Test(peek, it_sees_what_a_running_writer_has_in_its_wal)
{
    struct ledger_peek found;

    book_open(&book);
    cr_assert_eq(ledger_begin(book.ledger), SG_OK);
    const struct ledger_policy policy = {.version = 5, .text = slice_str("rules")};
    cr_assert_eq(ledger_keep_policy(book.ledger, &policy), SG_OK);
    cr_assert_eq(ledger_commit(book.ledger), SG_OK);
    cr_assert_eq(peek(&found, BOOK_ORIGIN), SG_OK, "%s", book.why.text);
    cr_expect_eq(found.policy.version, 5);
    ledger_peek_fini(&found);
}

Test(peek, it_tells_the_keys_of_the_register)
{
    struct ledger_peek found;

    book_open(&book);
    book_tamper(&book,
                "INSERT INTO keyreg SELECT 'made', 3, 0, '', '', '', 0, '', '', 0, 0, '',"
                " 0, 0, 0, 0, 0, 0, 0, '', '', '', '', 0, zeroblob(32), x'a1b2'"
                " UNION ALL SELECT 'named', 3, 0, '', '', '', 0, '', '', 0, 0, '',"
                " 0, 0, 0, 0, 0, 0, 0, '', '', '', '', 0, zeroblob(32), x''"
                " UNION ALL SELECT 'free', 0, 0, '', '', '', 0, '', '', 0, 0, '',"
                " 0, 0, 0, 0, 0, 0, 0, '', '', '', '', 0, zeroblob(32), x'';"
                "INSERT INTO keyder VALUES('made', x'', 'chain')");
    cr_assert_eq(peek(&found, BOOK_ORIGIN), SG_OK, "%s", book.why.text);
    cr_assert_eq(found.key_count, 2, "a name that is free is none");
    cr_expect_str_eq(found.keys[0].name, "made");
    cr_expect_eq(found.keys[0].ckaid_len, 2);
    cr_expect_eq(found.keys[0].ckaid[1], 0xb2);
    cr_expect(slice_equal(found.keys[0].chain, slice_str("chain")));
    cr_expect_str_eq(found.keys[1].name, "named");
    cr_expect_eq(found.keys[1].ckaid_len, 0);
    cr_expect_eq(found.keys[1].chain.len, 0);
    ledger_peek_fini(&found);
}

Test(peek, it_tells_the_roster_in_force)
{
    struct ledger_peek found;

    book_open(&book);
    cr_assert_eq(peek(&found, BOOK_ORIGIN), SG_OK, "%s", book.why.text);
    cr_expect_str_empty(found.roster_memo);
    cr_expect_eq(found.roster.text.len, 0);
    ledger_peek_fini(&found);
    const struct ledger_roster first = {.index = 3, .text = slice_str("before")};
    const struct ledger_roster last = {.index = 4, .text = slice_str("persons")};
    cr_assert_eq(ledger_begin(book.ledger), SG_OK);
    cr_assert_eq(ledger_keep_roster(book.ledger, &first), SG_OK);
    cr_assert_eq(ledger_keep_roster(book.ledger, &last), SG_OK);
    cr_assert_eq(ledger_remember(book.ledger, LEDGER_ROSTER, "sha256:00 7"), SG_OK);
    cr_assert_eq(ledger_remember(book.ledger, LEDGER_ROSTER_FILE, "none"), SG_OK);
    cr_assert_eq(ledger_commit(book.ledger), SG_OK);
    cr_assert_eq(peek(&found, BOOK_ORIGIN), SG_OK, "%s", book.why.text);
    cr_expect(slice_equal(found.roster.text, slice_str("persons")));
    cr_expect_eq(found.roster.index, 4);
    cr_expect_str_eq(found.roster_memo, "sha256:00 7");
    cr_expect_str_eq(found.roster_file_memo, "none");
    ledger_peek_fini(&found);
}

Test(peek, it_misses_a_ledger_as_a_start_would)
{
    struct ledger_peek found;

    book_open(&book);
    book_add(&book, 1);
    cr_assert_eq(peek(&found, BOOK_ORIGIN), SG_OK, "%s", book.why.text);
    ledger_peek_fini(&found);
    cr_expect_eq(ledger_begin(book.ledger), SG_OK, "a look beside it harms nothing");
    cr_expect_eq(ledger_commit(book.ledger), SG_OK);
    book_close(&book);
    cr_assert_eq(unlink(book.path), 0);
    cr_expect_eq(peek(&found, BOOK_ORIGIN), SG_LEDGER);
    const struct sg_error said = book.why;
    cr_expect_neq(access(book.path, F_OK), 0, "none is made");
    cr_expect_eq(book_try_open(&book), SG_LEDGER);
    cr_expect_str_eq(book.why.text, said.text, "check and start say the same");
}
