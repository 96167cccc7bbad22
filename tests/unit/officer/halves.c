#include "client/officer/halves.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static struct passphrase words(const char *text)
{
    struct passphrase out = {.len = strlen(text)};

    (void)snprintf(out.text, sizeof(out.text), "%s", text);
    return out;
}

static const char *join(const char *first, const char *second, const char *token)
{
    static struct passphrase pin;
    const struct passphrase one = words(first);
    const struct passphrase other = words(second);

    cr_assert_eq(halves_join(&one, &other, token, &pin), SG_OK);
    cr_expect_eq(pin.len, (size_t)HALVES_PIN_LEN);
    cr_expect_eq(strlen(pin.text), pin.len);
    return pin.text;
}

/* Computed by another implementation of HKDF (pyca/cryptography). */
Test(halves, the_pin_is_hkdf_of_both_in_their_order_for_this_token)
{
    static const char one[] = "first half of it";
    static const char other[] = "second half of it";

    cr_expect_str_eq(join(one, other, "city-a"), "DG0YAMYN53FZ1316");
    cr_expect_str_eq(join(other, one, "city-a"), "YBQWA5742GA1H46T");
    cr_expect_str_eq(join(one, other, "city-b"), "6CYDXFWVYFT9YFZR");
}

Test(halves, where_one_half_ends_counts)
{
    cr_expect_str_eq(join("first half of its", "econd half of it", "city-a"),
                     "HFSBS43XMD7N7WB0");
}

Test(halves, the_longest_halves_have_room)
{
    char longest[PASSPHRASE_MAX + 1];

    memset(longest, 'x', PASSPHRASE_MAX);
    longest[PASSPHRASE_MAX] = '\0';
    (void)join(longest, longest, "city-a");
}
