/* Digests of documents that lie elsewhere: what was submitted is what is signed. */
#define _GNU_SOURCE /* NOLINT: the name is the C library's; memmem */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "client/segel/segel.h"
#include "tests/unit/client/support/link.h"
#include "tests/unit/segel/support/bench.h"

LINK_BEFORE_ALL_TESTS
LINK_AFTER_ALL_TESTS

TestSuite(digests, .init = bench_open, .fini = bench_close, .timeout = 60);

enum { DOCUMENTS = 64, PATIENCE_MS = 30000 };

static struct segel_plan *plan_of_digests(void)
{
    struct segel_terms terms = SEGEL_INIT(terms);
    struct segel_plan *plan = NULL;

    terms.key = "seal";
    terms.document_class = "surat_keterangan";
    terms.approval = "ND/1/2026";
    terms.profile = "cades-b-b";
    cr_assert_eq(segel_plan_make(segel, &terms, &plan, &error), SEGEL_OK, "%s",
                 error.text);
    return plan;
}

static void digest_of(unsigned number, uint8_t digest[32])
{
    memset(digest, (int)(number + 1), 32);
}

static void submit(struct segel_bulk *bulk, struct segel_plan *plan, unsigned number,
                   uint8_t digest[32])
{
    struct segel_letter letter = SEGEL_INIT(letter);
    char id[32];

    (void)snprintf(id, sizeof(id), "document-%u", number);
    digest_of(number, digest);
    letter.request_id = id;
    letter.digest = digest;
    letter.digest_len = 32;
    letter.user = (void *)(uintptr_t)number;
    cr_assert_eq(segel_bulk_submit(bulk, plan, &letter, &error), SEGEL_OK, "%s",
                 error.text);
}

static bool signs_its_own(const struct segel_outcome *outcome)
{
    uint8_t digest[32];

    digest_of((unsigned)(uintptr_t)outcome->user, digest);
    return outcome->code == SEGEL_OK && memmem(outcome->signature, outcome->signature_len,
                                               digest, sizeof(digest)) != NULL;
}

Test(digests, one_array_may_serve_all_that_are_submitted)
{
    struct segel_plan *plan = plan_of_digests();
    const struct segel_outcome *outcome = NULL;
    struct segel_bulk *bulk = NULL;
    uint8_t digest[32];
    unsigned count = 0;

    cr_assert_eq(segel_bulk_open(segel, NULL, &bulk, &error), SEGEL_OK, "%s", error.text);
    for (unsigned i = 0; i < DOCUMENTS; i++) {
        submit(bulk, plan, i, digest);
    }
    memset(digest, 0, sizeof(digest));
    while (segel_bulk_next(bulk, PATIENCE_MS, &outcome, &error) == SEGEL_OK) {
        cr_expect(signs_its_own(outcome), "%s: %s", outcome->request_id, outcome->text);
        segel_outcome_free(outcome);
        count++;
    }
    cr_expect_eq(count, DOCUMENTS);
    segel_bulk_close(bulk);
    segel_plan_free(plan);
}
