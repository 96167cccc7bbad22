#include "gateway/ledger/witnessed.h"

#include <criterion/criterion.h>
#include <stdio.h>

#include "proto/tlog/proof.h"
#include "tests/unit/ledger/support/book.h"

/* What witnesses add to checkpoints: it is given out with them, and lasts. */

static struct book book;
static struct ledger_reader *reader;
static uint8_t bytes[PROOF_MAX];
static uint8_t extra[PROOF_EXTRA_MAX];
static size_t len;
static uint64_t size;

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

TestSuite(witnessed, .init = set_up, .fini = tear_down);

/* A line as a note has it; the ledger asks for no more. */
static void cosign(uint64_t of, const char *witness, uint8_t fill)
{
    char note[512];
    uint8_t signature[72];
    struct lines_out out;
    struct slice line;

    memset(signature, fill, sizeof(signature));
    lines_start(&out, note, sizeof(note));
    note_add_signature(&out, slice_str(witness), fill, slice_of(signature, 72));
    cr_assert_eq(lines_finish(&out, &line), SG_OK);
    const struct ledger_witnessed witnessed = {
        .size = of, .by = witness, .time_s = 1700000000, .bytes = line};
    cr_assert_eq(ledger_begin(book.ledger), SG_OK);
    cr_assert_eq(ledger_add_cosignature(book.ledger, &witnessed), SG_OK);
    cr_assert_eq(ledger_commit(book.ledger), SG_OK);
}

static void grow(unsigned count)
{
    book_add(&book, count);
    book_checkpoint(&book);
}

/* Signatures on a note, which must be by the log too. */
static size_t signatures(struct slice whole, uint64_t of)
{
    struct checkpoint checkpoint;
    struct note note;

    cr_assert_eq(checkpoint_open(whole, &book.note_key, &checkpoint), SG_OK);
    cr_assert_eq(note_parse(whole, &note), SG_OK);
    cr_expect_eq(checkpoint.head.size, of);
    return note.count;
}

static void expect_newest(uint64_t of, size_t count)
{
    cr_assert_eq(ledger_read_checkpoint(reader, bytes, sizeof(bytes), &len, &size),
                 SG_OK);
    cr_expect_eq(size, of);
    cr_expect_eq(signatures(slice_of(bytes, len), of), count);
}

static void expect_receipt(uint64_t index, uint64_t of, size_t count)
{
    struct checkpoint checkpoint;
    struct proof proof;

    cr_assert_eq(ledger_receipt(reader, index, bytes, sizeof(bytes), &len), SG_OK);
    cr_assert_eq(proof_read(slice_of(bytes, len), extra, sizeof(extra), &proof), SG_OK);
    cr_expect_eq(proof_check(&proof, proof.extra, &book.note_key, &checkpoint), SG_OK);
    cr_expect_eq(signatures(proof.checkpoint, of), count);
}

Test(witnessed, a_checkpoint_is_given_out_with_all_its_cosignatures)
{
    grow(5);
    expect_newest(5, 1);
    cosign(5, "a.example", 1);
    cosign(5, "b.example", 2);
    expect_newest(5, 3);
    grow(1);
    expect_newest(6, 1);
}

Test(witnessed, the_log_s_own_note_is_to_be_had_without_them)
{
    grow(5);
    cosign(5, "a.example", 1);
    cr_assert_eq(ledger_read_note(reader, bytes, sizeof(bytes), &len, &size), SG_OK);
    cr_expect_eq(signatures(slice_of(bytes, len), 5), 1);
    cr_expect_eq(ledger_read_note(reader, bytes, 20, &len, &size), SG_TOO_LARGE);
}

Test(witnessed, the_newest_of_a_witness_takes_the_place_of_the_one_before)
{
    grow(5);
    cosign(5, "a.example", 1);
    cosign(5, "a.example", 3);
    expect_newest(5, 2);
}

static bool count_note(void *context, uint64_t of, struct slice note)
{
    size_t *counts = (size_t *)context;

    counts[of] = signatures(note, of);
    return true;
}

Test(witnessed, listed_checkpoints_carry_them_too)
{
    size_t counts[8] = {0};
    struct checkpoint_range range = {0, 100, 0};

    grow(2);
    grow(2);
    cosign(2, "a.example", 1);
    cosign(2, "b.example", 2);
    cr_assert_eq(ledger_read_checkpoints(reader, &range, count_note, counts), SG_OK);
    cr_expect_eq(counts[2], 3);
    cr_expect_eq(counts[4], 1);
}

Test(witnessed, a_receipt_takes_the_checkpoint_that_most_have_signed)
{
    grow(4);
    expect_receipt(0, 4, 1);
    cosign(4, "a.example", 1);
    grow(4);
    expect_receipt(0, 4, 2);
    expect_receipt(5, 8, 1); /* none that covers it has been signed */
    cosign(8, "a.example", 1);
    expect_receipt(0, 8, 2);
    cosign(4, "b.example", 2);
    expect_receipt(0, 4, 3);
    expect_receipt(4, 8, 2);
}

Test(witnessed, they_are_there_after_a_restart)
{
    grow(3);
    cosign(3, "a.example", 1);
    book_close(&book);
    book_open(&book);
    expect_newest(3, 2);
}

Test(witnessed, a_ledger_of_an_older_version_learns_to_keep_them)
{
    grow(3);
    ledger_reader_close(reader);
    book_close(&book);
    book_tamper(&book,
                "DROP TABLE cosig; DROP TABLE stamp; DROP TABLE request; DROP TABLE vote;"
                " DROP TABLE keyreg; DROP TABLE keyder; DROP TABLE mandate;"
                " DROP TABLE mandate_digest; DROP TABLE roster; DROP TABLE override;"
                " DROP TABLE incident; DROP TABLE incident_note; DROP TABLE reminder;"
                " DROP TABLE token;"
                " DROP TABLE minutes;"
                " DROP TABLE prune;"
                " UPDATE meta SET value = 2 WHERE key = 'schema'");
    book_open(&book);
    cr_assert_eq(ledger_reader_open(book.path, &reader, &book.why), SG_OK);
    expect_newest(3, 1);
    cosign(3, "a.example", 1);
    expect_newest(3, 2);
}

Test(witnessed, a_time_stamp_is_kept)
{
    const struct ledger_witnessed stamp = {
        .size = 3, .by = "tsa", .time_s = 1700000000, .bytes = slice_str("token")};

    grow(3);
    cr_assert_eq(ledger_begin(book.ledger), SG_OK);
    cr_expect_eq(ledger_add_stamp(book.ledger, &stamp), SG_OK);
    cr_assert_eq(ledger_commit(book.ledger), SG_OK);
    expect_newest(3, 1);
}
