/* A run of many letters asks for validation data again and again. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "client/commands/extend/letter.h"
#include "tests/unit/client/support/home.h"

LINK_BEFORE_ALL_TESTS
LINK_AFTER_ALL_TESTS

enum { US_PER_S = 1000000 };
static struct extend_run run;

static void end(void)
{
    extend_end(&run);
    home_move_out();
}

TestSuite(extend_fresh, .init = home_move_in, .fini = end, .timeout = 30);

static void start(const char *key, enum extend_level level)
{
    run = (struct extend_run){.home = &home, .key = key, .level = level};
    cr_assert_eq(extend_begin(&run, &why), SG_OK, "%s", why.text);
}

/* Any file: that it is no letter is found when all has been asked for. That the gateway
 * was asked is seen by the run's id. */
static bool asks_again(void)
{
    char id[sizeof(run.id)];
    char path[128];

    (void)snprintf(id, sizeof(id), "%s", run.id);
    (void)snprintf(path, sizeof(path), "%s", in_home("gateway"));
    cr_expect_neq(extend_letter(&run, path, in_home("out"), &why), SG_OK);
    return strcmp(id, run.id) != 0;
}

Test(extend_fresh, what_is_older_than_ten_minutes_is_asked_for_anew)
{
    start("seal", EXTEND_B_T);
    cr_expect_not(asks_again());
    run.asked_us -= INT64_C(590) * US_PER_S;
    cr_expect_not(asks_again());
    run.asked_us -= INT64_C(10) * US_PER_S;
    cr_expect(asks_again());
    cr_expect(extend_fresh(&run) && run.signer != NULL);
    cr_expect_not(asks_again());
}

/* "unproven": the server has validation data for the first who asks. */
Test(extend_fresh, nothing_old_is_used_where_nothing_newer_can_be_had)
{
    start("unproven", EXTEND_B_LT);
    cr_expect(extend_fresh(&run));
    run.asked_us -= INT64_C(600) * US_PER_S;
    for (int i = 0; i < 2; i++) {
        cr_expect(asks_again());
        cr_expect(run.proofs == NULL && !extend_fresh(&run));
    }
}
