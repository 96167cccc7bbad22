#include <criterion/criterion.h>

#include "gateway/status/inside.h"

static const struct config config = {.status_refresh_s = 600, .status_retry_max_s = 30};

Test(source, pauses_after_failures_grow_to_the_limit)
{
    for (unsigned failures = 1; failures < 100; failures++) {
        const struct source source = {.failures = failures};
        int64_t wanted_us = failures > 5 ? 30000000 : INT64_C(1000000) << (failures - 1);
        int64_t found_us = source_pause(&config, &source, 0);
        cr_expect_leq(found_us, wanted_us, "%u", failures);
        cr_expect_geq(found_us, wanted_us / 2, "%u", failures);
    }
}

Test(source, a_statement_is_asked_for_again_before_it_ends)
{
    struct source source = {.finding = {.next_update_us = INT64_C(400000000)}};

    cr_expect_eq(source_pause(&config, &source, 0), 300000000);
    source.finding.next_update_us = INT64_C(86400000000);
    cr_expect_eq(source_pause(&config, &source, 0), 600000000);
    source.finding.next_update_us = -5; /* already past: not in a hurry */
    cr_expect_eq(source_pause(&config, &source, 0), 60000000);
}

Test(source, numbers_times_and_revocations_do_not_go_back)
{
    struct status_finding held = {.this_update_us = 5, .number = {[19] = 7}};
    struct status_finding next = held;

    cr_expect(evidence_follows(&held, &next), "the same again");
    next.number[18] = 1;
    next.number[19] = 0;
    cr_expect(evidence_follows(&held, &next), "256 after 7");
    cr_expect_not(evidence_follows(&next, &held), "7 after 256");
    next = held;
    next.this_update_us = 4;
    cr_expect_not(evidence_follows(&held, &next), "an earlier time");
    next = held;
    held.suspended = true;
    cr_expect(evidence_follows(&held, &next), "a hold may end");
    held.revoked = true;
    cr_expect_not(evidence_follows(&held, &next), "a revocation may not");
}

Test(source, a_revocation_is_heard_though_its_statement_is_older)
{
    const struct status_finding held = {.this_update_us = 5, .number = {[19] = 7}};
    struct status_finding next = {
        .revoked = true, .this_update_us = 4, .number = {[19] = 7}};

    cr_expect(evidence_follows(&held, &next), "of another node");
    next.number[19] = 6;
    cr_expect(evidence_follows(&held, &next), "of another counter");
    cr_expect_not(evidence_follows(&next, &held), "and stays");
    next.revoked = false;
    next.suspended = true;
    cr_expect_not(evidence_follows(&held, &next), "an older hold may have ended");
    next.revoked = true;
    const struct status_finding revoked = {.revoked = true, .this_update_us = 5};
    cr_expect_not(evidence_follows(&revoked, &next), "it is known already");
}
