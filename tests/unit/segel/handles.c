/* What an application gives where a handle is missing. */
#include "client/segel/segel.h"

#include <criterion/criterion.h>
#include <string.h>

static struct segel_error error;

static void expect_missing(int code, const char *name)
{
    cr_expect_eq(code, SEGEL_USAGE, "%s", name);
    cr_expect(strstr(error.text, name) == error.text, "%s: %s", name, error.text);
    error.text[0] = '\0';
}

/* `held` stands for a handle: nothing is looked at before all are there. */
Test(handles, a_handle_that_is_null_is_named)
{
    void *held = &error;
    struct segel *segel = NULL;
    struct segel_plan *plan = NULL;
    struct segel_prepared *prepared = NULL;
    struct segel_bulk *bulk = NULL;
    const struct segel_signer *signer = NULL;
    const struct segel_outcome *outcome = NULL;
    struct segel_terms terms = SEGEL_INIT(terms);
    struct segel_letter letter = SEGEL_INIT(letter);
    struct segel_options options = SEGEL_INIT(options);
    struct segel_progress progress = SEGEL_INIT(progress);
    size_t len = 7;

    expect_missing(segel_open(&options, NULL, &error), "out");
    expect_missing(segel_signer_get(segel, "seal", NULL, &signer, &error), "segel");
    expect_missing(segel_plan_make(segel, &terms, &plan, &error), "segel");
    expect_missing(segel_plan_make((struct segel *)held, &terms, NULL, &error), "out");
    expect_missing(segel_prepare(plan, &letter, &prepared, &error), "plan");
    expect_missing(segel_embed(prepared, "x", 1, NULL, &error), "prepared");
    expect_missing(segel_sign(segel, plan, &letter, &outcome, &error), "segel");
    expect_missing(segel_sign((struct segel *)held, plan, &letter, &outcome, &error),
                   "plan");
    expect_missing(segel_bulk_open(segel, NULL, &bulk, &error), "segel");
    expect_missing(segel_bulk_submit(bulk, plan, &letter, &error), "bulk");
    expect_missing(segel_bulk_submit((struct segel_bulk *)held, plan, &letter, &error),
                   "plan");
    expect_missing(segel_bulk_next(bulk, 0, &outcome, &error), "bulk");
    cr_expect_null(segel_plan_hash(plan));
    cr_expect_eq(segel_plan_room(plan), 0);
    cr_expect_null(segel_prepared_digest(prepared, &len));
    cr_expect_eq(len, 0);
    cr_expect_null(segel_prepared_pdf(prepared, NULL));
    segel_bulk_cancel(bulk);
    segel_bulk_progress(bulk, &progress);
}
