#include "gateway/core/log/reserve.h"

#include <criterion/criterion.h>
#include <string.h>

enum { TOTAL = 100000 };
static struct reserve reserve;

/* Five per cent of a disk that is half full. */
static void lawful(void)
{
    reserve = (struct reserve){.percent = 5};
    cr_assert_eq(reserve_take(&reserve, TOTAL / 2, TOTAL), RESERVE_SAME);
}

TestSuite(reserve, .init = lawful);

Test(reserve, is_reached_below_its_per_cent_and_not_at_it)
{
    cr_expect_eq(reserve_take(&reserve, 5000, TOTAL), RESERVE_SAME);
    cr_expect_not(reserve.low);
    cr_expect_eq(reserve_take(&reserve, 4999, TOTAL), RESERVE_REACHED);
    cr_expect(reserve.low);
    cr_expect_eq(reserve_take(&reserve, 0, TOTAL), RESERVE_SAME, "it is told once");
}

Test(reserve, is_left_when_a_fifth_more_is_free)
{
    (void)reserve_take(&reserve, 4999, TOTAL);
    cr_expect_eq(reserve_take(&reserve, 5000, TOTAL), RESERVE_SAME);
    cr_expect_eq(reserve_take(&reserve, 5999, TOTAL), RESERVE_SAME);
    cr_expect(reserve.low);
    cr_expect_eq(reserve_take(&reserve, 6000, TOTAL), RESERVE_LEFT);
    cr_expect_not(reserve.low);
    cr_expect_eq(reserve_take(&reserve, 5000, TOTAL), RESERVE_SAME);
}

Test(reserve, is_spent_below_a_fifth_of_it)
{
    (void)reserve_take(&reserve, 1000, TOTAL);
    cr_expect_not(reserve.spent);
    (void)reserve_take(&reserve, 999, TOTAL);
    cr_expect(reserve.spent);
    (void)reserve_take(&reserve, 1199, TOTAL);
    cr_expect(reserve.spent);
    (void)reserve_take(&reserve, 1200, TOTAL);
    cr_expect_not(reserve.spent);
}

Test(reserve, of_nothing_is_never_reached)
{
    reserve = (struct reserve){.percent = 0};
    cr_expect_eq(reserve_take(&reserve, 0, TOTAL), RESERVE_SAME);
    cr_expect_not(reserve.low);
    cr_expect_eq(reserve.total, TOTAL, "and yet the size is told");
}

/* A disk that does not tell its size changes nothing. */
Test(reserve, needs_a_size)
{
    cr_expect_eq(reserve_take(&reserve, 0, 0), RESERVE_SAME);
    cr_expect_not(reserve.low);
    (void)reserve_take(&reserve, 1, TOTAL);
    cr_expect_eq(reserve_take(&reserve, 0, 0), RESERVE_SAME);
    cr_expect(reserve.low);
}

Test(reserve, does_not_overflow_on_the_largest_disk)
{
    cr_expect_eq(reserve_take(&reserve, UINT64_MAX / 21, UINT64_MAX), RESERVE_REACHED);
    cr_expect_eq(reserve_take(&reserve, UINT64_MAX / 16, UINT64_MAX), RESERVE_LEFT);
}

Test(reserve, is_told_in_one_sentence)
{
    char text[160];

    (void)reserve_take(&reserve, UINT64_C(41) << 20, UINT64_C(1000) << 20);
    reserve_print(&reserve, text, sizeof(text));
    cr_expect_str_eq(text,
                     "4.1 % (41 MiB) of the ledger's file system is free, and "
                     "ledger.reserve_percent keeps 5 %: nothing new is signed until "
                     "there is room");
    (void)reserve_take(&reserve, UINT64_C(941) << 20, UINT64_C(1000) << 20);
    reserve_print(&reserve, text, sizeof(text));
    cr_expect_str_eq(text, "94.1 % (941 MiB) of the ledger's file system is free, and "
                           "ledger.reserve_percent keeps 5 %: signing goes on");
}

Test(reserve, fits_its_sentence_at_the_largest_numbers)
{
    char text[160];

    reserve.percent = 50;
    (void)reserve_take(&reserve, UINT64_MAX / 4, UINT64_MAX);
    reserve_print(&reserve, text, sizeof(text));
    cr_expect(strstr(text, "until there is room") != NULL, "%s", text);
}
