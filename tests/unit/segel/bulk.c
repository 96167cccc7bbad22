#include <criterion/criterion.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "client/channel/moment.h"
#include "client/segel/segel.h"
#include "tests/unit/client/support/link.h"
#include "tests/unit/segel/support/bench.h"

LINK_BEFORE_ALL_TESTS
LINK_AFTER_ALL_TESTS

TestSuite(bulk, .init = bench_open, .fini = bench_close, .timeout = 240);

/* Nothing here is measured: a loaded machine, or a sanitizer, may take its time. */
enum { MANY = 250, PATIENCE_MS = 60000 };

static struct segel_bulk *bulk;

static void open_bulk(struct segel_bulk_options *given)
{
    cr_assert_eq(segel_bulk_open(segel, given, &bulk, &error), SEGEL_OK, "%s",
                 error.text);
}

static int submit(struct segel_plan *plan, unsigned number)
{
    char id[32];

    (void)snprintf(id, sizeof(id), "letter-%u", number);
    struct segel_letter letter = bench_letter(id);
    letter.user = (void *)(uintptr_t)number;
    return segel_bulk_submit(bulk, plan, &letter, &error);
}

/* --- The caller takes outcomes -------------------------------------------------------
 */

struct tally {
    unsigned seen[MANY];
    unsigned codes[SEGEL_FAULT + 1];
    unsigned total;
};

static void count(struct tally *tally, const struct segel_outcome *outcome)
{
    uintptr_t number = (uintptr_t)outcome->user;
    char id[32];

    cr_assert_lt(number, MANY);
    (void)snprintf(id, sizeof(id), "letter-%u", (unsigned)number);
    cr_expect_str_eq(outcome->request_id, id);
    cr_expect_eq(outcome->pdf != NULL, outcome->code == SEGEL_OK);
    tally->seen[number]++;
    tally->codes[outcome->code]++;
    tally->total++;
}

/* All outcomes until no letter is open; an assertion fails after a minute without one. */
static bool take_one(struct tally *tally)
{
    const struct segel_outcome *outcome = NULL;
    int code = segel_bulk_next(bulk, PATIENCE_MS, &outcome, &error);

    cr_assert_neq(code, SEGEL_TIMEOUT, "no outcome came");
    if (code == SEGEL_OK) {
        count(tally, outcome);
        segel_outcome_free(outcome);
    }
    return code == SEGEL_OK;
}

static void sign_many(struct segel_plan *const *plans, unsigned plan_count,
                      struct tally *tally)
{
    unsigned next = 0;
    bool open = true;

    while (open) {
        while (next < MANY && submit(plans[next % plan_count], next) == SEGEL_OK) {
            next++;
        }
        open = take_one(tally) || next < MANY;
    }
}

static void expect_once(const struct tally *tally)
{
    cr_expect_eq(tally->total, MANY);
    for (unsigned i = 0; i < MANY; i++) {
        cr_expect_eq(tally->seen[i], 1, "letter %u: %u outcomes", i, tally->seen[i]);
    }
}

Test(bulk, every_letter_has_one_outcome)
{
    struct segel_bulk_options given = SEGEL_INIT(given);
    struct segel_plan *plan = bench_plan("seal");
    static struct tally tally;

    given.letters = 20;
    given.threads = 3;
    open_bulk(&given);
    sign_many(&plan, 1, &tally);
    segel_bulk_close(bulk);
    segel_plan_free(plan);
    expect_once(&tally);
    cr_expect_eq(tally.codes[SEGEL_OK], MANY);
}

/* The stream breaks off after each hundred letters: what was under way is asked for again
 * by the same ids. */
Test(bulk, a_stream_that_breaks_off_costs_no_letter_and_doubles_none)
{
    struct segel_plan *plan = bench_plan("halfway");
    struct segel_progress progress = SEGEL_INIT(progress);
    static struct tally tally;

    open_bulk(NULL);
    sign_many(&plan, 1, &tally);
    segel_bulk_progress(bulk, &progress);
    segel_bulk_close(bulk);
    segel_plan_free(plan);
    expect_once(&tally);
    cr_expect_eq(tally.codes[SEGEL_OK], MANY);
    cr_expect_geq(progress.lost, 2);
}

Test(bulk, what_the_gateway_puts_off_is_sent_again)
{
    struct segel_plan *plan = bench_plan("flaky");
    static struct tally tally;

    open_bulk(NULL);
    sign_many(&plan, 1, &tally);
    segel_bulk_close(bulk);
    segel_plan_free(plan);
    expect_once(&tally);
    cr_expect_eq(tally.codes[SEGEL_OK], MANY);
}

/* Each letter goes under the terms of its own plan, however they are mixed. */
static bool names_its_key(const struct segel_outcome *outcome)
{
    const char *key = (uintptr_t)outcome->user % 2 == 0 ? "-seal" : "-second";

    return strstr(outcome->decision_id, key) != NULL;
}

Test(bulk, letters_of_two_plans_keep_their_terms)
{
    struct segel_plan *plans[2] = {bench_plan("seal"), bench_plan("second")};
    const struct segel_outcome *outcome = NULL;

    open_bulk(NULL);
    for (unsigned i = 0; i < 100; i++) {
        cr_assert_eq(submit(plans[i % 2], i), SEGEL_OK, "%s", error.text);
    }
    segel_plan_free(plans[0]);
    segel_plan_free(plans[1]);
    while (segel_bulk_next(bulk, PATIENCE_MS, &outcome, &error) == SEGEL_OK) {
        cr_expect_eq(outcome->code, SEGEL_OK, "%s", outcome->text);
        cr_expect(names_its_key(outcome), "%s", outcome->decision_id);
        segel_outcome_free(outcome);
    }
    cr_expect_eq(error.code, SEGEL_END, "%s", error.text);
    segel_bulk_close(bulk);
}

Test(bulk, terms_that_are_refused_cost_their_own_letters_only)
{
    struct segel_plan *plans[2] = {bench_plan("seal"), bench_plan("stubborn")};
    static struct tally tally;

    open_bulk(NULL);
    sign_many(plans, 2, &tally);
    segel_bulk_close(bulk);
    segel_plan_free(plans[0]);
    segel_plan_free(plans[1]);
    expect_once(&tally);
    cr_expect_eq(tally.codes[SEGEL_OK], MANY / 2);
    cr_expect_eq(tally.codes[SEGEL_USAGE], MANY / 2);
}

Test(bulk, false_and_refused_answers_leave_no_letter)
{
    struct segel_plan *plans[2] = {bench_plan("liar"), bench_plan("refused")};
    static struct tally tally;

    open_bulk(NULL);
    sign_many(plans, 2, &tally);
    segel_bulk_close(bulk);
    segel_plan_free(plans[0]);
    segel_plan_free(plans[1]);
    expect_once(&tally);
    cr_expect_eq(tally.codes[SEGEL_FAULT], MANY / 2);
    cr_expect_eq(tally.codes[SEGEL_DENIED], MANY / 2);
}

/* --- The window ----------------------------------------------------------------------
 */

static unsigned fill(struct segel_plan *plan, unsigned most)
{
    unsigned taken = 0;

    while (taken < most && submit(plan, taken) == SEGEL_OK) {
        taken++;
    }
    return taken;
}

Test(bulk, a_message_has_no_more_letters_than_the_gateways_queue_holds)
{
    struct segel_plan *plan = bench_plan("cramped");
    static struct tally tally;

    open_bulk(NULL);
    cr_assert_eq(fill(plan, 100), 100, "%s", error.text);
    while (take_one(&tally)) {
    }
    segel_bulk_close(bulk);
    segel_plan_free(plan);
    cr_expect_eq(tally.codes[SEGEL_OK], 100);
}

Test(bulk, no_more_letters_are_open_than_the_window_has_places)
{
    struct segel_bulk_options given = SEGEL_INIT(given);
    struct segel_plan *plan = bench_plan("mute");
    const struct segel_outcome *outcome = NULL;

    given.letters = 7;
    open_bulk(&given);
    cr_expect_eq(fill(plan, MANY), 7);
    cr_expect_eq(error.code, SEGEL_FULL);
    cr_expect_eq(segel_bulk_next(bulk, 50, &outcome, &error), SEGEL_TIMEOUT);
    segel_bulk_close(bulk);
    segel_plan_free(plan);
}

Test(bulk, no_more_bytes_are_open_than_the_window_has)
{
    struct segel_bulk_options given = SEGEL_INIT(given);
    struct segel_plan *plan = bench_plan("mute");

    given.bytes = 3 * letter_bytes.len;
    open_bulk(&given);
    cr_expect_eq(fill(plan, MANY), 3);
    segel_bulk_close(bulk);
    given.bytes = letter_bytes.len / 2;
    open_bulk(&given);
    cr_expect_eq(fill(plan, MANY), 1, "a letter larger than the window gets in alone");
    segel_bulk_close(bulk);
    segel_plan_free(plan);
}

Test(bulk, an_id_that_is_open_is_not_taken_twice)
{
    struct segel_plan *plan = bench_plan("mute");
    struct segel_letter letter = bench_letter("letter-1");

    open_bulk(NULL);
    cr_assert_eq(submit(plan, 1), SEGEL_OK);
    letter.signing_time_us++;
    cr_expect_eq(segel_bulk_submit(bulk, plan, &letter, &error), SEGEL_CONFLICT);
    segel_bulk_close(bulk);
    segel_plan_free(plan);
}

Test(bulk, a_letter_ends_at_its_deadline)
{
    struct segel_plan *plan = bench_plan("mute");
    struct segel_letter letter = bench_letter("late");
    const struct segel_outcome *outcome = NULL;

    letter.deadline_ms = 200;
    open_bulk(NULL);
    cr_assert_eq(segel_bulk_submit(bulk, plan, &letter, &error), SEGEL_OK);
    cr_assert_eq(segel_bulk_next(bulk, PATIENCE_MS, &outcome, &error), SEGEL_OK);
    cr_expect_eq(outcome->code, SEGEL_TIMEOUT);
    segel_outcome_free(outcome);
    cr_expect_eq(segel_bulk_next(bulk, PATIENCE_MS, &outcome, &error), SEGEL_END);
    segel_bulk_close(bulk);
    segel_plan_free(plan);
}

/* --- Cancelling ----------------------------------------------------------------------
 */

Test(bulk, what_is_cancelled_has_an_outcome_that_says_so)
{
    struct segel_plan *plan = bench_plan("mute");
    static struct tally tally;

    open_bulk(NULL);
    cr_assert_eq(fill(plan, 50), 50);
    segel_bulk_cancel(bulk);
    cr_expect_eq(submit(plan, 50), SEGEL_CANCELLED);
    while (take_one(&tally)) {
    }
    cr_expect_eq(error.code, SEGEL_END);
    cr_expect_eq(tally.codes[SEGEL_CANCELLED], 50);
    segel_bulk_close(bulk);
    segel_plan_free(plan);
}

/* --- The callback --------------------------------------------------------------------
 */

struct listener {
    atomic_uint calls;
    atomic_uint inside;
    atomic_bool overlapped;
    atomic_bool slow;
    atomic_bool cancel; /* from the callback itself */
};

static void listen(void *context, const struct segel_outcome *outcome)
{
    struct listener *listener = (struct listener *)context;

    (void)outcome;
    if (atomic_fetch_add(&listener->inside, 1) > 0) {
        atomic_store(&listener->overlapped, true);
    }
    if (atomic_load(&listener->slow)) {
        struct timespec pause = {.tv_nsec = 2000000};
        (void)nanosleep(&pause, NULL);
    }
    if (atomic_exchange(&listener->cancel, false)) {
        segel_bulk_cancel(bulk);
    }
    (void)atomic_fetch_add(&listener->calls, 1);
    (void)atomic_fetch_sub(&listener->inside, 1);
}

static struct segel_bulk_options listening(struct listener *listener)
{
    struct segel_bulk_options given = SEGEL_INIT(given);

    given.letters = 20;
    given.on_outcome = listen;
    given.context = listener;
    return given;
}

Test(bulk, the_callback_gets_every_outcome_one_after_the_other)
{
    struct segel_plan *plan = bench_plan("seal");
    static struct listener listener;
    struct segel_bulk_options given = listening(&listener);
    const struct segel_outcome *outcome = NULL;

    open_bulk(&given);
    cr_expect_eq(fill(plan, MANY), MANY, "submit waits while the window is full");
    cr_expect_eq(segel_bulk_next(bulk, 0, &outcome, &error), SEGEL_USAGE);
    segel_bulk_cancel(bulk);
    cr_expect_eq(atomic_load(&listener.calls), MANY);
    cr_expect_not(atomic_load(&listener.overlapped));
    segel_bulk_close(bulk);
    segel_plan_free(plan);
}

Test(bulk, after_cancel_has_returned_the_callback_is_not_called)
{
    struct segel_plan *plan = bench_plan("seal");
    static struct listener listener;
    struct segel_bulk_options given = listening(&listener);

    atomic_store(&listener.slow, true);
    open_bulk(&given);
    unsigned taken = fill(plan, 60);
    segel_bulk_cancel(bulk);
    unsigned calls = atomic_load(&listener.calls);
    cr_expect_eq(calls, taken, "every letter was told of");
    cr_expect_eq(atomic_load(&listener.inside), 0);
    segel_bulk_close(bulk);
    cr_expect_eq(atomic_load(&listener.calls), calls);
    segel_plan_free(plan);
}

Test(bulk, the_callback_may_cancel)
{
    struct segel_plan *plan = bench_plan("seal");
    static struct listener listener;
    struct segel_bulk_options given = listening(&listener);

    atomic_store(&listener.cancel, true);
    open_bulk(&given);
    unsigned taken = fill(plan, MANY);
    cr_expect_lt(taken, MANY);
    cr_expect_eq(error.code, SEGEL_CANCELLED);
    segel_bulk_close(bulk);
    cr_expect_eq(atomic_load(&listener.calls), taken);
    segel_plan_free(plan);
}
