/* A connection that ends while nobody looks at it, between two questions. */
#include <criterion/criterion.h>
#include <string.h>
#include <unistd.h>

#include "client/segel/gateway.h"
#include "tests/unit/client/support/link.h"
#include "tests/unit/segel/support/bench.h"

LINK_BEFORE_ALL_TESTS
LINK_AFTER_ALL_TESTS

TestSuite(parted, .init = bench_open, .fini = bench_close, .timeout = 30);

static void make_plan_anew(void)
{
    for (size_t i = 0; i < OFFERS_KEPT; i++) {
        segel->offers.rows[i].until_us = 0;
    }
    segel_plan_free(bench_plan("seal"));
}

Test(parted, who_asks_behind_the_gateways_farewell_is_connected_again)
{
    segel_plan_free(bench_plan_behind("seal", "parting"));
    make_plan_anew();
    for (int i = 0; i < 3; i++) {
        (void)usleep(200000); /* until the farewell is there */
        make_plan_anew();
    }
}

Test(parted, a_gateway_that_lives_and_cannot_serve_keeps_its_connection)
{
    const struct segel_signer *signer = NULL;
    unsigned before = atomic_load(&segel->offers.connection);

    for (int i = 0; i < 3; i++) {
        cr_expect_eq(segel_signer_get(segel, "resting", NULL, &signer, &error),
                     SEGEL_UNAVAILABLE, "%s", error.text);
        cr_expect_not_null(strstr(error.text, "no lane serves it"), "%s", error.text);
    }
    segel_plan_free(bench_plan("seal"));
    cr_expect_eq(atomic_load(&segel->offers.connection), before);
}
