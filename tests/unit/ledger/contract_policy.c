#include <criterion/criterion.h>
#include <string.h>

#include "gateway/ledger/policy.h"
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

static void keep(uint64_t version, const char *text)
{
    const struct ledger_policy policy = {.sha256 = {(uint8_t)version},
                                         .version = version,
                                         .index = version + 100,
                                         .text = slice_str(text)};

    cr_assert_eq(ledger_keep_policy(book.ledger, &policy), SG_OK);
}

static void expect_last(uint64_t version, const char *text)
{
    struct ledger_policy found;

    cr_assert_eq(ledger_last_policy(book.ledger, &found), SG_OK);
    cr_expect_eq(found.version, version);
    cr_expect_eq(found.index, version + 100);
    cr_expect_eq(found.sha256[0], (uint8_t)version);
    cr_expect(slice_equal(found.text, slice_str(text)));
    ledger_policy_fini(&found);
}

CONTRACT(kept_policy, none_is_not_found)
{
    struct ledger_policy found;

    cr_expect_eq(ledger_last_policy(book.ledger, &found), SG_NOT_FOUND);
    ledger_policy_fini(&found);
}

CONTRACT(kept_policy, the_last_one_outlives_the_gateway)
{
    keep(1, "one");
    keep(2, "two");
    book_close(&book);
    book_open(&book);
    expect_last(2, "two");
}

CONTRACT(kept_policy, it_is_there_with_its_record_or_not_at_all)
{
    keep(1, "one");
    cr_assert_eq(ledger_begin(book.ledger), SG_OK);
    cr_assert_eq(ledger_append(book.ledger, slice_str("{}"), NULL), SG_OK);
    keep(2, "two");
    book_close(&book); /* before the commit: as a crash would */
    book_open(&book);
    expect_last(1, "one");
    cr_expect_eq(ledger_size(book.ledger), 0);
}
