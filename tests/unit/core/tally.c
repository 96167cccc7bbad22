#include "gateway/core/tally.h"

#include <criterion/criterion.h>
#include <stdio.h>

static struct tally tally;

Test(tally, each_rule_counts_for_itself)
{
    uint64_t denied = 0;

    tally_deny(&tally, "CP-4.1-01");
    tally_deny(&tally, "CP-4.1-02");
    tally_deny(&tally, "CP-4.1-01");
    cr_expect_str_eq(tally_rule(&tally, 0, &denied), "CP-4.1-01");
    cr_expect_eq(denied, 2);
    cr_expect_str_eq(tally_rule(&tally, 1, &denied), "CP-4.1-02");
    cr_expect_eq(denied, 1);
    cr_expect_null(tally_rule(&tally, 2, &denied));
}

/* A policy may be loaded again and again with other names: the page stays bounded, and no
 * denial is lost. */
Test(tally, what_finds_no_room_counts_as_other)
{
    char rule[32];
    uint64_t denied = 0;
    uint64_t all = 0;
    size_t rows = 0;

    for (int i = 0; i < 1000; i++) {
        (void)snprintf(rule, sizeof(rule), "R-%d", i);
        tally_deny(&tally, rule);
    }
    for (; tally_rule(&tally, rows, &denied) != NULL; rows++) {
        all += denied;
    }
    cr_expect_eq(rows, TALLY_ROWS);
    cr_expect_eq(all, 1000);
    cr_expect_str_eq(tally_rule(&tally, TALLY_ROWS - 1, &denied), "other");
    cr_expect_eq(denied, 1000 - (TALLY_ROWS - 1));
}
