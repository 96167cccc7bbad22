#include <criterion/criterion.h>

#include "gateway/ledger/reader.h"
#include "tests/unit/ledger/support/pruning.h"

/* The index of filters when records go. */
TestSuite(prune_index, .init = pruning_set_up, .fini = pruning_tear_down);

Test(prune_index, it_is_made_anew_of_what_is_left)
{
    struct record_filter filter = {.types = (const char *const[]){"deny"},
                                   .type_count = 1};
    struct record_page page = {.max = 4, .scan = 4096};
    uint64_t first = UINT64_MAX;

    pruning_write(UINT64_C(8192));
    book_checkpoint(pruning_book);
    pruning_all.reader = pruning_reader();
    cr_assert_eq(
        ledger_reader_index(pruning_all.reader, pruning_book->path, &pruning_book->why),
        SG_OK);
    while (ledger_reader_step(pruning_all.reader, &pruning_book->why) == SG_OK) {
    }
    cr_assert_eq(pruning_begin(5120, pruning_later_us * 2), SG_OK);
    cr_expect_eq(pruning_finish(), 0);
    cr_expect_eq(
        ledger_read(pruning_all.reader, &filter, &page, pruning_take_first, &first),
        SG_OK);
    cr_expect_eq(first, 5120);
    scrubbing_close_reader(&pruning_all);
    pruning_all.reader = pruning_reader();
    cr_assert_eq(
        ledger_reader_index(pruning_all.reader, pruning_book->path, &pruning_book->why),
        SG_OK);
    cr_expect_eq(ledger_reader_step(pruning_all.reader, &pruning_book->why), SG_OK);
    first = UINT64_MAX;
    page.first = 0;
    cr_expect_eq(
        ledger_read(pruning_all.reader, &filter, &page, pruning_take_first, &first),
        SG_OK);
    cr_expect_eq(first, 5120);
}

/* How many blocks are written, after a start. */
static unsigned blocks_made(void)
{
    unsigned made = 0;

    scrubbing_close_reader(&pruning_all);
    pruning_all.reader = pruning_reader();
    cr_assert_eq(
        ledger_reader_index(pruning_all.reader, pruning_book->path, &pruning_book->why),
        SG_OK);
    while (ledger_reader_step(pruning_all.reader, &pruning_book->why) == SG_OK) {
        made++;
    }
    return made;
}

Test(prune_index, so_is_one_of_which_a_part_of_the_first_block_went)
{
    static const uint64_t before[] = {1536, 2048};

    pruning_write(UINT64_C(8192));
    book_checkpoint(pruning_book);
    cr_expect_eq(blocks_made(), 2);
    cr_expect_eq(blocks_made(), 0);
    for (size_t i = 0; i < SG_COUNT(before); i++) {
        cr_assert_eq(pruning_begin(before[i], pruning_later_us * 2), SG_OK);
        (void)pruning_finish();
        cr_expect_eq(blocks_made(), 2, "words of what went are gone");
        cr_expect_eq(blocks_made(), 0);
    }
}

static void prune_meanwhile(void *context, uint64_t index, struct slice json)
{
    (void)json;
    if ((*(unsigned *)context)++ == 0) {
        cr_expect_eq(index, 0);
        cr_assert_eq(pruning_begin(1536, pruning_later_us * 2), SG_OK);
        (void)pruning_finish();
    }
}

Test(prune_index, a_page_that_is_being_read_is_of_one_moment)
{
    struct record_filter filter = {.types = (const char *const[]){"deny"},
                                   .type_count = 1};
    struct record_page page = {.max = 10, .scan = 4096};
    unsigned shown = 0;

    pruning_write(UINT64_C(8192));
    book_checkpoint(pruning_book);
    cr_expect_eq(blocks_made(), 2);
    cr_expect_eq(ledger_read(pruning_all.reader, &filter, &page, prune_meanwhile, &shown),
                 SG_OK);
    cr_expect_eq(shown, 10);
    cr_expect_eq(page.next, 10);
    cr_expect_eq(ledger_reader_step(pruning_all.reader, &pruning_book->why), SG_NOT_FOUND,
                 "the index is sound");
}
