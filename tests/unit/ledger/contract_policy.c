#include <criterion/criterion.h>
#include <string.h>

#include "gateway/ledger/policy.h"
#include "gateway/ledger/policy_view.h"
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

static enum sg_status place_of(uint8_t version, struct ledger_policy_place *out)
{
    const uint8_t sha256[32] = {version};
    struct ledger_reader *reader = NULL;

    cr_assert_eq(ledger_reader_open(book.path, &reader, &book.why), SG_OK, "%s",
                 book.why.text);
    enum sg_status status = ledger_place_policy(reader, sha256, out);
    ledger_reader_close(reader);
    return status;
}

CONTRACT(kept_policy, its_record_and_the_one_that_ended_it_are_found)
{
    struct ledger_policy_place first;
    struct ledger_policy_place last;

    book_add(&book, 110);
    keep(1, "one");
    keep(2, "two");
    keep(3, "three");
    cr_assert_eq(place_of(1, &first), SG_OK);
    cr_expect_eq(first.index, 101);
    cr_expect(first.followed);
    cr_expect_eq(first.next, 102);
    cr_expect_eq(first.pruned, 0);
    cr_assert_eq(place_of(3, &last), SG_OK);
    cr_expect_eq(last.index, 103);
    cr_expect(!last.followed);
    cr_expect_neq(memcmp(first.hash, last.hash, sizeof(last.hash)), 0);
    cr_expect_eq(place_of(4, &last), SG_NOT_FOUND);
}

static size_t list(uint64_t below, size_t max, struct ledger_policy_row *rows)
{
    struct ledger_reader *reader = NULL;
    size_t count = 0;

    cr_assert_eq(ledger_reader_open(book.path, &reader, &book.why), SG_OK, "%s",
                 book.why.text);
    cr_expect_eq(ledger_list_policies(reader, below, max, rows, &count), SG_OK);
    ledger_reader_close(reader);
    return count;
}

CONTRACT(kept_policy, they_are_listed_page_by_page_the_newest_first)
{
    struct ledger_policy_row rows[4];

    cr_expect_eq(list(0, 4, rows), 0);
    book_add(&book, 110);
    keep(1, "one");
    keep(2, "two");
    keep(1, "one"); /* once more */
    cr_assert_eq(list(0, 2, rows), 2);
    cr_expect_eq(rows[0].version, 1);
    cr_expect_eq(rows[0].sha256[0], 1);
    cr_expect_eq(rows[0].place.index, 101);
    cr_expect_not(rows[0].place.followed);
    cr_expect_eq(rows[1].version, 2);
    cr_expect(rows[1].place.followed);
    cr_expect_eq(rows[1].place.next, 101, "the one that came next, though it is older");
    cr_assert_eq(list(rows[1].n, 4, rows), 1);
    cr_expect_eq(rows[0].version, 1);
    cr_expect_eq(rows[0].place.next, 102);
    cr_expect_eq(list(rows[0].n, 4, rows), 0);
}
