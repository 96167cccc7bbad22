#include "gateway/transport/guest.h"

#include <criterion/criterion.h>

static struct guests guests;
static char names[3 * GUEST_SHELVES][64];

static void start(void)
{
    guests_init(&guests);
}

static void stop(void)
{
    guests_fini(&guests);
}

TestSuite(guest, .init = start, .fini = stop);

Test(guest, has_as_many_places_as_it_may_and_not_one_more)
{
    cr_expect_eq(guests_enter(&guests, names[0], 2), SG_OK);
    cr_expect_eq(guests_enter(&guests, names[0], 2), SG_OK);
    cr_expect_eq(guests_enter(&guests, names[0], 2), SG_BUSY);
    cr_expect_eq(guests_enter(&guests, names[1], 2), SG_OK, "another has its own");
}

Test(guest, place_that_was_given_back_is_free)
{
    cr_expect_eq(guests_enter(&guests, names[0], 1), SG_OK);
    guests_leave(&guests, names[0]);
    cr_expect_eq(guests_enter(&guests, names[0], 1), SG_OK);
    cr_expect_eq(guests_enter(&guests, names[0], 1), SG_BUSY);
}

Test(guest, nobody_is_a_guest_too)
{
    cr_expect_eq(guests_enter(&guests, NULL, 1), SG_OK);
    cr_expect_eq(guests_enter(&guests, NULL, 1), SG_BUSY);
    guests_leave(&guests, NULL);
}

/* More than there are shelves: some share one. */
Test(guest, many_do_not_mix)
{
    for (size_t i = 0; i < SG_COUNT(names); i++) {
        cr_assert_eq(guests_enter(&guests, names[i], 1), SG_OK);
    }
    for (size_t i = 0; i < SG_COUNT(names); i += 2) {
        guests_leave(&guests, names[i]);
    }
    for (size_t i = 0; i < SG_COUNT(names); i++) {
        cr_expect_eq(guests_enter(&guests, names[i], 1), i % 2 == 0 ? SG_OK : SG_BUSY);
    }
}
