#include <stdio.h>
#include <string.h>

#include "gateway/ledger/mandates.h"
#include "tests/unit/ledger/support/book.h"
#include "tests/unit/ledger/support/contract.h"

static struct book book;
static struct ledger_mandate found;

static void set_up(void)
{
    book_make(&book);
    book_open(&book);
}

static void tear_down(void)
{
    book_remove(&book);
}

static const uint8_t letter[32] = {1, 2, 3};
static const uint8_t other_letter[32] = {4, 5, 6};

static struct ledger_mandate lawful(const char *id)
{
    struct ledger_mandate mandate = {.terms = {.key = "seal",
                                               .caller = "e-office",
                                               .classes = "letter,permit",
                                               .profiles = 1U << SG_PROFILE_PADES_B_B,
                                               .max = 3,
                                               .from_us = 10,
                                               .until_us = 600000000,
                                               .approval_ref = "SK 12/2026",
                                               .hash = SG_HASH_SHA256,
                                               .digests = 2,
                                               .sha256 = {9}},
                                     .state = MANDATE_OPEN,
                                     .seen_us = 10,
                                     .requester = "officer-a",
                                     .grant = "g-1",
                                     .opened_us = 10,
                                     .log_index = 7,
                                     .log_hash = {3}};

    (void)snprintf(mandate.id, sizeof(mandate.id), "%s", id);
    return mandate;
}

static uint64_t keep_of(const char *id, const char *caller)
{
    struct ledger_mandate mandate = lawful(id);

    (void)snprintf(mandate.terms.caller, sizeof(mandate.terms.caller), "%s", caller);
    cr_assert_eq(ledger_begin(book.ledger), SG_OK);
    cr_assert_eq(ledger_add_mandate(book.ledger, &mandate), SG_OK);
    cr_assert_eq(ledger_commit(book.ledger), SG_OK);
    return mandate.number;
}

static uint64_t keep(const char *id)
{
    return keep_of(id, "e-office");
}

static enum sg_status count(uint64_t number, uint64_t used, uint64_t reserved)
{
    const struct ledger_mandate mandate = {
        .number = number, .used = used, .reserved = reserved, .seen_us = 20};

    cr_assert_eq(ledger_begin(book.ledger), SG_OK);
    enum sg_status status = ledger_count_mandate(book.ledger, &mandate);
    cr_assert_eq(ledger_commit(book.ledger), SG_OK);
    return status;
}

static enum sg_status end(uint64_t number, enum mandate_state state)
{
    struct ledger_mandate mandate = lawful("");

    mandate.number = number;
    mandate.state = state;
    mandate.used = 1;
    mandate.closed_us = 30;
    mandate.log_index = 8;
    (void)snprintf(mandate.reason, sizeof(mandate.reason), "because");
    cr_assert_eq(ledger_begin(book.ledger), SG_OK);
    enum sg_status status = ledger_close_mandate(book.ledger, &mandate);
    cr_assert_eq(ledger_commit(book.ledger), SG_OK);
    return status;
}

static void look(const char *id)
{
    cr_assert_eq(ledger_find_mandate(book.ledger, id, &found), SG_OK);
}

static void expect_terms(const struct mandate_terms *wanted)
{
    const struct mandate_terms *terms = &found.terms;

    cr_expect_str_eq(terms->key, wanted->key);
    cr_expect_str_eq(terms->caller, wanted->caller);
    cr_expect_str_eq(terms->classes, wanted->classes);
    cr_expect_eq(terms->profiles, wanted->profiles);
    cr_expect_eq(terms->max, wanted->max);
    cr_expect_eq(terms->from_us, wanted->from_us);
    cr_expect_eq(terms->until_us, wanted->until_us);
    cr_expect_str_eq(terms->approval_ref, wanted->approval_ref);
    cr_expect_eq(terms->hash, wanted->hash);
    cr_expect_eq(terms->digests, wanted->digests);
    cr_expect_arr_eq(terms->sha256, wanted->sha256, sizeof(wanted->sha256));
}

CONTRACT(mandates, outlive_the_gateway)
{
    const struct ledger_mandate wanted = lawful("m-1");
    uint64_t number = keep("m-1");

    book_close(&book);
    book_open(&book);
    look("m-1");
    cr_expect_eq(found.number, number);
    expect_terms(&wanted.terms);
    cr_expect_eq(found.state, MANDATE_OPEN);
    cr_expect_eq(found.used, 0);
    cr_expect_eq(found.reserved, 0);
    cr_expect_str_eq(found.requester, "officer-a");
    cr_expect_str_eq(found.grant, "g-1");
    cr_expect_eq(found.opened_us, 10);
    cr_expect_eq(found.closed_us, 0);
    cr_expect_eq(found.log_hash[0], 3);
    cr_expect_eq(ledger_find_mandate(book.ledger, "m-2", &found), SG_NOT_FOUND);
}

CONTRACT(mandates, have_an_id_once)
{
    struct ledger_mandate again = lawful("m-1");

    (void)keep("m-1");
    cr_assert_eq(ledger_begin(book.ledger), SG_OK);
    cr_expect_eq(ledger_add_mandate(book.ledger, &again), SG_CONFLICT);
    cr_assert_eq(ledger_commit(book.ledger), SG_OK);
}

CONTRACT(mandates, what_is_not_committed_was_not_taken)
{
    struct ledger_mandate mandate = {.number = keep("m-1"), .used = 2, .seen_us = 20};

    cr_assert_eq(ledger_begin(book.ledger), SG_OK);
    cr_assert_eq(ledger_count_mandate(book.ledger, &mandate), SG_OK);
    book_close(&book);
    book_open(&book);
    look("m-1");
    cr_expect_eq(found.used, 0);
}

CONTRACT(mandates, are_never_overdrawn)
{
    uint64_t number = keep("m-1");

    cr_expect_eq(count(number, 1, 2), SG_OK);
    cr_expect_eq(count(number, 2, 2), SG_NOT_FOUND);
    cr_expect_eq(count(number, 4, 0), SG_NOT_FOUND);
    cr_expect_eq(count(number + 1, 1, 0), SG_NOT_FOUND);
    look("m-1");
    cr_expect_eq(found.used, 1);
    cr_expect_eq(found.reserved, 2);
    cr_expect_eq(found.seen_us, 20);
}

CONTRACT(mandates, end_once_and_finish_what_was_decided)
{
    uint64_t number = keep("m-1");

    cr_expect_eq(end(number, MANDATE_REVOKED), SG_OK);
    cr_expect_eq(end(number, MANDATE_EXPIRED), SG_NOT_FOUND);
    cr_expect_eq(count(number, 2, 0), SG_OK);
    book_close(&book);
    book_open(&book);
    look("m-1");
    cr_expect_eq(found.state, MANDATE_REVOKED);
    cr_expect_eq(found.closed_us, 30);
    cr_expect_eq(found.used, 2);
    cr_expect_str_eq(found.reason, "because");
    cr_expect_eq(found.log_index, 8);
}

CONTRACT(mandates, those_that_are_open_are_found_in_order)
{
    uint64_t first = keep("m-1");
    uint64_t second = keep("m-2");
    uint64_t third = keep("m-3");

    cr_assert_eq(end(second, MANDATE_EXPIRED), SG_OK);
    cr_assert_eq(ledger_next_mandate(book.ledger, 0, &found), SG_OK);
    cr_expect_eq(found.number, first);
    cr_assert_eq(ledger_next_mandate(book.ledger, found.number, &found), SG_OK);
    cr_expect_eq(found.number, third);
    cr_expect_eq(ledger_next_mandate(book.ledger, third, &found), SG_NOT_FOUND);
}

CONTRACT(mandates, are_listed_by_what_is_asked)
{
    struct ledger_mandate items[2];
    struct mandate_page page = {.items = items};
    struct mandate_query query = {
        .below = INT64_MAX, .key = "", .caller = "", .limit = SG_COUNT(items)};

    uint64_t first = keep("m-1");
    (void)keep_of("m-2", "mail");
    (void)keep("m-3");
    cr_assert_eq(ledger_list_mandates(book.ledger, &query, &page), SG_OK);
    cr_assert_eq(page.count, 2);
    cr_expect_str_eq(items[0].id, "m-3");
    cr_expect_str_eq(items[1].id, "m-2");
    query.below = page.next;
    cr_assert_eq(ledger_list_mandates(book.ledger, &query, &page), SG_OK);
    cr_assert_eq(page.count, 1);
    cr_expect_str_eq(items[0].id, "m-1");
    cr_expect_eq(page.next, 0);
    cr_assert_eq(end(first, MANDATE_REVOKED), SG_OK);
    query = (struct mandate_query){.below = INT64_MAX,
                                   .key = "seal",
                                   .caller = "e-office",
                                   .states = 1U << MANDATE_OPEN,
                                   .limit = SG_COUNT(items)};
    cr_assert_eq(ledger_list_mandates(book.ledger, &query, &page), SG_OK);
    cr_assert_eq(page.count, 1);
    cr_expect_str_eq(items[0].id, "m-3");
    query.key = "another";
    cr_assert_eq(ledger_list_mandates(book.ledger, &query, &page), SG_OK);
    cr_expect_eq(page.count, 0);
}

CONTRACT(mandates, a_document_is_taken_once)
{
    const struct slice one = slice_of(letter, sizeof(letter));
    const struct slice other = slice_of(other_letter, sizeof(other_letter));
    uint64_t number = keep("m-1");
    bool taken = true;

    cr_assert_eq(ledger_begin(book.ledger), SG_OK);
    cr_expect_eq(ledger_add_mandate_digest(book.ledger, number, one), SG_OK);
    cr_expect_eq(ledger_add_mandate_digest(book.ledger, number, one), SG_CONFLICT);
    cr_expect_eq(ledger_find_mandate_digest(book.ledger, number, one, &taken), SG_OK);
    cr_expect_not(taken);
    cr_expect_eq(ledger_find_mandate_digest(book.ledger, number, other, &taken),
                 SG_NOT_FOUND);
    cr_expect_eq(ledger_find_mandate_digest(book.ledger, number + 1, one, &taken),
                 SG_NOT_FOUND);
    cr_expect_eq(ledger_take_mandate_digest(book.ledger, number, one, false),
                 SG_CONFLICT);
    cr_expect_eq(ledger_take_mandate_digest(book.ledger, number, one, true), SG_OK);
    cr_expect_eq(ledger_take_mandate_digest(book.ledger, number, one, true), SG_CONFLICT);
    cr_expect_eq(ledger_take_mandate_digest(book.ledger, number, other, true),
                 SG_CONFLICT);
    cr_assert_eq(ledger_commit(book.ledger), SG_OK);
    cr_assert_eq(ledger_find_mandate_digest(book.ledger, number, one, &taken), SG_OK);
    cr_expect(taken);
}
