#include "gateway/core/turn/counter.h"

#include <criterion/criterion.h>

enum { DAY = 20575 };

static struct counter counted(unsigned times, int64_t day)
{
    struct counter counter = {0};

    for (unsigned i = 0; i < times; i++) {
        counter_add(&counter, day);
    }
    return counter;
}

Test(counter, counts_by_the_day_and_in_all)
{
    struct counter counter = counted(3, DAY);

    counter_add(&counter, DAY + 1);
    cr_expect_eq(counter_of(&counter, DAY), 3);
    cr_expect_eq(counter_of(&counter, DAY + 1), 1);
    cr_expect_eq(counter_of(&counter, DAY + 2), 0);
    cr_expect_eq(counter.total, 4);
    cr_expect(counter.unwritten);
}

Test(counter, begins_anew_with_each_day)
{
    struct counter counter = counted(3, DAY);

    for (int64_t day = DAY + 1; day < DAY + 10; day++) {
        cr_expect_eq(counter_of(&counter, day), 0);
        counter_add(&counter, day);
        cr_expect_eq(counter_of(&counter, day), 1);
    }
    cr_expect_eq(counter.total, 12);
}

/* A clock that is set forward and back again must not open a used day anew. */
Test(counter, a_day_and_back_finds_what_was_counted)
{
    struct counter counter = counted(3, DAY);

    counter_add(&counter, DAY + 365);
    counter_add(&counter, DAY);
    cr_expect_eq(counter_of(&counter, DAY), 4);
    cr_expect_eq(counter_of(&counter, DAY + 365), 1);
    counter_add(&counter, DAY - 365);
    counter_add(&counter, DAY);
    cr_expect_eq(counter_of(&counter, DAY), 5);
}

Test(counter, what_is_given_back_leaves_the_day_that_it_was_counted_for)
{
    struct counter counter = counted(2, DAY);

    counter_add(&counter, DAY + 1);
    counter_give_back(&counter, DAY);
    cr_expect_eq(counter_of(&counter, DAY), 1);
    cr_expect_eq(counter_of(&counter, DAY + 1), 1);
    cr_expect_eq(counter.total, 2);
}

Test(counter, nothing_falls_below_nothing)
{
    struct counter counter = counted(1, DAY);

    counter_give_back(&counter, DAY);
    counter_give_back(&counter, DAY);
    counter_give_back(&counter, DAY + 7);
    cr_expect_eq(counter_of(&counter, DAY), 0);
    cr_expect_eq(counter.total, 0);
}

Test(counter, is_read_back_as_it_was_written)
{
    struct counter counter = counted(7, DAY);
    struct counter read = {.unwritten = true};
    char text[COUNTER_TEXT];

    counter_add(&counter, -3);
    counter_print(&counter, text);
    cr_assert_eq(counter_parse(text, &read), SG_OK, "%s", text);
    cr_expect_eq(read.total, 8);
    cr_expect_eq(counter_of(&read, DAY), 7);
    cr_expect_eq(counter_of(&read, -3), 1);
    cr_expect_not(read.unwritten);
}

Test(counter, the_largest_numbers_fit)
{
    const struct counter counter = {
        .days = {{INT64_MIN, INT64_MAX}, {INT64_MIN, INT64_MAX}}, .total = INT64_MAX};
    struct counter read;
    char text[COUNTER_TEXT];

    counter_print(&counter, text);
    cr_assert_eq(counter_parse(text, &read), SG_OK, "%s", text);
    cr_expect_eq(read.total, INT64_MAX);
}

Test(counter, what_is_no_count_is_told)
{
    static const char *const texts[] = {"",           "1",
                                        "1 2 3 4",    "1 2 3 4 5 6",
                                        "1 2 3 4 x",  "-1 2 3 4 5",
                                        "1 2 -3 4 5", " 1 2 3 4 5",
                                        "1 2 3 4 5 ", "99999999999999999999 2 3 4 5"};
    struct counter read;

    for (size_t i = 0; i < SG_COUNT(texts); i++) {
        cr_expect_eq(counter_parse(texts[i], &read), SG_CORRUPT, "'%s'", texts[i]);
    }
}
