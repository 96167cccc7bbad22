#include <criterion/criterion.h>

#include "tests/unit/report/support/log.h"

/* Attempts for one id, and what is counted once of them. */
TestSuite(attempts, .init = begin, .fini = end);

static void attempt(unsigned number, const char *outcome)
{
    uint64_t intent = add("2026-05-01T00:00:00Z",
                          "\"type\":\"intent\",\"job\":\"r\",\"attempt\":%u,"
                          "\"rules\":{\"shadow_fail\":[\"R\"],\"excepted\":[\"E\"]}",
                          number);

    (void)add("2026-05-01T00:00:00Z",
              "\"type\":\"outcome\",\"intent\":%llu,\"attempt\":%u,\"outcome\":\"%s\"",
              (unsigned long long)intent, number, outcome);
}

Test(attempts, are_one_job)
{
    attempt(1, "failed");
    attempt(2, "failed");
    attempt(3, "signed");
    const struct report *report = finished();
    const uint64_t *use = report->use.rows[0].count;
    cr_expect_eq(use[FATE_FAILED], 2);
    cr_expect_eq(use[FATE_SIGNED], 1);
    cr_expect_eq(use[USE_JOBS], 1);
    cr_expect_eq(report->shadows.rows[0].count[RULE_SHADOW], 1);
    cr_expect_eq(report->excepted, 1);
    cr_expect_eq(report->excepted_untold, 0);
}

/* The first one lies before what was read. */
Test(attempts, that_are_later_ones_alone_are_no_job_and_a_row)
{
    attempt(4, "failed");
    (void)add("2026-05-01T00:00:00Z",
              "\"type\":\"outcome\",\"attempt\":5,\"outcome\":\"signed\"");
    const struct report *report = finished();
    cr_assert_eq(report->use.count, 1);
    cr_expect_eq(report->use.rows[0].count[USE_JOBS], 0);
    cr_expect_eq(report->use.rows[0].count[FATE_SIGNED], 1);
}

Test(attempts, of_an_earlier_gateway_do_not_tell_of_exceptions)
{
    (void)add("2026-05-01T00:00:00Z", "\"type\":\"intent\",\"rules\":{\"pass\":1}");
    (void)add("2026-05-01T00:00:00Z", "\"type\":\"intent\",\"rules\":{\"excepted\":[ ]}");
    const struct report *report = finished();
    cr_expect_eq(report->excepted, 0);
    cr_expect_eq(report->excepted_untold, 1);
}
