#include <criterion/criterion.h>
#include <string.h>

#include "gateway/ledger/rosters.h"
#include "tests/unit/ledger/support/book.h"
#include "tests/unit/ledger/support/contract.h"

static struct book book;

static void set_up(void)
{
    book_make(&book);
    book_open(&book);
}

static void tear_down(void)
{
    book_remove(&book);
}

static void keep(uint8_t number, const char *text)
{
    const struct ledger_roster roster = {.sha256 = {number},
                                         .index = number + 100U,
                                         .since_us = number,
                                         .text = slice_str(text)};

    cr_assert_eq(ledger_keep_roster(book.ledger, &roster), SG_OK);
}

static void expect_last(uint8_t number, const char *text)
{
    struct ledger_roster found;

    cr_assert_eq(ledger_last_roster(book.ledger, &found), SG_OK);
    cr_expect_eq(found.index, number + 100U);
    cr_expect_eq(found.since_us, number);
    cr_expect_eq(found.sha256[0], number);
    cr_expect(slice_equal(found.text, slice_str(text)));
    ledger_roster_fini(&found);
}

CONTRACT(kept_roster, none_is_not_found)
{
    struct ledger_roster found;

    cr_expect_eq(ledger_last_roster(book.ledger, &found), SG_NOT_FOUND);
    ledger_roster_fini(&found);
}

CONTRACT(kept_roster, the_last_one_outlives_the_gateway)
{
    keep(1, "one");
    keep(2, "two");
    book_close(&book);
    book_open(&book);
    expect_last(2, "two");
}

CONTRACT(kept_roster, it_is_there_with_its_record_or_not_at_all)
{
    keep(1, "one");
    cr_assert_eq(ledger_begin(book.ledger), SG_OK);
    keep(2, "two");
    book_close(&book);
    book_open(&book);
    expect_last(1, "one");
}

CONTRACT(kept_roster, one_of_before_is_found_by_its_hash)
{
    static const uint8_t first[32] = {1};
    static const uint8_t none[32] = {3};
    struct ledger_roster found;

    keep(1, "one");
    keep(2, "two");
    cr_assert_eq(ledger_find_roster(book.ledger, first, &found), SG_OK);
    cr_expect_eq(found.index, 101);
    cr_expect(slice_equal(found.text, slice_str("one")));
    ledger_roster_fini(&found);
    cr_expect_eq(ledger_find_roster(book.ledger, none, &found), SG_NOT_FOUND);
    ledger_roster_fini(&found);
}
