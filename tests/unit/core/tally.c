#include "gateway/core/watch/tally.h"

#include <criterion/criterion.h>
#include <stdio.h>

static struct tally tally;

Test(tally, each_rule_counts_for_itself)
{
    uint64_t counts[TALLY_KINDS];

    tally_count(&tally, "CP-4.1-01", TALLY_REQUEST);
    tally_count(&tally, "CP-4.1-02", TALLY_GATEWAY);
    tally_count(&tally, "CP-4.1-01", TALLY_REQUEST);
    tally_count(&tally, "CP-4.1-01", TALLY_LIFTED);
    cr_expect_str_eq(tally_rule(&tally, 0, counts), "CP-4.1-01");
    cr_expect_arr_eq(counts, ((uint64_t[TALLY_KINDS]){2, 0, 1}), sizeof(counts));
    cr_expect_str_eq(tally_rule(&tally, 1, counts), "CP-4.1-02");
    cr_expect_arr_eq(counts, ((uint64_t[TALLY_KINDS]){0, 1}), sizeof(counts));
    cr_expect_null(tally_rule(&tally, 2, counts));
    tally_accept(&tally);
    cr_expect_eq(tally_accepted(&tally), 1);
}

/* No rule of the file has passed, and none has failed: that is a no without a rule. */
Test(tally, a_denial_without_a_rule_counts_under_no_name)
{
    uint64_t counts[TALLY_KINDS];

    tally_count(&tally, NULL, TALLY_REQUEST);
    tally_count(&tally, NULL, TALLY_REQUEST);
    cr_expect_str_eq(tally_rule(&tally, 0, counts), "");
    cr_expect_eq(counts[TALLY_REQUEST], 2);
}

/* A policy may be loaded again and again with other names: the page stays bounded, and no
 * denial is lost. */
Test(tally, what_finds_no_room_counts_as_other)
{
    char rule[32];
    uint64_t counts[TALLY_KINDS];
    uint64_t all = 0;
    size_t rows = 0;

    for (int i = 0; i < 1000; i++) {
        (void)snprintf(rule, sizeof(rule), "R-%d", i);
        tally_count(&tally, rule, TALLY_REQUEST);
    }
    for (; tally_rule(&tally, rows, counts) != NULL; rows++) {
        all += counts[TALLY_REQUEST];
    }
    cr_expect_eq(rows, TALLY_ROWS);
    cr_expect_eq(all, 1000);
    cr_expect_str_eq(tally_rule(&tally, TALLY_ROWS - 1, counts), "other");
    cr_expect_eq(counts[TALLY_REQUEST], 1000 - (TALLY_ROWS - 1));
}
