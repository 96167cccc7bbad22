#include "client/segel/outcome.h"

#include <criterion/criterion.h>

static int64_t pause_for(int code, int64_t retry_after_us)
{
    Segel__V1__ItemStatus status;
    Segel__V1__SignResult result;

    segel__v1__item_status__init(&status);
    segel__v1__sign_result__init(&result);
    status.code = code;
    status.retry_after_us = retry_after_us;
    result.status = &status;
    return outcome_pause_us(&result);
}

Test(outcome, a_minute_is_waited_for_and_what_is_longer_is_the_last_word)
{
    cr_expect_eq(pause_for(8, 100000), 100000);
    cr_expect_eq(pause_for(8, 15000000), 15000000);
    cr_expect_eq(pause_for(8, 60000000), 60000000);
    cr_expect_eq(pause_for(8, 60000001), 0);
    cr_expect_eq(pause_for(7, INT64_MAX), 0);
}

Test(outcome, what_names_no_time_is_the_last_word)
{
    cr_expect_eq(pause_for(8, 0), 0);
    cr_expect_eq(pause_for(8, -1), 0);
    cr_expect_eq(pause_for(0, 100000), 0, "signed");
}
