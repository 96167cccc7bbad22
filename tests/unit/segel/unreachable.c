/* Gateways that are reached, and of which nothing comes that helps. */
#include <criterion/criterion.h>
#include <string.h>

#include "client/segel/segel.h"
#include "tests/unit/client/support/link.h"
#include "tests/unit/segel/support/bench.h"

LINK_BEFORE_ALL_TESTS
LINK_AFTER_ALL_TESTS

TestSuite(unreachable, .init = bench_open, .fini = bench_close, .timeout = 240);

/* More than the pauses between all connections. */
enum { PATIENCE_MS = 60000 };

/* Each answer that can be read, and is waited for, is worth another connection. */
static void expect_unreachable(struct segel_plan *plan, const char *words)
{
    const struct segel_letter letter = bench_letter("letter-1");
    const struct segel_outcome *outcome = NULL;
    struct segel_bulk *bulk = NULL;

    cr_assert_eq(segel_bulk_open(segel, NULL, &bulk, &error), SEGEL_OK, "%s", error.text);
    cr_assert_eq(segel_bulk_submit(bulk, plan, &letter, &error), SEGEL_OK, "%s",
                 error.text);
    cr_assert_eq(segel_bulk_next(bulk, PATIENCE_MS, &outcome, &error), SEGEL_OK);
    cr_expect_eq(outcome->code, SEGEL_UNREACHABLE, "%d", outcome->code);
    cr_expect_not_null(strstr(outcome->text, words), "%s", outcome->text);
    segel_outcome_free(outcome);
    segel_bulk_close(bulk);
    segel_plan_free(plan);
}

Test(unreachable, a_gateway_whose_answers_cannot_be_read_is_given_up)
{
    expect_unreachable(bench_plan("garbled"), "the gateway's answer cannot be read");
}

Test(unreachable, a_gateway_that_answers_for_others_is_given_up)
{
    expect_unreachable(bench_plan("strangers"), "the ledger cannot be written");
}

/* --- A proxy that says no -------------------------------------------------------------
 */

Test(unreachable, a_proxys_refusal_of_a_stream_denies_no_letter)
{
    expect_unreachable(bench_plan_behind("seal", "proxy403"), "HTTP status 403");
}

Test(unreachable, a_proxys_refusal_of_a_call_denies_no_letter)
{
    struct segel_plan *plan = bench_plan_behind("seal", "proxy403");
    const struct segel_letter letter = bench_letter("letter-1");
    const struct segel_outcome *outcome = NULL;

    cr_expect_eq(segel_sign(segel, plan, &letter, &outcome, &error), SEGEL_UNREACHABLE,
                 "%d", error.code);
    cr_expect_not_null(strstr(error.text, "HTTP status 403"), "%s", error.text);
    cr_expect_null(outcome);
    segel_plan_free(plan);
}
