/* Times that segel.h promises. */
#define _GNU_SOURCE /* NOLINT: the name is the C library's; syscall */
#include <criterion/criterion.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "client/channel/moment.h"
#include "client/segel/gateway.h"
#include "segel/v1/signing.pb-c.h"
#include "tests/unit/client/support/link.h"
#include "tests/unit/segel/support/bench.h"

LINK_BEFORE_ALL_TESTS
LINK_AFTER_ALL_TESTS

TestSuite(times, .init = bench_open, .fini = bench_close, .timeout = 120);

enum { PATIENCE_MS = 60000, SHORT_US = 100000 };
/* Since when a peer is quiet; gone, when it does not answer then; gone anyhow. */
enum { QUIET_S = 21, MINUTE_S = 62, TWO_MINUTES_S = 124, TWO_HOURS_S = 7201 };

static struct segel_bulk *bulk;

/* The machine's clock, which may be moved on. */
static atomic_long skipped_s;

int clock_gettime(clockid_t clock, struct timespec *now)
{
    int rc = (int)syscall(SYS_clock_gettime, clock, now);

    now->tv_sec += clock == CLOCK_MONOTONIC ? atomic_load(&skipped_s) : 0;
    return rc;
}

static void open_bulk(void)
{
    struct segel_bulk_options given = SEGEL_INIT(given);

    given.letters = 1000;
    cr_assert_eq(segel_bulk_open(segel, &given, &bulk, &error), SEGEL_OK, "%s",
                 error.text);
}

static void submit(struct segel_plan *plan, unsigned number, uint32_t deadline_ms)
{
    char id[32];

    (void)snprintf(id, sizeof(id), "letter-%u", number);
    struct segel_letter letter = bench_letter(id);
    letter.deadline_ms = deadline_ms;
    cr_assert_eq(segel_bulk_submit(bulk, plan, &letter, &error), SEGEL_OK, "%s",
                 error.text);
}

static int take_one(void)
{
    const struct segel_outcome *outcome = NULL;

    cr_assert_eq(segel_bulk_next(bulk, PATIENCE_MS, &outcome, &error), SEGEL_OK);
    int code = outcome->code;
    segel_outcome_free(outcome);
    return code;
}

static unsigned times_lost(void)
{
    struct segel_progress progress = SEGEL_INIT(progress);

    segel_bulk_progress(bulk, &progress);
    return progress.lost;
}

/* --- A gateway that says nothing ------------------------------------------------------
 */

/* The clock is moved on, and what this means is seen; letters keep coming, each of which
 * wakes the thread that waits for answers. */
static void pass(struct segel_plan *plan, long to_s, uint32_t deadline_ms)
{
    static unsigned number;

    atomic_store(&skipped_s, to_s);
    for (unsigned i = 0; i < 30; i++) {
        submit(plan, number++, deadline_ms);
        (void)usleep(SHORT_US);
    }
}

Test(times, a_dead_connection_is_noticed_while_letters_keep_coming)
{
    struct segel_plan *plan = bench_plan_behind("seal", "still");

    open_bulk();
    pass(plan, 0, 0);
    pass(plan, QUIET_S, 0);
    cr_expect_eq(times_lost(), 0);
    pass(plan, MINUTE_S, 0);
    cr_expect_gt(times_lost(), 0);
    segel_bulk_close(bulk);
    segel_plan_free(plan);
}

/* As a gateway does whose configuration lets jobs wait, or whose HSM hangs. */
Test(times, a_gateway_that_lives_may_take_its_time)
{
    struct segel_plan *plan = bench_plan("mute");

    open_bulk();
    pass(plan, 0, 0);
    pass(plan, QUIET_S, 0);
    pass(plan, MINUTE_S, 0);
    pass(plan, TWO_MINUTES_S, 0);
    cr_expect_eq(times_lost(), 0);
    segel_bulk_close(bulk);
    segel_plan_free(plan);
}

/* What the gateway owes, it owes also of letters whose time is over. */
Test(times, a_gateway_that_lives_and_never_answers_is_given_up_in_the_end)
{
    enum { FIRST_MS = 6000 /* a sanitizer may take half of it to read a letter */ };
    struct segel_plan *plan = bench_plan("mute");

    open_bulk();
    submit(plan, 1000, FIRST_MS);
    cr_expect_eq(take_one(), SEGEL_TIMEOUT);
    (void)usleep(20 * SHORT_US);
    atomic_store(&skipped_s, TWO_HOURS_S);
    for (unsigned i = 0; i < 20 && times_lost() == 0; i++) {
        submit(plan, i, 500);
        cr_expect_eq(take_one(), SEGEL_TIMEOUT);
    }
    cr_expect_gt(times_lost(), 0);
    segel_bulk_close(bulk);
    segel_plan_free(plan);
}

/* --- Deadlines ------------------------------------------------------------------------
 */

/* By then it is in the pause of four seconds: until eight are over, or later. */
Test(times, a_letter_ends_at_its_deadline_also_between_two_connections)
{
    enum { DEADLINE_MS = 6000, LATEST_MS = 7500 };
    struct segel_plan *plan = bench_plan("strangers");
    int64_t from_us = moment_mono_us();

    open_bulk();
    submit(plan, 1, DEADLINE_MS);
    cr_expect_eq(take_one(), SEGEL_TIMEOUT);
    cr_expect_lt((moment_mono_us() - from_us) / 1000, LATEST_MS);
    segel_bulk_close(bulk);
    segel_plan_free(plan);
}

/* The pause began before it came, and another letter was ready already. */
Test(times, a_letter_that_comes_between_two_connections_ends_at_its_deadline)
{
    enum { FIRST_PAUSES_US = 4500000, DEADLINE_MS = 500, LATEST_MS = 2500 };
    struct segel_plan *plan = bench_plan("strangers");

    open_bulk();
    submit(plan, 1, 0);
    (void)usleep(FIRST_PAUSES_US);
    int64_t from_us = moment_mono_us();
    submit(plan, 2, DEADLINE_MS);
    cr_expect_eq(take_one(), SEGEL_TIMEOUT);
    cr_expect_lt((moment_mono_us() - from_us) / 1000, LATEST_MS);
    segel_bulk_close(bulk);
    segel_plan_free(plan);
}

/* --- One call -------------------------------------------------------------------------
 */

enum { CALL_MS = 2000, SOON_MS = 5000 };

struct caller {
    pthread_t thread;
    struct segel_plan *plan;
    const char *id;
    uint32_t deadline_ms;
    int code;
    struct segel_error error;
    int64_t took_ms;
};

/* Of a digest: the call alone is measured. */
static void *call(void *context)
{
    struct caller *caller = (struct caller *)context;
    struct segel_letter letter = SEGEL_INIT(letter);
    const struct segel_outcome *outcome = NULL;
    int64_t from_us = moment_mono_us();

    letter.request_id = caller->id;
    letter.digest = "0123456789abcdef0123456789abcdef";
    letter.digest_len = 32;
    letter.deadline_ms = caller->deadline_ms;
    caller->code = segel_sign(segel, caller->plan, &letter, &outcome, &caller->error);
    caller->took_ms = (moment_mono_us() - from_us) / 1000;
    segel_outcome_free(outcome);
    return NULL;
}

static void call_together(struct caller *callers, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        cr_assert_eq(pthread_create(&callers[i].thread, NULL, call, &callers[i]), 0);
    }
    for (size_t i = 0; i < count; i++) {
        (void)pthread_join(callers[i].thread, NULL);
        cr_expect_eq(callers[i].code, SEGEL_TIMEOUT, "%d", callers[i].code);
    }
}

Test(times, calls_that_wait_for_each_other_end_in_the_time_of_one)
{
    struct segel_plan *plan = bench_plan("mute");
    struct caller callers[4] = {{.plan = plan, .id = "one"},
                                {.plan = plan, .id = "two"},
                                {.plan = plan, .id = "three"},
                                {.plan = plan, .id = "four"}};

    segel->way.options.call_ms = CALL_MS;
    call_together(callers, 4);
    for (size_t i = 0; i < 4; i++) {
        cr_expect_lt(callers[i].took_ms, SOON_MS, "%d", (int)callers[i].took_ms);
    }
    segel_plan_free(plan);
}

Test(times, a_call_ends_at_its_letters_deadline_whoever_is_before_it)
{
    struct segel_plan *plan = bench_plan("mute");
    struct caller callers[2] = {{.plan = plan, .id = "first"},
                                {.plan = plan, .id = "second", .deadline_ms = CALL_MS}};

    segel->way.options.call_ms = 4 * CALL_MS;
    call_together(callers, 2);
    cr_expect_lt(callers[1].took_ms, SOON_MS, "%d", (int)callers[1].took_ms);
    segel_plan_free(plan);
}

/* Of a listener that says nothing: the handshake has no end. */
Test(times, a_call_that_has_to_connect_first_takes_no_longer)
{
    struct segel_plan *plan = bench_plan("seal");
    struct caller caller = {.plan = plan, .id = "unsent"};
    const struct segel_signer *signer = NULL;
    char silent[64];

    server_address(&server, "silent", silent);
    channel_close(segel->channel);
    segel->channel = NULL;
    segel->way.options.address = silent;
    segel->way.options.call_ms = CALL_MS;
    call_together(&caller, 1);
    cr_expect_lt(caller.took_ms, SOON_MS, "%d", (int)caller.took_ms);
    int64_t from_us = moment_mono_us();
    cr_expect_eq(segel_signer_get(segel, "seal", NULL, &signer, &error), SEGEL_TIMEOUT);
    cr_expect_lt((moment_mono_us() - from_us) / 1000, SOON_MS);
    segel_plan_free(plan);
}

/* Whoever rested until then may have overslept. */
Test(times, a_question_whose_time_is_over_is_not_asked)
{
    Segel__V1__GetSignerRequest request;
    ProtobufCMessage *reply = NULL;
    char key[] = "seal";

    segel__v1__get_signer_request__init(&request);
    request.key = key;
    struct gateway_question question = {.path = "/segel.v1.SigningService/GetSigner",
                                        .request = &request.base,
                                        .reply_type =
                                            &segel__v1__get_signer_response__descriptor,
                                        .until_us = moment_mono_us() - 2000};
    cr_expect_eq(gateway_ask_once(segel, &question, &reply, &error), SEGEL_TIMEOUT);
    cr_expect_null(reply);
}

static void expect_signed_again(const char *key, int64_t least_ms)
{
    struct segel_plan *plan = bench_plan(key);
    struct caller caller = {.plan = plan, .id = key};

    (void)call(&caller);
    cr_expect_eq(caller.code, SEGEL_OK, "%d", caller.code);
    cr_expect_geq(caller.took_ms, least_ms, "%d", (int)caller.took_ms);
    segel_plan_free(plan);
}

/* As a gateway does that has no room for the call. */
Test(times, what_the_calls_status_puts_off_is_asked_for_again)
{
    expect_signed_again("full", 250);
}

Test(times, what_is_put_off_is_asked_for_when_the_gateway_says)
{
    expect_signed_again("crowded", 1000);
}

/* The connection is another's until the time is over: what was asked before counts. */
Test(times, a_letter_that_was_asked_about_may_have_been_signed)
{
    enum { FIRST_TRY_US = 150000 };
    struct segel_plan *plan = bench_plan("full");
    struct caller caller = {.plan = plan, .id = "asked-once"};

    segel->way.options.call_ms = CALL_MS;
    cr_assert_eq(pthread_create(&caller.thread, NULL, call, &caller), 0);
    (void)usleep(FIRST_TRY_US);
    cr_assert_eq(pthread_mutex_lock(&segel->lock), 0);
    (void)pthread_join(caller.thread, NULL);
    cr_assert_eq(pthread_mutex_unlock(&segel->lock), 0);
    cr_expect_eq(caller.code, SEGEL_TIMEOUT, "%d", caller.code);
    cr_expect_not_null(strstr(caller.error.text, "may have been signed"), "%s",
                       caller.error.text);
    segel_plan_free(plan);
}
