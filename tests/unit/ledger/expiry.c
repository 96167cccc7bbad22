#include "gateway/ledger/expiry.h"

#include <criterion/criterion.h>
#include <stdio.h>

#include "gateway/ledger/tokens.h"
#include "proto/text.h"
#include "tests/unit/ledger/support/book.h"

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

TestSuite(expiry, .init = set_up, .fini = tear_down);

enum { SECOND_US = 1000000, KEPT_S = 1000 };

/* A job that was signed at this second of 1970: its OUTCOME, and what is kept of it. */
static void sign_at(const char *request_id, int64_t second, const char *ts)
{
    struct claim claim = book_claim(request_id);
    char time[TEXT_TIME_SIZE];
    char record[128];

    text_time(second * SECOND_US, time);
    int len = snprintf(record, sizeof(record), "{\"type\":\"outcome\",\"ts\":\"%s\"}",
                       ts == NULL ? time : ts);
    cr_assert_eq(ledger_begin(book.ledger), SG_OK);
    cr_assert_eq(ledger_claim(book.ledger, &claim), SG_OK);
    claim.state = CLAIM_SIGNED;
    claim.outcome_index = ledger_next_index(book.ledger);
    claim.signature_len = 64;
    cr_assert_eq(
        ledger_append(book.ledger, slice_of(record, (size_t)len), claim.outcome_hash),
        SG_OK);
    cr_assert_eq(ledger_settle(book.ledger, &claim), SG_OK);
    cr_assert_eq(ledger_commit(book.ledger), SG_OK);
}

static struct expiry expire_at(int64_t before_s, int64_t now_s)
{
    struct expiry expiry = {.before_us = before_s * SECOND_US,
                            .now_us = now_s * SECOND_US,
                            .gone = 99,
                            .ahead = true};

    cr_assert_eq(ledger_expire(book.ledger, &expiry), SG_OK);
    return expiry;
}

static uint32_t expire(int64_t before_s)
{
    return expire_at(before_s, before_s + KEPT_S).gone;
}

static bool has_answer(const char *request_id)
{
    struct claim claim;

    cr_assert_eq(ledger_find(book.ledger, "e-office", request_id, &claim), SG_OK);
    cr_assert_eq(claim.state, CLAIM_SIGNED, "the claim stays");
    return claim.signature_len > 0;
}

Test(expiry, what_is_older_goes_and_what_is_not_stays)
{
    sign_at("r1", 100, NULL);
    sign_at("r2", 200, NULL);
    sign_at("r3", 300, NULL);
    cr_expect_eq(expire(100), 0, "not older than itself");
    cr_expect(has_answer("r1"));
    cr_expect_eq(expire(300), 2);
    cr_expect_not(has_answer("r1"));
    cr_expect_not(has_answer("r2"));
    cr_expect(has_answer("r3"));
    cr_expect_eq(expire(300), 0);
}

Test(expiry, an_id_whose_answer_is_gone_cannot_be_claimed_again)
{
    struct claim again = book_claim("r1");

    sign_at("r1", 100, NULL);
    cr_assert_eq(expire(1000), 1);
    book_close(&book);
    book_open(&book);
    cr_assert_eq(ledger_begin(book.ledger), SG_OK);
    cr_expect_eq(ledger_claim(book.ledger, &again), SG_CONFLICT);
    cr_assert_eq(ledger_commit(book.ledger), SG_OK);
    cr_expect_not(has_answer("r1"));
}

Test(expiry, records_and_tree_stay)
{
    sign_at("r1", 100, NULL);
    book_checkpoint(&book);
    uint64_t size = ledger_size(book.ledger);
    cr_assert_eq(expire(1000), 1);
    cr_expect_eq(ledger_size(book.ledger), size);
    book_close(&book);
    book_open(&book);
    cr_expect_eq(book.state.size, size);
}

/* A clock that went back: what was signed after a young one waits for it. */
Test(expiry, it_ends_at_the_first_that_is_young)
{
    sign_at("r1", 900, NULL);
    sign_at("r2", 100, NULL);
    cr_expect_eq(expire(500), 0);
    cr_expect(has_answer("r2"));
    cr_expect_eq(expire(901), 2);
}

Test(expiry, a_record_that_tells_no_time_is_young)
{
    static const char *const times[] = {"", "yesterday", "1970-13-01T00:00:00Z"};

    for (size_t i = 0; i < SG_COUNT(times); i++) {
        char request_id[8];
        (void)snprintf(request_id, sizeof(request_id), "r%zu", i);
        sign_at(request_id, 0, times[i]);
        cr_expect_eq(expire(1000), 0, "%s", times[i]);
    }
}

Test(expiry, goes_in_pieces)
{
    for (unsigned i = 0; i < EXPIRY_PIECE + 3; i++) {
        char request_id[16];
        (void)snprintf(request_id, sizeof(request_id), "r%u", i);
        sign_at(request_id, i, NULL);
    }
    cr_expect_eq(expire(1000000), EXPIRY_PIECE);
    cr_expect_eq(expire(1000000), 3);
    cr_expect_eq(expire(1000000), 0);
}

/* By a clock that was wrong for a while. */
enum { IN_2020 = 1590000000, IN_2026 = 1780000000, IN_2036 = 2100000000 };

Test(expiry, a_time_that_has_not_come_holds_up_no_later_answer)
{
    sign_at("r1", IN_2020, NULL);
    sign_at("r2", IN_2036, NULL);
    sign_at("r3", IN_2020 + 1, NULL);
    struct expiry expiry = expire_at(IN_2026 - KEPT_S, IN_2026);
    cr_expect_eq(expiry.gone, 3);
    cr_expect_not(expiry.ahead);
    cr_expect_not(has_answer("r2"));
    cr_expect_not(has_answer("r3"));
}

Test(expiry, a_time_that_has_not_come_waits_for_a_later_answer)
{
    sign_at("r1", IN_2020, NULL);
    sign_at("r2", IN_2036, NULL);
    sign_at("r3", IN_2026, NULL);
    cr_expect_eq(expire_at(IN_2026 - KEPT_S, IN_2026).gone, 1);
    cr_expect_not(has_answer("r1"));
    cr_expect(has_answer("r2"));
    cr_expect_eq(expire_at(IN_2026, IN_2026 + KEPT_S).gone, 0, "not older than itself");
    cr_expect_eq(expire_at(IN_2026 + 1, IN_2026 + KEPT_S).gone, 2);
    cr_expect_not(has_answer("r3"));
}

Test(expiry, a_piece_of_times_that_have_not_come_is_told)
{
    for (unsigned i = 0; i < EXPIRY_PIECE; i++) {
        char request_id[16];
        cr_expect_not(expire_at(IN_2026 - KEPT_S, IN_2026).ahead);
        (void)snprintf(request_id, sizeof(request_id), "r%u", i);
        sign_at(request_id, IN_2036, NULL);
    }
    sign_at("last", IN_2020, NULL);
    struct expiry expiry = expire_at(IN_2026 - KEPT_S, IN_2026);
    cr_expect(expiry.ahead);
    cr_expect_eq(expiry.gone, 0);
    cr_expect_eq(expire_at(IN_2036 + 1, IN_2036 + KEPT_S).gone, EXPIRY_PIECE);
}

static bool has_token(uint64_t outcome, char first)
{
    uint8_t found[16] = {0};
    size_t len = 0;
    enum sg_status status =
        ledger_find_token(book.ledger, outcome, found, sizeof(found), &len);

    cr_assert(status == SG_OK || status == SG_NOT_FOUND);
    return status == SG_OK && len == 3 && found[0] == (uint8_t)first;
}

/* Time stamps are kept as long as the signatures that they are of. */
Test(expiry, a_token_goes_with_its_answer_and_the_first_one_stays_till_then)
{
    sign_at("r1", 100, NULL);
    uint64_t first = ledger_next_index(book.ledger) - 1;
    sign_at("r2", 200, NULL);
    cr_assert_eq(ledger_begin(book.ledger), SG_OK);
    cr_assert_eq(ledger_keep_token(book.ledger, first, slice_str("abc")), SG_OK);
    cr_assert_eq(ledger_keep_token(book.ledger, first, slice_str("xyz")), SG_OK);
    cr_assert_eq(ledger_keep_token(book.ledger, first + 1, slice_str("def")), SG_OK);
    cr_assert_eq(ledger_commit(book.ledger), SG_OK);
    cr_expect(has_token(first, 'a'), "the second one took its place");
    cr_expect_eq(expire(150), 1);
    cr_expect_not(has_token(first, 'a'));
    cr_expect(has_token(first + 1, 'd'));
}

Test(expiry, a_token_that_segel_did_not_write_stops_the_ledger)
{
    uint8_t found[2];
    size_t len = 0;

    cr_assert_eq(ledger_begin(book.ledger), SG_OK);
    cr_assert_eq(ledger_keep_token(book.ledger, 7, slice_str("abc")), SG_OK);
    cr_assert_eq(ledger_commit(book.ledger), SG_OK);
    cr_expect_eq(ledger_find_token(book.ledger, 7, found, sizeof(found), &len),
                 SG_LEDGER);
    cr_expect_eq(ledger_begin(book.ledger), SG_LEDGER);
}
