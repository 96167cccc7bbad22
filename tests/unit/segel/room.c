#include <criterion/criterion.h>

#include "client/segel/gateway.h"
#include "client/segel/segel.h"
#include "tests/unit/client/support/link.h"
#include "tests/unit/segel/support/bench.h"

LINK_BEFORE_ALL_TESTS
LINK_AFTER_ALL_TESTS

/* What a letter leaves for its signature. */
TestSuite(room, .init = bench_open, .fini = bench_close, .timeout = 30);

static void digest_in(const struct segel_plan *plan, uint32_t room, uint8_t out[32])
{
    struct segel_letter letter = bench_letter("room");
    struct segel_prepared *prepared = NULL;
    size_t len = 0;

    letter.room = room;
    cr_assert_eq(segel_prepare(plan, &letter, &prepared, &error), SEGEL_OK, "%s",
                 error.text);
    memcpy(out, segel_prepared_digest(prepared, &len), 32);
    cr_assert_eq(len, 32);
    segel_prepared_free(prepared);
}

/* The room is in the digest, and another key or authority asks for more. */
Test(room, that_was_kept_gives_the_same_digest_by_another_plan)
{
    struct segel_plan *plan = bench_plan("growing");
    uint8_t first[32];
    uint8_t again[32];

    uint32_t room = segel_plan_room(plan);
    digest_in(plan, 0, first);
    segel_plan_free(plan);
    offers_forget(&segel->offers);
    plan = bench_plan("growing");
    cr_assert_eq(segel_plan_room(plan), room + 3);
    digest_in(plan, 0, again);
    cr_expect_neq(memcmp(first, again, 32), 0);
    digest_in(plan, room, again);
    cr_expect_eq(memcmp(first, again, 32), 0);
    segel_plan_free(plan);
}

Test(room, that_is_too_small_makes_no_letter)
{
    struct segel_plan *plan = bench_plan("seal");
    struct segel_letter letter = bench_letter("cramped");
    const struct segel_outcome *outcome = NULL;

    letter.room = 300;
    cr_expect_eq(segel_sign(segel, plan, &letter, &outcome, &error), SEGEL_FAULT);
    cr_expect_str_eq(error.reason, "no-room");
    cr_expect(strstr(error.text, " 300 ") != NULL, "%s", error.text);
    cr_assert_not_null(outcome);
    cr_expect_null(outcome->pdf);
    segel_outcome_free(outcome);
    segel_plan_free(plan);
}
