#include <criterion/criterion.h>
#include <stdio.h>

#include "gateway/ledger/intent.h"
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

static enum sg_status claim_now(const struct claim *claim)
{
    cr_assert_eq(ledger_begin(book.ledger), SG_OK);
    enum sg_status status = ledger_claim(book.ledger, claim);
    cr_assert_eq(ledger_commit(book.ledger), SG_OK);
    return status;
}

static enum sg_status settle_now(const struct claim *claim)
{
    cr_assert_eq(ledger_begin(book.ledger), SG_OK);
    enum sg_status status = ledger_settle(book.ledger, claim);
    cr_assert_eq(ledger_commit(book.ledger), SG_OK);
    return status;
}

static uint64_t outcome = 7; /* every OUTCOME is a record of its own */

static struct claim settled(struct claim claim, enum claim_state state)
{
    claim.state = state;
    claim.outcome_index = ++outcome;
    claim.outcome_hash[0] = 77;
    if (state == CLAIM_SIGNED) {
        claim.signature_len = 256;
        memset(claim.signature, 0xAB, 256);
    }
    return claim;
}

static struct claim found(const char *request_id)
{
    struct claim claim;

    cr_assert_eq(ledger_find(book.ledger, "e-office", request_id, &claim), SG_OK);
    return claim;
}

static bool same(const struct claim *a, const struct claim *b)
{
    return strcmp(a->caller, b->caller) == 0 &&
           strcmp(a->request_id, b->request_id) == 0 &&
           memcmp(a->request_hash, b->request_hash, 32) == 0 && a->state == b->state &&
           a->attempt == b->attempt && strcmp(a->decision_id, b->decision_id) == 0 &&
           a->intent_index == b->intent_index &&
           a->signing_time_us == b->signing_time_us &&
           memcmp(a->template_id, b->template_id, 32) == 0 &&
           a->outcome_index == b->outcome_index &&
           memcmp(a->outcome_hash, b->outcome_hash, 32) == 0 &&
           slice_equal(slice_of(a->signature, a->signature_len),
                       slice_of(b->signature, b->signature_len));
}

CONTRACT(claim, what_was_never_claimed_is_not_found)
{
    struct claim claim;

    cr_expect_eq(ledger_find(book.ledger, "e-office", "r1", &claim), SG_NOT_FOUND);
}

CONTRACT(claim, a_pending_claim_is_found_as_it_was_written)
{
    struct claim claim = book_claim("r1");

    cr_assert_eq(claim_now(&claim), SG_OK);
    struct claim have = found("r1");
    cr_expect(same(&have, &claim));
}

CONTRACT(claim, a_signed_claim_gives_back_its_signature)
{
    struct claim claim = book_claim("r1");

    cr_assert_eq(claim_now(&claim), SG_OK);
    struct claim done = settled(claim, CLAIM_SIGNED);
    cr_assert_eq(settle_now(&done), SG_OK);
    struct claim have = found("r1");
    cr_expect(same(&have, &done));
    book_close(&book);
    book_open(&book);
    have = found("r1");
    cr_expect(same(&have, &done), "also after a restart");
}

CONTRACT(claim, the_largest_signature_fits)
{
    struct claim claim = book_claim("r1");

    cr_assert_eq(claim_now(&claim), SG_OK);
    claim.state = CLAIM_SIGNED;
    claim.signature_len = SG_SIGNATURE_MAX;
    memset(claim.signature, 0xCD, SG_SIGNATURE_MAX);
    cr_assert_eq(settle_now(&claim), SG_OK);
    cr_expect_eq(found("r1").signature_len, SG_SIGNATURE_MAX);
}

CONTRACT(claim, a_pending_or_signed_id_cannot_be_claimed_again)
{
    struct claim claim = book_claim("r1");
    struct claim again = claim;

    again.attempt = 2;
    cr_assert_eq(claim_now(&claim), SG_OK);
    cr_expect_eq(claim_now(&again), SG_CONFLICT);
    cr_expect_eq(found("r1").attempt, 1);
    struct claim done = settled(claim, CLAIM_SIGNED);
    cr_assert_eq(settle_now(&done), SG_OK);
    cr_expect_eq(claim_now(&again), SG_CONFLICT);
    cr_expect_eq(found("r1").state, CLAIM_SIGNED);
}

CONTRACT(claim, a_failed_or_indeterminate_attempt_may_be_followed_by_another)
{
    static const enum claim_state ends[] = {CLAIM_FAILED, CLAIM_INDETERMINATE};

    for (size_t i = 0; i < SG_COUNT(ends); i++) {
        char id[8];
        (void)snprintf(id, sizeof(id), "r%zu", i);
        struct claim claim = book_claim(id);
        cr_assert_eq(claim_now(&claim), SG_OK);
        struct claim failed = settled(claim, ends[i]);
        cr_assert_eq(settle_now(&failed), SG_OK);
        cr_expect_eq(found(id).state, ends[i]);
        cr_expect_eq(found(id).outcome_index, outcome);
        claim.attempt = 2;
        cr_assert_eq(claim_now(&claim), SG_OK);
        struct claim have = found(id);
        cr_expect_eq(have.state, CLAIM_PENDING);
        cr_expect_eq(have.attempt, 2);
        cr_expect_eq(have.outcome_index, 0, "nothing is left of the first attempt");
    }
}

CONTRACT(claim, only_a_signed_claim_keeps_a_signature)
{
    struct claim claim = book_claim("r1");

    cr_assert_eq(claim_now(&claim), SG_OK);
    struct claim failed = settled(claim, CLAIM_FAILED);
    failed.signature_len = 64;
    cr_assert_eq(settle_now(&failed), SG_OK);
    cr_expect_eq(found("r1").signature_len, 0);
}

CONTRACT(claim, what_is_not_pending_cannot_be_settled)
{
    struct claim done = settled(book_claim("r1"), CLAIM_SIGNED);

    cr_expect_eq(settle_now(&done), SG_NOT_FOUND);
    struct claim claim = book_claim("r1");
    cr_assert_eq(claim_now(&claim), SG_OK);
    cr_assert_eq(settle_now(&done), SG_OK);
    done.signature[0] ^= 1;
    cr_expect_eq(settle_now(&done), SG_NOT_FOUND);
    cr_expect_eq(found("r1").signature[0], 0xAB, "the first signature stays");
}

/* The ledger finds the row of one that was claimed lately by its INTENT. */
CONTRACT(claim, none_is_settled_in_place_of_another)
{
    struct claim one = book_claim("r1");
    struct claim other = book_claim("r2");
    struct claim again = book_claim("r3");

    other.intent_index = one.intent_index + 1;
    again.intent_index = one.intent_index + 1024; /* more than one row is kept */
    cr_assert_eq(claim_now(&one), SG_OK);
    cr_assert_eq(claim_now(&other), SG_OK);
    struct claim done = settled(other, CLAIM_SIGNED);
    done.intent_index = one.intent_index;
    cr_assert_eq(settle_now(&done), SG_OK);
    cr_expect_eq(found("r1").state, CLAIM_PENDING);
    cr_expect_eq(found("r2").state, CLAIM_SIGNED);
    cr_assert_eq(claim_now(&again), SG_OK);
    done = settled(one, CLAIM_FAILED);
    cr_assert_eq(settle_now(&done), SG_OK);
    cr_expect_eq(found("r1").state, CLAIM_FAILED);
    cr_expect_eq(found("r3").state, CLAIM_PENDING);
    one.attempt = 2;
    cr_assert_eq(claim_now(&one), SG_OK);
    done = settled(one, CLAIM_SIGNED);
    cr_assert_eq(settle_now(&done), SG_OK);
    cr_expect_eq(found("r1").state, CLAIM_SIGNED);
    cr_expect_eq(found("r3").state, CLAIM_PENDING);
}

CONTRACT(claim, callers_do_not_share_ids)
{
    struct claim claim = book_claim("r1");
    struct claim other = claim;

    (void)snprintf(other.caller, sizeof(other.caller), "archive");
    cr_assert_eq(claim_now(&claim), SG_OK);
    cr_expect_eq(claim_now(&other), SG_OK);
}

CONTRACT(claim, open_claims_are_walked_oldest_first)
{
    struct claim have;

    for (unsigned i = 0; i < 5; i++) {
        char id[8];
        (void)snprintf(id, sizeof(id), "r%u", i);
        struct claim claim = book_claim(id);
        claim.intent_index = 100 - i;
        cr_assert_eq(claim_now(&claim), SG_OK);
    }
    struct claim third = settled(book_claim("r2"), CLAIM_SIGNED);
    cr_assert_eq(settle_now(&third), SG_OK);
    book_close(&book);
    book_open(&book);
    cr_expect_eq(book.state.open_intents, 4);
    static const uint64_t wanted[] = {96, 97, 99, 100};
    for (size_t i = 0; i < SG_COUNT(wanted); i++) {
        cr_assert_eq(ledger_next_open(book.ledger, &have), SG_OK);
        cr_expect_eq(have.intent_index, wanted[i]);
        have.state = CLAIM_INDETERMINATE;
        have.outcome_index = ++outcome;
        cr_assert_eq(settle_now(&have), SG_OK);
    }
    cr_expect_eq(ledger_next_open(book.ledger, &have), SG_NOT_FOUND);
}

static uint64_t add_intent(const char *rest)
{
    char text[512];
    uint64_t index = ledger_next_index(book.ledger);

    (void)snprintf(text, sizeof(text), "{\"v\":1,\"type\":\"intent\"%s}", rest);
    cr_assert_eq(ledger_begin(book.ledger), SG_OK);
    cr_assert_eq(ledger_append(book.ledger, slice_str(text), NULL), SG_OK);
    cr_assert_eq(ledger_commit(book.ledger), SG_OK);
    return index;
}

static struct intent_work work_at(uint64_t index)
{
    struct intent_work work;

    cr_assert_eq(ledger_intent_work(book.ledger, index, &work), SG_OK);
    return work;
}

#define SHA256_TEXT                                                                      \
    "sha256:00112233445566778899aabbccddeeff00112233445566778899aabbccddee01"

CONTRACT(claim, the_intent_of_one_says_what_was_to_be_signed_and_by_which_key)
{
    book_add(&book, 2);
    uint64_t index = add_intent(",\"key\":\"seal\",\"digest\":\"" SHA256_TEXT "\"");
    struct intent_work work = work_at(index);
    cr_expect_str_eq(work.key, "seal");
    cr_expect_eq(work.digest.hash, SG_HASH_SHA256);
    cr_expect_eq(work.digest.bytes[31], 1);
    cr_assert_eq(ledger_begin(book.ledger), SG_OK);
    cr_expect_str_eq(work_at(index).key, "seal", "inside of a transaction, too");
    cr_assert_eq(ledger_commit(book.ledger), SG_OK);
}

/* Its OUTCOME then says nothing of them, as those of older gateways do. */
CONTRACT(claim, an_intent_that_does_not_name_both_names_none)
{
    static const char *const lacking[] = {
        "",
        ",\"key\":\"seal\"",
        ",\"key\":\"seal\",\"digest\":\"sha256:00\"",
        ",\"key\":7,\"digest\":\"" SHA256_TEXT "\"",
        ",\"key\":\"a\\u0000b\",\"digest\":\"" SHA256_TEXT "\"",
        ",\"key\":\"0123456789012345678901234567890123456789012345678901234567890123x\","
        "\"digest\":\"" SHA256_TEXT "\"",
    };

    for (size_t i = 0; i < SG_COUNT(lacking); i++) {
        struct intent_work work = work_at(add_intent(lacking[i]));
        cr_expect_str_eq(work.key, "", "%s", lacking[i]);
        cr_expect_eq(work.digest.hash, SG_HASH_NONE, "%s", lacking[i]);
    }
    cr_expect_str_eq(work_at(1000).key, "", "a record that is not there");
}

CONTRACT(claim, a_claim_that_was_not_committed_is_gone)
{
    struct claim claim = book_claim("r1");

    cr_assert_eq(ledger_begin(book.ledger), SG_OK);
    cr_assert_eq(ledger_claim(book.ledger, &claim), SG_OK);
    cr_expect_eq(found("r1").state, CLAIM_PENDING, "seen inside the transaction");
    book_close(&book);
    book_open(&book);
    cr_expect_eq(ledger_find(book.ledger, "e-office", "r1", &claim), SG_NOT_FOUND);
}

CONTRACT(template, what_is_kept_is_found_also_after_a_restart)
{
    static uint8_t packed[3000];
    static uint8_t out[3000];
    uint8_t id[32] = {1};
    size_t len = 0;

    packed[2999] = 42;
    cr_expect_eq(ledger_find_template(book.ledger, id, out, sizeof(out), &len),
                 SG_NOT_FOUND);
    cr_assert_eq(ledger_keep_template(book.ledger, id, slice_of(packed, 3000)), SG_OK);
    cr_expect_eq(ledger_keep_template(book.ledger, id, slice_of(packed, 3000)), SG_OK);
    book_close(&book);
    book_open(&book);
    cr_assert_eq(ledger_find_template(book.ledger, id, out, sizeof(out), &len), SG_OK);
    cr_expect(slice_equal(slice_of(out, len), slice_of(packed, 3000)));
    cr_expect_eq(ledger_find_template(book.ledger, id, out, 2999, &len), SG_TOO_LARGE);
}
