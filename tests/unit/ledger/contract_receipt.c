#include <criterion/criterion.h>
#include <stdio.h>

#include "gateway/ledger/reader.h"
#include "proto/tlog/proof.h"
#include "tests/unit/ledger/support/book.h"
#include "tests/unit/ledger/support/contract.h"

static struct book book;
static struct ledger_reader *reader;
static uint8_t bytes[PROOF_MAX];
static uint8_t extra[PROOF_EXTRA_MAX];
static size_t len;

static void set_up(void)
{
    book_make(&book);
    book_open(&book);
    cr_assert_eq(ledger_reader_open(book.path, &reader, &book.why), SG_OK);
}

static void tear_down(void)
{
    ledger_reader_close(reader);
    book_remove(&book);
}

static enum sg_status ask(uint64_t index)
{
    return ledger_receipt(reader, index, bytes, sizeof(bytes), &len);
}

static void expect_proven(uint64_t index, uint64_t size)
{
    char record[32];
    struct checkpoint checkpoint;
    struct proof proof;

    cr_assert_eq(ask(index), SG_OK, "%u", (unsigned)index);
    cr_assert_eq(proof_read(slice_of(bytes, len), extra, sizeof(extra), &proof), SG_OK);
    (void)snprintf(record, sizeof(record), "record %u", (unsigned)index);
    cr_expect(slice_equal(proof.extra, slice_str(record)));
    cr_expect_eq(proof.index, index);
    cr_expect_eq(proof_check(&proof, proof.extra, &book.note_key, &checkpoint), SG_OK,
                 "%u", (unsigned)index);
    cr_expect_eq(checkpoint.head.size, size);
}

CONTRACT(ledger_receipt, each_record_is_proven_under_the_newest_checkpoint)
{
    static const unsigned steps[] = {1, 2, 4, 200, 80, 300};
    uint64_t size = 0;

    for (size_t i = 0; i < SG_COUNT(steps); i++) {
        book_add(&book, steps[i]);
        size += steps[i];
        book_checkpoint(&book);
        for (uint64_t index = 0; index < size; index += 1 + size / 16) {
            expect_proven(index, size);
        }
        expect_proven(size - 1, size);
    }
}

CONTRACT(ledger_receipt, what_no_checkpoint_covers_is_not_proven_yet)
{
    cr_expect_eq(ask(0), SG_ABORTED, "no checkpoint at all");
    book_add(&book, 3);
    cr_expect_eq(ask(0), SG_ABORTED);
    book_checkpoint(&book);
    book_add(&book, 1);
    expect_proven(2, 3);
    cr_expect_eq(ask(3), SG_ABORTED);
    book_checkpoint(&book);
    expect_proven(3, 4);
}

CONTRACT(ledger_receipt, what_does_not_fit_is_not_cut)
{
    book_add(&book, 300);
    book_checkpoint(&book);
    cr_assert_eq(ask(7), SG_OK);
    cr_expect_eq(ledger_receipt(reader, 7, bytes, len - 1, &len), SG_TOO_LARGE);
}
