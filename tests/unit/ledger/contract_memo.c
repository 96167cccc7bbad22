#include <criterion/criterion.h>
#include <string.h>

#include "gateway/ledger/ledger.h"
#include "tests/unit/ledger/support/book.h"
#include "tests/unit/ledger/support/contract.h"

static struct book book;
static char text[LEDGER_MEMO_MAX];

static void set_up(void)
{
    book_make(&book);
    book_open(&book);
}

static void tear_down(void)
{
    book_remove(&book);
}

static void expect_kept(const char *name, const char *wanted)
{
    cr_expect_eq(ledger_recall(book.ledger, name, text), SG_OK);
    cr_expect_str_eq(text, wanted);
}

CONTRACT(memo, what_was_never_kept_is_not_found)
{
    text[0] = 'x';
    cr_expect_eq(ledger_recall(book.ledger, "pin/lane0", text), SG_NOT_FOUND);
    cr_expect_str_eq(text, "");
}

CONTRACT(memo, outlives_the_gateway)
{
    cr_assert_eq(ledger_remember(book.ledger, "pin/lane0", "latched 1 why"), SG_OK);
    book_close(&book);
    book_open(&book);
    expect_kept("pin/lane0", "latched 1 why");
}

CONTRACT(memo, the_last_text_of_a_name_stands)
{
    cr_assert_eq(ledger_remember(book.ledger, "pin/lane0", "latched 1"), SG_OK);
    cr_assert_eq(ledger_remember(book.ledger, "pin/lane1", "latched 2"), SG_OK);
    cr_assert_eq(ledger_remember(book.ledger, "pin/lane0", ""), SG_OK);
    expect_kept("pin/lane0", "");
    expect_kept("pin/lane1", "latched 2");
}

CONTRACT(memo, inside_a_transaction_it_is_there_with_the_commit)
{
    cr_assert_eq(ledger_begin(book.ledger), SG_OK);
    cr_assert_eq(ledger_remember(book.ledger, "pin/lane0", "latched 1"), SG_OK);
    book_close(&book); /* before the commit: as a crash would */
    book_open(&book);
    cr_expect_eq(ledger_recall(book.ledger, "pin/lane0", text), SG_NOT_FOUND);
    cr_assert_eq(ledger_begin(book.ledger), SG_OK);
    cr_assert_eq(ledger_remember(book.ledger, "pin/lane0", "latched 1"), SG_OK);
    cr_assert_eq(ledger_commit(book.ledger), SG_OK);
    book_close(&book);
    book_open(&book);
    expect_kept("pin/lane0", "latched 1");
}

CONTRACT(memo, no_name_reaches_what_the_schema_keeps)
{
    cr_assert_eq(ledger_remember(book.ledger, "schema", "99"), SG_OK);
    cr_assert_eq(ledger_remember(book.ledger, "origin", "elsewhere"), SG_OK);
    book_close(&book);
    book_open(&book);
    expect_kept("schema", "99");
}
