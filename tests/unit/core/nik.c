#include "gateway/core/turn/nik.h"

#include <criterion/criterion.h>
#include <stdio.h>

static const struct {
    const char *text;
    const char *masked;
} rows[] = {
    {"3374012345678901", "0000000000000000"},
    {"ref 3374.0123.4567.8901/x7", "ref 0000.0000.0000.0000/x7"},
    {"33 74 01 23 45 67 89 01", "00 00 00 00 00 00 00 00"},
    {"n-33-74-01-2345678901", "n-00-00-00-0000000000"},
    {"33740123456789012", "00000000000000000"},
    {"\xEF\xBC\x93"
     "374012345678901",
     "\xEF\xBC\x90"
     "000000000000000"},
    {"12 a 3374012345678901 b 34", "12 a 0000000000000000 b 34"},
    {"2026-11-28 3374012345678901", "2026-11-28 0000000000000000"},
    {"3374012345678901 2026-11-28", "0000000000000000 2026-11-28"},
    {"3374 2026-11-28 3374012345678901", "3374 2026-11-28 0000000000000000"},
    {"2026-11-283374-0123", "0000-00-000000-0000"},
    {"2026-11-28-337401-23", "0000-00-00-000000-00"},
    {"337401-2026-11-28-01", "000000-0000-00-00-00"},
    {"2026-13-28 2026-11-32", "0000-00-00 0000-00-00"},
};

Test(nik, is_found_in_each_form_and_masked_in_it)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char text[64];
        (void)snprintf(text, sizeof(text), "%s", rows[i].text);
        cr_expect(nik_inside(text), "%s", text);
        nik_mask(text);
        cr_expect_str_eq(text, rows[i].masked);
    }
}

Test(nik, other_numbers_stay_what_they_are)
{
    static const char *const others[] = {"",
                                         "ND-2026/001",
                                         "337401234567890",
                                         "33740123/45678901",
                                         "33740123a45678901",
                                         " . - ",
                                         "2026-11-28 2026-12-01",
                                         "2026-11-28. 2026-12-31 2027-01-01",
                                         "from 2026-11-28 to 2026-12-01 337401",
                                         "\xEF\xBC\x8F\xEF\xBC\x9A"};

    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        char text[64];
        (void)snprintf(text, sizeof(text), "%s", others[i]);
        cr_expect_not(nik_inside(text), "%s", text);
        nik_mask(text);
        cr_expect_str_eq(text, others[i]);
    }
}

Test(nik, what_a_cut_text_ends_with_may_begin_one)
{
    char cut[16] = "ab 337401234567";
    char room[32] = "ab 337401234567";
    char other[16] = "ab 337401 23456";
    char word[16] = "337401 and more";

    nik_mask_cut(cut, sizeof(cut));
    cr_expect_str_eq(cut, "ab 000000000000");
    nik_mask_cut(room, sizeof(room));
    cr_expect_str_eq(room, "ab 337401234567");
    nik_mask_cut(other, sizeof(other));
    cr_expect_str_eq(other, "ab 000000 00000");
    nik_mask_cut(word, sizeof(word));
    cr_expect_str_eq(word, "337401 and more");
}
