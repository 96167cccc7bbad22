#include <criterion/criterion.h>
#include <stdio.h>
#include <unistd.h>

#include "gateway/ledger/ledger.h"
#include "gateway/ledger/reader.h"
#include "proto/tlog/proof.h"
#include "tests/unit/ledger/support/book.h"

/* What stands in a ledger's file and Segel did not write is not given out. */
static struct book book;
static struct ledger_reader *reader;

static void set_up(void)
{
    book_make(&book);
    book_open(&book);
}

static void tear_down(void)
{
    ledger_reader_close(reader);
    book_remove(&book);
}

TestSuite(foreign, .init = set_up, .fini = tear_down);

Test(foreign, a_claim_that_cannot_be_stops_the_ledger)
{
    struct claim claim = book_claim("r1");

    cr_assert_eq(ledger_begin(book.ledger), SG_OK);
    cr_assert_eq(ledger_claim(book.ledger, &claim), SG_OK);
    cr_assert_eq(ledger_commit(book.ledger), SG_OK);
    book_close(&book);
    book_tamper(&book, "UPDATE claim SET request_hash = zeroblob(33)");
    book_open(&book);
    cr_expect_eq(ledger_find(book.ledger, "e-office", "r1", &claim), SG_LEDGER);
    cr_expect_eq(ledger_begin(book.ledger), SG_LEDGER);
}

Test(foreign, a_memo_that_cannot_be_stops_the_ledger)
{
    char text[LEDGER_MEMO_MAX];

    cr_assert_eq(ledger_remember(book.ledger, "pin/lane0", "latched 1"), SG_OK);
    book_close(&book);
    book_tamper(&book,
                "UPDATE meta SET value = hex(zeroblob(400)) WHERE key LIKE 'memo/pin%'");
    book_open(&book);
    cr_expect_eq(ledger_recall(book.ledger, "pin/lane0", text), SG_LEDGER);
}

/* The tile still holds the old hash, so the root is right. */
static void change_record_5(void)
{
    book_add(&book, 600);
    book_checkpoint(&book);
    book_close(&book);
    book_tamper(&book, "UPDATE leaf SET rec = CAST('record 666' AS BLOB) WHERE idx = 5");
    book_open(&book);
    cr_assert_eq(ledger_reader_open(book.path, &reader, &book.why), SG_OK);
}

Test(foreign, a_changed_record_gets_no_receipt)
{
    static uint8_t bytes[PROOF_MAX];
    size_t len = 0;

    change_record_5();
    cr_expect_eq(ledger_receipt(reader, 5, bytes, sizeof(bytes), &len), SG_CORRUPT);
    cr_expect_eq(ledger_receipt(reader, 6, bytes, sizeof(bytes), &len), SG_OK);
}

Test(foreign, a_changed_record_gets_no_proof)
{
    struct ledger_path path;
    uint8_t root[32];

    change_record_5();
    cr_expect_eq(ledger_inclusion(reader, 5, 600, &path, root), SG_CORRUPT);
    cr_expect_eq(ledger_inclusion(reader, 6, 600, &path, root), SG_OK);
}

Test(foreign, a_reader_makes_no_file)
{
    char missing[160];

    (void)snprintf(missing, sizeof(missing), "%s.not-there", book.path);
    cr_expect_eq(ledger_reader_open(missing, &reader, &book.why), SG_LEDGER);
    cr_expect_neq(access(missing, F_OK), 0, "it was not made");
    cr_expect_null(reader);
}
