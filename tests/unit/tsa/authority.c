#include <criterion/criterion.h>

#include "gateway/tsa/inside.h"

/* Who is asked, and who is left alone. Times of a clock that stands here. */

static const int64_t SECOND = 1000000;

static struct tsa_settings two(void)
{
    return (struct tsa_settings){.count = 2};
}

Test(authority, the_first_is_asked_until_it_has_failed_the_question)
{
    struct tsa_settings settings = two();

    cr_expect_eq(authority_choose(&settings, 0, 1), &settings.authorities[0]);
    cr_expect_eq(authority_choose(&settings, 1, 1), &settings.authorities[1]);
    cr_expect_null(authority_choose(&settings, 3, 1));
}

Test(authority, three_failures_in_a_row_begin_a_rest_that_doubles)
{
    struct tsa_settings settings = two();
    struct authority *first = &settings.authorities[0];

    cr_expect_not(authority_failed(first, 60 * SECOND, 0));
    cr_expect_not(authority_failed(first, 60 * SECOND, 0));
    cr_expect_eq(authority_choose(&settings, 0, 0), first);
    cr_expect(authority_failed(first, 60 * SECOND, 0), "the third is told");
    cr_expect_eq(authority_choose(&settings, 0, SECOND - 1), &settings.authorities[1]);
    cr_expect_eq(authorities_resting(&settings, SECOND - 1), 1);
    cr_expect_eq(authority_choose(&settings, 0, SECOND), first);
    authority_asked(first);
    cr_expect_not(authority_failed(first, 60 * SECOND, SECOND), "and not again");
    cr_expect_eq(first->rest_until_us, 3 * SECOND);
    for (int i = 0; i < 100; i++) {
        authority_asked(first);
        (void)authority_failed(first, 60 * SECOND, SECOND);
    }
    cr_expect_eq(first->rest_until_us, 61 * SECOND);
}

/* Sixteen beside each other, and some of them end when the rest is over. */
Test(authority, questions_that_fail_together_are_one_row)
{
    struct tsa_settings settings = two();
    struct authority *first = &settings.authorities[0];

    for (int i = 0; i < 16; i++) {
        authority_asked(first);
    }
    for (int i = 0; i < 16; i++) {
        bool begins = authority_failed(first, 60 * SECOND, i < 10 ? i : 2 * SECOND);
        cr_expect_eq(begins, i == 2, "failure %d", i);
    }
    cr_expect_eq(first->rest_until_us, SECOND + 2);
    first->asked = 0;
    cr_expect_eq(authority_choose(&settings, 0, 2 * SECOND), first);
    authority_asked(first);
    cr_expect_not(authority_failed(first, 60 * SECOND, 2 * SECOND));
    cr_expect_eq(first->rest_until_us, 4 * SECOND, "the try doubles it");
}

Test(authority, after_a_rest_a_single_question_tries_it)
{
    struct tsa_settings settings = two();
    struct authority *first = &settings.authorities[0];

    first->failures = 3;
    first->asked = 1;
    cr_expect_eq(authority_choose(&settings, 0, SECOND), &settings.authorities[1]);
    cr_expect(authority_worked(first));
    cr_expect_eq(authority_choose(&settings, 0, SECOND), first);
    cr_expect_not(authority_worked(first));
}
