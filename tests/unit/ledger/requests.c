#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "gateway/ledger/requests.h"
#include "tests/unit/ledger/support/book.h"
#include "tests/unit/ledger/support/older.h"

static struct book book;
static struct arena arena;
static struct ledger_request found;

static void set_up(void)
{
    book_make(&book);
    book_open(&book);
    cr_assert_eq(arena_init(&arena, 1 << 20), SG_OK);
}

static void tear_down(void)
{
    arena_fini(&arena);
    book_remove(&book);
}

TestSuite(requests, .init = set_up, .fini = tear_down);

static struct ledger_request lawful(const char *id)
{
    return (struct ledger_request){.id = id,
                                   .person = "officer-a",
                                   .request_id = id,
                                   .task = "pin.unlock",
                                   .object = "lane0",
                                   .param = "-",
                                   .method = "/segel.v1.ApprovalService/CreateRequest",
                                   .log = "log.example/kota",
                                   .message = slice_str("\x01\x00\x02"),
                                   .policy = {1},
                                   .quorum = {2},
                                   .created_us = 5,
                                   .not_after_us = 600000000,
                                   .log_index = 7,
                                   .log_hash = {3}};
}

static void keep(const char *id)
{
    const struct ledger_request request = lawful(id);

    cr_assert_eq(ledger_begin(book.ledger), SG_OK);
    cr_assert_eq(ledger_add_request(book.ledger, &request), SG_OK);
    cr_assert_eq(ledger_commit(book.ledger), SG_OK);
}

static enum sg_status settle(const char *id, enum request_state state)
{
    cr_assert_eq(ledger_find_request(book.ledger, id, &arena, &found), SG_OK);
    found.state = state;
    found.why = "because";
    return ledger_settle_request(book.ledger, &found);
}

static void vote(const char *id, const char *person)
{
    const struct ledger_vote one = {.person = person,
                                    .role = "officer",
                                    .key = "key",
                                    .reason = "",
                                    .line = slice_str("— key AAAA\n"),
                                    .time_us = 9};

    cr_assert_eq(ledger_find_request(book.ledger, id, &arena, &found), SG_OK);
    cr_assert_eq(ledger_add_vote(book.ledger, found.number, &one), SG_OK);
}

Test(requests, outlive_the_gateway_with_their_votes)
{
    keep("g-1");
    vote("g-1", "officer-b");
    vote("g-1", "officer-c");
    book_close(&book);
    book_open(&book);
    cr_assert_eq(ledger_find_request(book.ledger, "g-1", &arena, &found), SG_OK);
    cr_expect_str_eq(found.object, "lane0");
    cr_expect_str_eq(found.log, "log.example/kota");
    cr_expect(slice_equal(found.message, slice_str("\x01\x00\x02")));
    cr_expect_eq(found.state, REQUEST_PENDING);
    cr_expect_eq(found.not_after_us, 600000000);
    cr_expect_eq(found.policy[0], 1);
    cr_expect_eq(found.quorum[0], 2);
    cr_expect_eq(found.log_hash[0], 3);
    cr_assert_eq(found.vote_count, 2);
    cr_expect_str_eq(found.votes[0].person, "officer-b");
    cr_expect_str_eq(found.votes[1].person, "officer-c");
    cr_expect(slice_equal(found.votes[1].line, slice_str("— key AAAA\n")));
}

/* Or its signatures would be over another text than its hash in minutes says. */
Test(requests, of_an_older_version_names_no_log)
{
    enum { BEFORE_LOGS = 11 };

    book_remove(&book);
    book_make(&book);
    older_write(&book, BEFORE_LOGS);
    book_tamper(&book,
                "INSERT INTO request(id, person, request_id, task, object, param, method,"
                " message, policy, quorum, state, created, not_after, outcome, why, idx,"
                " hash) VALUES('g-1', 'officer-a', 'r', 'pin.unlock', 'lane0', '-', '/m',"
                " x'00', zeroblob(32), zeroblob(32), 2, 5, 600000000, 0, '', 7,"
                " zeroblob(32))");
    book_open(&book);
    cr_assert_eq(ledger_find_request(book.ledger, "g-1", &arena, &found), SG_OK);
    cr_expect_str_eq(found.log, "");
    cr_expect_str_eq(found.object, "lane0");
}

Test(requests, what_is_not_committed_never_was)
{
    const struct ledger_request request = lawful("g-1");

    cr_assert_eq(ledger_begin(book.ledger), SG_OK);
    cr_assert_eq(ledger_add_request(book.ledger, &request), SG_OK);
    book_close(&book);
    book_open(&book);
    cr_expect_eq(ledger_find_request(book.ledger, "g-1", &arena, &found), SG_NOT_FOUND);
}

Test(requests, end_once)
{
    keep("g-1");
    cr_expect_eq(settle("g-1", REQUEST_EXECUTED), SG_OK);
    cr_expect_eq(settle("g-1", REQUEST_EXECUTED), SG_NOT_FOUND);
    cr_expect_eq(settle("g-1", REQUEST_VOID), SG_NOT_FOUND);
    cr_assert_eq(ledger_find_request(book.ledger, "g-1", &arena, &found), SG_OK);
    cr_expect_eq(found.state, REQUEST_EXECUTED);
}

Test(requests, are_found_by_person_and_id)
{
    keep("g-1");
    cr_expect_eq(ledger_find_request_of(book.ledger, "officer-a", "g-1", &arena, &found),
                 SG_OK);
    cr_expect_eq(ledger_find_request_of(book.ledger, "officer-b", "g-1", &arena, &found),
                 SG_NOT_FOUND);
}

Test(requests, pending_ones_are_counted_and_walked)
{
    uint64_t count = 9;
    int64_t earliest = 9;

    cr_assert_eq(ledger_pending_requests(book.ledger, &count, &earliest), SG_OK);
    cr_expect_eq(count, 0);
    cr_expect_eq(earliest, 0);
    keep("g-1");
    keep("g-2");
    keep("g-3");
    cr_assert_eq(settle("g-2", REQUEST_EXPIRED), SG_OK);
    cr_assert_eq(ledger_pending_requests(book.ledger, &count, &earliest), SG_OK);
    cr_expect_eq(count, 2);
    cr_expect_eq(earliest, 600000000);
    cr_assert_eq(ledger_next_request(book.ledger, 0, &arena, &found), SG_OK);
    cr_expect_str_eq(found.id, "g-1");
    cr_expect_eq(found.message.len, 0, "a megabyte for each would be too much");
    cr_assert_eq(ledger_next_request(book.ledger, found.number, &arena, &found), SG_OK);
    cr_expect_str_eq(found.id, "g-3");
    cr_assert_eq(ledger_pending_of(book.ledger, found.task, &count), SG_OK);
    cr_expect_eq(count, 2);
    cr_assert_eq(ledger_pending_of(book.ledger, "lockdown.clear", &count), SG_OK);
    cr_expect_eq(count, 0);
    cr_assert_eq(ledger_pending_by(book.ledger, found.person, &count), SG_OK);
    cr_expect_eq(count, 2);
    cr_assert_eq(ledger_pending_by(book.ledger, "nobody", &count), SG_OK);
    cr_expect_eq(count, 0);
    cr_expect_eq(ledger_next_request(book.ledger, found.number, &arena, &found),
                 SG_NOT_FOUND);
}

Test(requests, are_listed_page_by_page_and_none_is_left_out)
{
    struct request_query query = {.below = INT64_MAX, .task = "", .limit = 3};
    struct request_page page;
    char id[16];
    size_t seen = 0;

    for (int i = 0; i < 10; i++) {
        (void)snprintf(id, sizeof(id), "g-%d", i);
        keep(id);
    }
    cr_assert_eq(settle("g-4", REQUEST_REFUSED), SG_OK);
    query.states = 1U << REQUEST_PENDING;
    do {
        cr_assert_eq(ledger_list_requests(book.ledger, &query, &arena, &page), SG_OK);
        for (size_t i = 0; i < page.count; i++) {
            cr_expect_eq(page.items[i].state, REQUEST_PENDING);
        }
        seen += page.count;
        query.below = page.next;
    } while (page.next != 0);
    cr_expect_eq(seen, 9);
    query.below = INT64_MAX;
    query.task = "lockdown.clear";
    cr_assert_eq(ledger_list_requests(book.ledger, &query, &arena, &page), SG_OK);
    cr_expect_eq(page.count, 0);
}

Test(requests, an_arena_that_is_full_shortens_the_page)
{
    struct request_query query = {.below = INT64_MAX, .task = "", .limit = 8};
    struct request_page page;
    struct arena small;
    char id[16];

    for (int i = 0; i < 8; i++) {
        (void)snprintf(id, sizeof(id), "g-%d", i);
        keep(id);
    }
    cr_assert_eq(arena_init(&small, 12000), SG_OK);
    cr_assert_eq(ledger_list_requests(book.ledger, &query, &small, &page), SG_OK);
    cr_expect_gt(page.count, 0);
    cr_expect_lt(page.count, 8);
    cr_expect_gt(page.next, 0);
    arena_fini(&small);
}
