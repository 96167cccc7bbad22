#include <criterion/criterion.h>
#include <string.h>

#include "gateway/clock.h"
#include "tests/unit/transport/support/doorway.h"

/* When the issuers of clients end. */

static const long hour_s = 3600;

TestSuite(issuers, .init = doorway_make, .fini = doorway_clear, .timeout = 20);

static struct validity read_validity(void)
{
    struct validity validity;
    struct sg_error why = {0};

    server_free(door.server);
    cr_assert_eq(server_new(&door.options, &door.server, &why), SG_OK, "%s", why.text);
    server_validity(door.server, &validity);
    return validity;
}

/* Hours from now, rounded. */
static int64_t hours_left(int64_t until_us)
{
    return (until_us - clock_wall_us() + INT64_C(1800) * 1000000) / 1000000 / hour_s;
}

static void expect_ends(int64_t all_hours, size_t count, int64_t first_hours)
{
    struct validity validity = read_validity();

    cr_expect_eq(hours_left(validity_end_us(&validity, VALIDITY_ISSUERS)), all_hours);
    cr_assert_eq(validity.end_count, count);
    cr_expect_str_eq(validity.ends[0].name, "test issuer");
    cr_expect_eq(hours_left(validity.ends[0].until_us), first_hours);
}

Test(issuers, the_last_to_end_lets_clients_in)
{
    struct sg_error why = {0};

    pki_end(&door.pki, -60, true);
    cr_expect_eq(server_check(&door.options, &why), SG_OK, "a start goes on");
    cr_expect_eq(server_check_dates(&door.options, &why), SG_INVALID);
    cr_expect_not_null(strstr(why.text, "issuer of client certificates ended on 2"), "%s",
                       why.text);
    cr_expect_not_null(strstr(why.text, door.pki.ca), "%s", why.text);
    pki_add_other(&door.pki);
    cr_expect_eq(server_check_dates(&door.options, &why), SG_OK, "%s", why.text);
    expect_ends(1, 2, 0);
}

Test(issuers, one_that_was_renewed_by_its_key_goes_on)
{
    pki_end(&door.pki, 5 * hour_s, false);
    expect_ends(5, 1, 5);
}

/* Whoever has a certificate of the old key is out when its issuer ends. */
Test(issuers, of_two_keys_of_one_name_the_first_end_is_told)
{
    pki_end(&door.pki, 5 * hour_s, true);
    pki_rekey(&door.pki, false);
    expect_ends(5, 1, 1);
}

/* OpenSSL asks for its own issuer. */
Test(issuers, one_between_is_told_and_is_no_anchor)
{
    struct validity validity;

    pki_add_between(&door.pki, 9 * hour_s);
    validity = read_validity();
    cr_expect_eq(hours_left(validity_end_us(&validity, VALIDITY_ISSUERS)), 1);
    cr_assert_eq(validity.end_count, 2);
    cr_expect_str_eq(validity.ends[1].name, "issuer 0");
    cr_expect_eq(hours_left(validity.ends[1].until_us), 9);
}

/* OpenSSL would not go on from there to an issuer that the client brings along. */
Test(issuers, a_file_without_an_anchor_lets_nobody_in_and_is_refused)
{
    struct sg_error why = {0};

    pki_leave_between(&door.pki);
    cr_expect_eq(server_check(&door.options, &why), SG_INVALID);
    cr_expect_not_null(strstr(why.text, "add the root"), "%s", why.text);
    cr_expect_not_null(strstr(why.text, door.pki.ca), "%s", why.text);
}

Test(issuers, without_room_those_that_end_first_are_told)
{
    struct validity validity;

    for (long i = 0; i < VALIDITY_ENDS_MAX + 3; i++) {
        pki_add_between(&door.pki, (40 - i) * hour_s);
    }
    validity = read_validity();
    cr_assert_eq(validity.end_count, VALIDITY_ENDS_MAX);
    for (size_t i = 0; i < validity.end_count; i++) {
        cr_expect_lt(hours_left(validity.ends[i].until_us), 37, "%s",
                     validity.ends[i].name);
    }
}
