#include <criterion/criterion.h>
#include <stdio.h>

#include "gateway/ledger/ledger.h"
#include "gateway/ledger/reader.h"
#include "tests/unit/ledger/support/book.h"
#include "tests/unit/ledger/support/contract.h"

/* A lawful log with a complete tile of the second level and a checkpoint inside its last
 * tile. */
enum { RECORDS = 65536 + 700, EARLY = 300, COVERED = 65536 + 650 };
static struct book book;
static struct ledger_reader *reader;
static struct sg_error why;

static void set_up(void)
{
    book_make(&book);
    book_open(&book);
    book_add(&book, EARLY);
    book_checkpoint(&book);
    book_add(&book, COVERED - EARLY);
    book_checkpoint(&book);
    book_add(&book, RECORDS - COVERED);
    book_close(&book);
}

static void close_reader(void)
{
    ledger_reader_close(reader);
    reader = NULL;
}

static void tear_down(void)
{
    close_reader();
    book_remove(&book);
}

/* A whole pass; how many records it hashed. */
static enum sg_status scrub(uint64_t *records)
{
    struct scrub_progress progress = {0};
    unsigned steps = 0;

    close_reader();
    why.text[0] = '\0';
    cr_assert_eq(ledger_reader_open(book.path, &reader, &why), SG_OK, "%s", why.text);
    enum sg_status status = ledger_scrub_begin(reader, book.vkey, &why);
    while (status == SG_OK && steps++ < 10000) {
        status = ledger_scrub_step(reader, &progress, &why);
    }
    *records = progress.records;
    return status;
}

static void expect_sound(uint64_t wanted)
{
    uint64_t records = 0;

    cr_expect_eq(scrub(&records), SG_NOT_FOUND, "%s", why.text);
    cr_expect_eq(records, wanted);
}

CONTRACT(scrub, a_lawful_log_is_sound_up_to_its_checkpoint)
{
    book_open(&book);
    expect_sound(COVERED);
    book_checkpoint(&book);
    expect_sound(RECORDS);
}

CONTRACT(scrub, an_empty_log_is_sound)
{
    book_remove(&book);
    book_make(&book);
    book_open(&book);
    book_checkpoint(&book);
    expect_sound(0);
}

CONTRACT(scrub, logs_around_the_edges_of_tiles_are_sound)
{
    static const unsigned sizes[] = {1, 255, 256, 257, 512, 65535, 65536, 65537};

    for (size_t i = 0; i < SG_COUNT(sizes); i++) {
        close_reader();
        book_remove(&book);
        book_make(&book);
        book_open(&book);
        book_add(&book, sizes[i]);
        book_checkpoint(&book);
        expect_sound(sizes[i]);
    }
}

CONTRACT(scrub, a_step_is_bounded)
{
    struct scrub_progress progress = {0};

    cr_assert_eq(ledger_reader_open(book.path, &reader, &why), SG_OK);
    cr_assert_eq(ledger_scrub_begin(reader, book.vkey, &why), SG_OK);
    cr_assert_eq(ledger_scrub_step(reader, &progress, &why), SG_OK);
    cr_expect_leq(progress.records, 4096);
    cr_expect_gt(progress.records, 0);
    cr_expect_eq(progress.of, COVERED);
}

CONTRACT(scrub, a_log_that_grows_meanwhile_is_sound)
{
    struct scrub_progress progress = {0};
    enum sg_status status = SG_OK;

    book_open(&book);
    cr_assert_eq(ledger_reader_open(book.path, &reader, &why), SG_OK);
    cr_assert_eq(ledger_scrub_begin(reader, book.vkey, &why), SG_OK);
    while ((status = ledger_scrub_step(reader, &progress, &why)) == SG_OK) {
        book_add(&book, 300);
        book_checkpoint(&book);
    }
    cr_expect_eq(status, SG_NOT_FOUND, "%s", why.text);
    cr_expect_eq(progress.records, COVERED);
    expect_sound(ledger_size(book.ledger));
}

CONTRACT(scrub, a_condemned_ledger_writes_nothing_more)
{
    book_open(&book);
    cr_expect_eq(ledger_condemn(book.ledger, "somebody was here"), SG_LEDGER);
    cr_expect_str_eq(ledger_why(book.ledger), "somebody was here");
    cr_expect_eq(ledger_begin(book.ledger), SG_LEDGER);
}
