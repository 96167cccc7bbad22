#include <criterion/criterion.h>
#include <stdio.h>

#include "gateway/ledger/ledger.h"
#include "gateway/ledger/reader.h"
#include "tests/unit/ledger/support/contract.h"
#include "tests/unit/ledger/support/scrubbing.h"

/* A lawful log with a complete tile of the second level and a checkpoint inside its last
 * tile. */
static struct scrubbing all;

static void set_up(void)
{
    scrubbing_make(&all);
}

static void tear_down(void)
{
    scrubbing_remove(&all);
}

static void expect_sound(uint64_t wanted)
{

    cr_expect_eq(scrubbing_pass(&all), SG_NOT_FOUND, "%s", all.why.text);
    cr_expect_eq(all.records, wanted);
}

CONTRACT(scrub, a_lawful_log_is_sound_up_to_its_checkpoint)
{
    book_open(&all.book);
    expect_sound(SCRUB_COVERED);
    book_checkpoint(&all.book);
    expect_sound(SCRUB_RECORDS);
}

CONTRACT(scrub, an_empty_log_is_sound)
{
    book_remove(&all.book);
    book_make(&all.book);
    book_open(&all.book);
    book_checkpoint(&all.book);
    expect_sound(0);
}

CONTRACT(scrub, logs_around_the_edges_of_tiles_are_sound)
{
    static const unsigned sizes[] = {1, 255, 256, 257, 512, 65535, 65536, 65537};

    for (size_t i = 0; i < SG_COUNT(sizes); i++) {
        scrubbing_close_reader(&all);
        book_remove(&all.book);
        book_make(&all.book);
        book_open(&all.book);
        book_add(&all.book, sizes[i]);
        book_checkpoint(&all.book);
        expect_sound(sizes[i]);
    }
}

CONTRACT(scrub, a_step_is_bounded)
{
    struct scrub_progress progress = {0};

    cr_assert_eq(ledger_reader_open(all.book.path, &all.reader, &all.why), SG_OK);
    cr_assert_eq(ledger_scrub_begin(all.reader, all.book.vkey, &all.why), SG_OK);
    cr_assert_eq(ledger_scrub_step(all.reader, &progress, &all.why), SG_OK);
    cr_expect_leq(progress.records, 4096);
    cr_expect_gt(progress.records, 0);
    cr_expect_eq(progress.of, SCRUB_COVERED);
}

CONTRACT(scrub, a_log_that_grows_meanwhile_is_sound)
{
    struct scrub_progress progress = {0};
    enum sg_status status = SG_OK;

    book_open(&all.book);
    cr_assert_eq(ledger_reader_open(all.book.path, &all.reader, &all.why), SG_OK);
    cr_assert_eq(ledger_scrub_begin(all.reader, all.book.vkey, &all.why), SG_OK);
    while ((status = ledger_scrub_step(all.reader, &progress, &all.why)) == SG_OK) {
        book_add(&all.book, 300);
        book_checkpoint(&all.book);
    }
    cr_expect_eq(status, SG_NOT_FOUND, "%s", all.why.text);
    cr_expect_eq(progress.records, SCRUB_COVERED);
    expect_sound(ledger_size(all.book.ledger));
}

CONTRACT(scrub, a_condemned_ledger_writes_nothing_more)
{
    book_open(&all.book);
    cr_expect_eq(ledger_condemn(all.book.ledger, "somebody was here"), SG_LEDGER);
    cr_expect_str_eq(ledger_why(all.book.ledger), "somebody was here");
    cr_expect_eq(ledger_begin(all.book.ledger), SG_LEDGER);
}
