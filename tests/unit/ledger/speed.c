#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "gateway/ledger/ledger.h"
#include "gateway/ledger/mandates.h"
#include "gateway/ledger/record.h"
#include "tests/unit/ledger/support/book.h"
#include "tests/unit/ledger/support/lawful.h"

/* Prints what the ledger manages here. The limits are far below what was measured on a
 * quiet machine: they only catch a slip of an order of magnitude. */
static struct book book;
static char buffer[LEDGER_RECORD_MAX];

static void set_up(void)
{
    book_make(&book);
    book_open(&book);
}

static void tear_down(void)
{
    book_remove(&book);
}

TestSuite(speed, .init = set_up, .fini = tear_down);

static double seconds(clockid_t clock)
{
    struct timespec now;

    (void)clock_gettime(clock, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static struct slice intent(uint64_t seq, const char *request_id)
{
    struct record_head head = {seq, 1777683723456789 + (int64_t)seq, "gw1"};
    struct record_job job = lawful_job();
    struct record_decision decision = lawful_decision();
    struct slice text;

    job.request_id = request_id;
    cr_assert_eq(record_intent(buffer, &head, &job, &decision, &text), SG_OK);
    return text;
}

static struct slice outcome(uint64_t seq, const struct claim *claim)
{
    struct record_head head = {seq, 1777683723456789 + (int64_t)seq, "gw1"};
    struct record_result result = {.decision_id = claim->decision_id,
                                   .intent_index = claim->intent_index,
                                   .attempt = 1,
                                   .outcome = "signed",
                                   .signature = slice_of(claim->signature, 256),
                                   .lane = "lane0",
                                   .latency_us = 4100};
    struct slice text;

    cr_assert_eq(record_outcome(buffer, &head, &result, &text), SG_OK);
    return text;
}

Test(speed, records_in_groups_of_64)
{
    enum { GROUPS = 400, GROUP = 64 };
    struct slice text = intent(0, "request-000001");
    double from = seconds(CLOCK_MONOTONIC);

    for (unsigned g = 0; g < GROUPS; g++) {
        cr_assert_eq(ledger_begin(book.ledger), SG_OK);
        for (unsigned i = 0; i < GROUP; i++) {
            cr_assert_eq(ledger_append(book.ledger, text, NULL), SG_OK);
        }
        cr_assert_eq(ledger_commit(book.ledger), SG_OK);
    }
    double rate = GROUPS * GROUP / (seconds(CLOCK_MONOTONIC) - from);
    (void)fprintf(stderr, "ledger: %.0f records/s of %zu bytes in groups of %d\n", rate,
                  text.len, GROUP);
    cr_expect_gt(rate, 500);
}

enum { BATCH = 32, BATCHES = 300 };
static struct claim claims[BATCH];

/* What all jobs draw on; its number is 0 when they draw on none. */
static struct ledger_mandate mandate;

static struct slice document(uint32_t number)
{
    static uint8_t digest[32];

    for (size_t i = 0; i < sizeof(digest); i++) {
        digest[i] = (uint8_t)((number * 2654435761U) >> (i % 4 * 8));
    }
    memcpy(digest + 4, &number, sizeof(number));
    return slice_of(digest, sizeof(digest));
}

/* As the core does for each job, and once a turn. */
static void draw_one(uint32_t number)
{
    bool taken = true;

    mandate.reserved++;
    if (mandate.terms.digests > 0) {
        cr_assert_eq(ledger_find_mandate_digest(book.ledger, mandate.number,
                                                document(number), &taken),
                     SG_OK);
        cr_assert_eq(ledger_take_mandate_digest(book.ledger, mandate.number,
                                                document(number), true),
                     SG_OK);
    }
}

static void write_balance(void)
{
    if (mandate.number > 0) {
        cr_assert_eq(ledger_count_mandate(book.ledger, &mandate), SG_OK);
    }
}

static void open_mandate(bool listed)
{
    mandate = (struct ledger_mandate){.id = "m-1", .state = MANDATE_OPEN};
    mandate.terms.max = (uint64_t)BATCH * BATCHES;
    mandate.terms.digests = listed ? mandate.terms.max : 0;
    cr_assert_eq(ledger_begin(book.ledger), SG_OK);
    cr_assert_eq(ledger_add_mandate(book.ledger, &mandate), SG_OK);
    for (uint32_t i = 0; i < mandate.terms.digests; i++) {
        cr_assert_eq(ledger_add_mandate_digest(book.ledger, mandate.number, document(i)),
                     SG_OK);
    }
    cr_assert_eq(ledger_commit(book.ledger), SG_OK);
}

/* Random ids dirty a page of the index each, rising ones share it. */
static void one_batch(uint32_t *state, bool random)
{
    cr_assert_eq(ledger_begin(book.ledger), SG_OK);
    for (unsigned i = 0; i < BATCH; i++) {
        char id[LEDGER_ID_MAX + 1];
        *state = random ? *state * 1664525 + 1013904223 : *state + 1;
        (void)snprintf(id, sizeof(id), "%08x-aaaa-4bbb-8ccc-%012x", *state, *state ^ i);
        claims[i] = book_claim(id);
        claims[i].intent_index = ledger_next_index(book.ledger);
        struct slice text = intent(claims[i].intent_index, id);
        cr_assert_eq(ledger_append(book.ledger, text, NULL), SG_OK);
        cr_assert_eq(ledger_claim(book.ledger, &claims[i]), SG_OK);
        if (mandate.number > 0) {
            draw_one((uint32_t)(mandate.used + i));
        }
    }
    write_balance();
    cr_assert_eq(ledger_commit(book.ledger), SG_OK);
    cr_assert_eq(ledger_begin(book.ledger), SG_OK);
    for (unsigned i = 0; i < BATCH; i++) {
        claims[i].state = CLAIM_SIGNED;
        claims[i].signature_len = 256;
        claims[i].outcome_index = ledger_next_index(book.ledger);
        struct slice text = outcome(claims[i].outcome_index, &claims[i]);
        cr_assert_eq(ledger_append(book.ledger, text, claims[i].outcome_hash), SG_OK);
        cr_assert_eq(ledger_settle(book.ledger, &claims[i]), SG_OK);
    }
    mandate.used += mandate.reserved;
    mandate.reserved = 0;
    write_balance();
    cr_assert_eq(ledger_commit(book.ledger), SG_OK);
}

static void measure(bool random, const char *drawn)
{
    uint32_t state = 7;
    double cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
    double wall = seconds(CLOCK_MONOTONIC);

    for (unsigned b = 0; b < BATCHES; b++) {
        one_batch(&state, random);
        if (b % 100 == 99) {
            cr_assert_eq(ledger_idle(book.ledger), SG_OK);
        }
    }
    cpu = (seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu) * 1e6 / (BATCHES * BATCH);
    wall = (seconds(CLOCK_MONOTONIC) - wall) * 1e6 / (BATCHES * BATCH);
    (void)fprintf(stderr,
                  "ledger: %.1f us of processor and %.1f us of time a signature, %s ids, "
                  "%s (intent, claim, outcome, settle; groups of %d)\n",
                  cpu, wall, random ? "random" : "rising", drawn, BATCH);
    cr_expect_lt(cpu, 500);
}

Test(speed, processor_time_of_one_signature)
{
    measure(false, "no mandate");
}

Test(speed, processor_time_of_one_signature_with_random_ids)
{
    measure(true, "no mandate");
}

Test(speed, processor_time_of_one_signature_under_a_mandate)
{
    open_mandate(false);
    measure(false, "one mandate");
}

Test(speed, processor_time_of_one_signature_of_a_list)
{
    open_mandate(true);
    measure(false, "a mandate with a list");
}

Test(speed, writing_a_record)
{
    enum { ROUNDS = 20000 };
    double cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);

    for (unsigned i = 0; i < ROUNDS; i++) {
        (void)intent(i, "request-000001");
    }
    cpu = (seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu) * 1e6 / ROUNDS;
    (void)fprintf(stderr, "ledger: %.2f us to write an intent\n", cpu);
    cr_expect_lt(cpu, 200);
}
