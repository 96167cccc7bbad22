#include <criterion/criterion.h>
#include <stdio.h>

#include "gateway/ledger/ledger.h"
#include "tests/unit/ledger/support/book.h"
#include "tests/unit/ledger/support/contract.h"

/* A closed ledger of 700 records with checkpoints at 300 and 650. */
static struct book book;

static void set_up(void)
{
    const struct book_sizes sizes = {.early = 300, .covered = 650, .records = 700};

    book_make_checked(&book, &sizes);
}

static void tear_down(void)
{
    book_remove(&book);
}

CONTRACT(checkpoint, a_key_that_comes_later_checks_the_stored_checkpoint)
{
    struct ledger_options options = {.path = book.path, .origin = BOOK_ORIGIN};
    struct book other;

    book_make(&other);
    cr_assert_eq(ledger_open(&options, &book.ledger, &book.state, &book.why), SG_OK);
    cr_expect_eq(ledger_set_log_key(book.ledger, book.vkey, &book.why), SG_OK);
    cr_expect_eq(ledger_set_log_key(book.ledger, other.vkey, &book.why), SG_CORRUPT);
    cr_expect_eq(ledger_set_log_key(book.ledger, "nonsense", &book.why), SG_INVALID);
    book_remove(&other);
}

/* Storing. */

CONTRACT(checkpoint, only_the_note_of_the_text_given_out_is_stored)
{
    char text[512];
    char note[1024];
    size_t len = 0;
    struct book other;

    book_make(&other);
    book_open(&book);
    cr_assert_eq(ledger_checkpoint_text(book.ledger, text, sizeof(text), &len), SG_OK);
    struct slice false_key = book_sign(&other, slice_of(text, len), note, sizeof(note));
    cr_expect_eq(ledger_checkpoint_store(book.ledger, false_key), SG_INVALID);
    struct slice unsigned_text = slice_of(text, len);
    cr_expect_eq(ledger_checkpoint_store(book.ledger, unsigned_text), SG_INVALID);
    text[len - 3] = text[len - 3] == 'A' ? 'E' : 'A';
    struct slice false_root = book_sign(&book, slice_of(text, len), note, sizeof(note));
    cr_expect_eq(ledger_checkpoint_store(book.ledger, false_root), SG_INVALID);
    cr_expect_eq(ledger_checkpoint_size(book.ledger), 650);
    book_checkpoint(&book);
    cr_expect_eq(ledger_checkpoint_size(book.ledger), 700);
    book_remove(&other);
}

CONTRACT(checkpoint, a_note_signed_while_records_were_committed_is_stored)
{
    char text[512];
    char note[1024];
    size_t len = 0;

    book_open(&book);
    cr_assert_eq(ledger_checkpoint_text(book.ledger, text, sizeof(text), &len), SG_OK);
    struct slice signed_note = book_sign(&book, slice_of(text, len), note, sizeof(note));
    book_add(&book, 30);
    cr_expect_eq(ledger_checkpoint_store(book.ledger, signed_note), SG_OK);
    cr_expect_eq(ledger_checkpoint_size(book.ledger), 700);
    book_close(&book);
    book_open(&book);
    cr_expect_eq(book.state.checkpoint_size, 700);
    cr_expect_eq(book.state.size, 730);
}

CONTRACT(checkpoint, the_same_checkpoint_may_be_stored_again)
{
    book_open(&book);
    book_checkpoint(&book);
    book_checkpoint(&book);
    cr_expect_eq(ledger_checkpoint_size(book.ledger), 700);
}

CONTRACT(checkpoint, an_empty_tree_has_a_checkpoint_too)
{
    struct book empty;

    book_make(&empty);
    book_open(&empty);
    book_checkpoint(&empty);
    book_close(&empty);
    book_open(&empty);
    cr_expect_eq(empty.state.size, 0);
    book_remove(&empty);
}

static void expect_same_root(void)
{
    struct tlog_hash want = book_root(ledger_size(book.ledger));

    book_close(&book);
    book_open(&book);
    cr_expect_eq(memcmp(book.state.root, want.bytes, sizeof(want.bytes)), 0,
                 "root of %u records", (unsigned)book.state.size);
}

/* A start takes what the checkpoint covers from stored roots: of tiles of one level, of
 * two, and of none. */
CONTRACT(checkpoint, a_start_from_any_checkpoint_has_the_root_of_all_records)
{
    static const unsigned sizes[] = {768,   769,   1023,  1024,   1025,  65535,
                                     65536, 65537, 65791, 131072, 131329};

    book_open(&book);
    for (size_t i = 0; i < SG_COUNT(sizes); i++) {
        uint64_t size = ledger_size(book.ledger);
        if (size < sizes[i]) {
            book_add(&book, (unsigned)(sizes[i] - size));
        }
        book_checkpoint(&book);
        expect_same_root();
        cr_expect_eq(book.state.checkpoint_size, ledger_size(book.ledger));
        book_add(&book, i % 2 == 0 ? 1 : 300);
        expect_same_root();
    }
}
