#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "gateway/ledger/overrides.h"
#include "tests/unit/ledger/support/book.h"
#include "tests/unit/ledger/support/contract.h"

static struct book book;
static struct ledger_override found;

static void set_up(void)
{
    book_make(&book);
    book_open(&book);
}

static void tear_down(void)
{
    book_remove(&book);
}

static void keep(const char *id)
{
    struct ledger_override override = {.rule = "CP-1",
                                       .key = "seal",
                                       .caller = "e-office",
                                       .document_class = "letter",
                                       .policy = {7},
                                       .until_us = 2000000,
                                       .max = 5,
                                       .since_us = 1000000,
                                       .index = 12};

    (void)snprintf(override.id, sizeof(override.id), "%s", id);
    cr_assert_eq(ledger_add_override(book.ledger, &override), SG_OK);
}

CONTRACT(kept_override, it_is_found_as_it_was_kept)
{
    cr_expect_eq(ledger_next_override(book.ledger, 0, &found), SG_NOT_FOUND);
    keep("o-1");
    book_close(&book);
    book_open(&book);
    cr_assert_eq(ledger_next_override(book.ledger, 0, &found), SG_OK);
    cr_expect_str_eq(found.id, "o-1");
    cr_expect_str_eq(found.rule, "CP-1");
    cr_expect_str_eq(found.key, "seal");
    cr_expect_str_eq(found.caller, "e-office");
    cr_expect_str_eq(found.document_class, "letter");
    cr_expect_eq(found.policy[0], 7);
    cr_expect_eq(found.until_us, 2000000);
    cr_expect_eq(found.max, 5);
    cr_expect_eq(found.used, 0);
    cr_expect_eq(found.since_us, 1000000);
    cr_expect_eq(found.index, 12);
}

CONTRACT(kept_override, what_was_used_stays_used_and_what_is_over_is_gone)
{
    keep("o-1");
    keep("o-2");
    cr_assert_eq(ledger_set_override(book.ledger, "o-2", 3, true), SG_OK);
    cr_assert_eq(ledger_set_override(book.ledger, "o-1", 5, false), SG_OK);
    cr_expect_eq(ledger_set_override(book.ledger, "o-1", 4, true), SG_NOT_FOUND,
                 "for good");
    cr_assert_eq(ledger_next_override(book.ledger, 0, &found), SG_OK);
    cr_expect_str_eq(found.id, "o-2");
    cr_expect_eq(found.used, 3);
    cr_expect_eq(ledger_next_override(book.ledger, found.number, &found), SG_NOT_FOUND);
}

CONTRACT(kept_override, it_is_there_with_its_record_or_not_at_all)
{
    cr_assert_eq(ledger_begin(book.ledger), SG_OK);
    keep("o-1");
    book_close(&book);
    book_open(&book);
    cr_expect_eq(ledger_next_override(book.ledger, 0, &found), SG_NOT_FOUND);
}
