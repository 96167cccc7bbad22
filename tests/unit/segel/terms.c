/* What all letters of a message have in common, and what one of them must not spoil. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "client/segel/segel.h"
#include "tests/unit/client/support/link.h"
#include "tests/unit/segel/support/bench.h"

LINK_BEFORE_ALL_TESTS
LINK_AFTER_ALL_TESTS

TestSuite(terms, .init = bench_open, .fini = bench_close, .timeout = 120);

enum { PATIENCE_MS = 60000 };

static struct segel_bulk *bulk;

/* With one thread that prepares: letters are sent in the order of their submission. */
static void open_bulk(void)
{
    struct segel_bulk_options given = SEGEL_INIT(given);

    given.threads = 1;
    cr_assert_eq(segel_bulk_open(segel, &given, &bulk, &error), SEGEL_OK, "%s",
                 error.text);
}

static int submit(struct segel_plan *plan, const char *id, uint32_t deadline_ms)
{
    struct segel_letter letter = bench_letter(id);

    letter.deadline_ms = deadline_ms;
    return segel_bulk_submit(bulk, plan, &letter, &error);
}

/* The next outcome's code; its text is kept in error. */
static int take_one(void)
{
    const struct segel_outcome *outcome = NULL;

    cr_assert_eq(segel_bulk_next(bulk, PATIENCE_MS, &outcome, &error), SEGEL_OK);
    int code = outcome->code;
    (void)snprintf(error.text, sizeof(error.text), "%s", outcome->text);
    segel_outcome_free(outcome);
    return code;
}

/* --- One letter -----------------------------------------------------------------------
 */

/* A message with such an id the gateway refuses whole, and with it the letters beside. */
Test(terms, an_id_that_the_gateway_cannot_read_spoils_no_other_letter)
{
    static const char *const unusable[] = {"n\xE4me", "a\nb", "\xC2\x85", "", NULL};
    struct segel_plan *plan = bench_plan("seal");

    open_bulk();
    cr_assert_eq(submit(plan, "before", 0), SEGEL_OK);
    for (size_t i = 0; i < sizeof(unusable) / sizeof(*unusable); i++) {
        cr_expect_eq(submit(plan, unusable[i], 0), SEGEL_USAGE, "%zu", i);
    }
    cr_assert_eq(submit(plan, "n\xC3\xA4me", 0), SEGEL_OK, "%s", error.text);
    cr_expect_eq(take_one(), SEGEL_OK, "%s", error.text);
    cr_expect_eq(take_one(), SEGEL_OK, "%s", error.text);
    segel_bulk_close(bulk);
    segel_plan_free(plan);
}

/* --- The terms ------------------------------------------------------------------------
 */

static struct segel_terms lawful(void)
{
    struct segel_terms terms = SEGEL_INIT(terms);

    terms.key = "seal";
    terms.document_class = "surat_keterangan";
    terms.approval = "ND/1/2026";
    return terms;
}

static void expect_no_plan(const struct segel_terms *terms, const char *name)
{
    struct segel_plan *plan = NULL;

    cr_expect_eq(segel_plan_make(segel, terms, &plan, &error), SEGEL_USAGE, "%s", name);
    cr_expect_str_eq(error.reason, "unusable-text");
    cr_expect_not_null(strstr(error.text, name), "%s", error.text);
    segel_plan_free(plan);
}

Test(terms, texts_that_the_gateway_does_not_take_make_no_plan)
{
    char longest[129 + 1] = "";
    struct segel_plan *plan = NULL;
    struct segel_terms terms = lawful();

    (void)memset(longest, 'x', sizeof(longest) - 2);
    terms.approval = longest;
    cr_expect_eq(segel_plan_make(segel, &terms, &plan, &error), SEGEL_OK, "%s",
                 error.text);
    segel_plan_free(plan);
    (void)memset(longest, 'x', sizeof(longest) - 1);
    expect_no_plan(&terms, "approval");
    terms = lawful();
    terms.document_class = longest;
    expect_no_plan(&terms, "document class");
    terms = lawful();
    terms.mandate = "M\t1";
    expect_no_plan(&terms, "mandate");
    terms = lawful();
    terms.batch = "Mai \xFF";
    expect_no_plan(&terms, "batch");
}

/* --- Terms that are refused -----------------------------------------------------------
 */

Test(terms, a_refusal_says_when_the_letter_may_have_been_signed)
{
    struct segel_plan *plans[2] = {bench_plan("stubborn"), bench_plan("fickle")};

    open_bulk();
    cr_assert_eq(submit(plans[0], "refused-at-once", 0), SEGEL_OK);
    cr_expect_eq(take_one(), SEGEL_USAGE);
    cr_expect_str_eq(error.text, "the terms are unusable");
    cr_assert_eq(submit(plans[1], "taken", 0), SEGEL_OK);
    cr_expect_eq(take_one(), SEGEL_OK, "%s", error.text);
    cr_assert_eq(submit(plans[1], "refused-later", 0), SEGEL_OK);
    cr_expect_eq(take_one(), SEGEL_USAGE);
    cr_expect_not_null(strstr(error.text, "may have been signed"), "%s", error.text);
    segel_bulk_close(bulk);
    segel_plan_free(plans[0]);
    segel_plan_free(plans[1]);
}

/* The server answers for "odd" when "even" is under way beside it. */
static void expect_together(struct segel_plan *odd, struct segel_plan *even)
{
    cr_assert_eq(submit(odd, "together-odd", 20000), SEGEL_OK, "%s", error.text);
    cr_assert_eq(submit(even, "together-even", 20000), SEGEL_OK, "%s", error.text);
    cr_expect_eq(take_one(), SEGEL_OK, "%s", error.text);
    cr_expect_eq(take_one(), SEGEL_OK, "%s", error.text);
}

Test(terms, letters_of_several_plans_go_together_where_it_is_clear_whose_are_refused)
{
    struct segel_plan *odd = bench_plan("odd");
    struct segel_plan *even = bench_plan("even");
    struct segel_plan *refused = bench_plan("stubborn");

    open_bulk();
    cr_assert_eq(submit(refused, "alone", 0), SEGEL_OK);
    cr_expect_eq(take_one(), SEGEL_USAGE);
    expect_together(odd, even);
    segel_bulk_close(bulk);
    segel_plan_free(odd);
    segel_plan_free(even);
    segel_plan_free(refused);
}

Test(terms, letters_of_several_plans_go_together_again_when_it_has_become_clear)
{
    struct segel_plan *odd = bench_plan("odd");
    struct segel_plan *even = bench_plan("even");
    struct segel_plan *refused = bench_plan("stubborn");

    open_bulk();
    cr_assert_eq(submit(odd, "held", 2000), SEGEL_OK);
    cr_assert_eq(submit(refused, "beside", 0), SEGEL_OK);
    int first = take_one();
    int second = take_one();
    cr_expect(first == SEGEL_TIMEOUT && second == SEGEL_USAGE, "%d %d", first, second);
    expect_together(odd, even);
    segel_bulk_close(bulk);
    segel_plan_free(odd);
    segel_plan_free(even);
    segel_plan_free(refused);
}

/* Its letter is over when the gateway refuses it, and another plan's is under way. */
Test(terms, the_terms_of_a_letter_whose_time_is_over_are_no_other_letters)
{
    struct segel_plan *refused = bench_plan("grudging");
    struct segel_plan *plan = bench_plan("seal");

    open_bulk();
    cr_assert_eq(submit(refused, "over", 300), SEGEL_OK);
    cr_expect_eq(take_one(), SEGEL_TIMEOUT);
    cr_assert_eq(submit(plan, "behind", 0), SEGEL_OK);
    cr_expect_eq(take_one(), SEGEL_OK, "%s", error.text);
    segel_bulk_close(bulk);
    segel_plan_free(refused);
    segel_plan_free(plan);
}
