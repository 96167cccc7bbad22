#include "proto/text.h"

#include <criterion/criterion.h>
#include <string.h>

static bool utf8(const char *bytes, size_t len)
{
    return text_utf8(slice_of(bytes, len));
}

Test(text, takes_every_length_of_utf8)
{
    cr_expect(utf8("surat", 5));
    cr_expect(utf8("\xC2\xA9", 2));
    cr_expect(utf8("\xE2\x82\xAC", 3));
    cr_expect(utf8("\xF0\x9F\x98\x88", 4));
    cr_expect(utf8("", 0));
}

Test(text, refuses_what_is_no_utf8)
{
    static const struct {
        const char *bytes;
        size_t len;
    } bad[] = {{"\x80", 1},
               {"\xC0\xAF", 2},
               {"\xC1\xBF", 2},
               {"\xE0\x80\x80", 3},
               {"\xED\xA0\x80", 3},
               {"\xF0\x80\x80\x80", 4},
               {"\xF4\x90\x80\x80", 4},
               {"\xF5\x80\x80\x80", 4},
               {"\xE2\x82", 2},
               {"\xFF\xFE", 2},
               {"a\0b", 3}};

    for (size_t i = 0; i < SG_COUNT(bad); i++) {
        cr_expect_not(utf8(bad[i].bytes, bad[i].len), "case %zu", i);
    }
}

/* Wherever it stands in a text that is ASCII otherwise. */
Test(text, finds_one_bad_byte_at_any_place)
{
    static const uint8_t bad[] = {0x00, 0x80, 0xC2, 0xFF};
    uint8_t bytes[41];

    memset(bytes, 'a', sizeof(bytes));
    cr_expect(text_utf8(slice_of(bytes, sizeof(bytes))));
    for (size_t at = 0; at < sizeof(bytes); at++) {
        for (size_t i = 0; i < sizeof(bad); i++) {
            bytes[at] = bad[i];
            cr_expect_not(text_utf8(slice_of(bytes, sizeof(bytes))), "%u at %zu", bad[i],
                          at);
        }
        bytes[at] = 0x01;
        cr_expect(text_utf8(slice_of(bytes, sizeof(bytes))), "%zu", at);
        bytes[at] = 0x7F;
    }
}

Test(text, plain_text_has_no_control_characters)
{
    cr_expect(text_plain(slice_str("ND/123/2026")));
    cr_expect_not(text_plain(slice_str("a\nb")));
    cr_expect_not(text_plain(slice_str("a\x7F")));
    cr_expect(text_plain(slice_str("a\u00A0\u00E9\u2013\u2027\u202F")));
}

Test(text, plain_text_holds_nothing_that_moves_on_a_screen)
{
    /* U+009B, U+0085, U+2028, U+202E, U+2066, U+2069 */
    static const uint8_t moving[][3] = {{'a', 0xC2, 0x9B},  {0xC2, 0x85, 'z'},
                                        {0xE2, 0x80, 0xA8}, {0xE2, 0x80, 0xAE},
                                        {0xE2, 0x81, 0xA6}, {0xE2, 0x81, 0xA9}};

    for (size_t i = 0; i < SG_COUNT(moving); i++) {
        cr_expect_not(text_plain(slice_of(moving[i], 3)), "%zu", i);
    }
}

Test(text, what_fits_is_plain_and_has_1_to_max_bytes)
{
    cr_expect(text_fits("a", 2));
    cr_expect(text_fits("\u00E9", 2));
    cr_expect_not(text_fits("", 2));
    cr_expect_not(text_fits("abc", 2));
    cr_expect_not(text_fits("a\n", 2));
}

Test(text, a_name_has_1_to_64_plain_characters)
{
    char longest[66];

    memset(longest, 'a', sizeof(longest));
    cr_expect(text_name(slice_str("seal-setda_2.0")));
    cr_expect(text_name(slice_of(longest, 64)));
    cr_expect_not(text_name(slice_of(longest, 65)));
    cr_expect_not(text_name(slice_str("")));
    cr_expect_not(text_name(slice_str("a b")));
    cr_expect_not(text_name(slice_of("a\0b", 3)));
}

Test(text, an_ending_has_something_before_it_and_either_case)
{
    static const char *const with[] = {"a.pdf", "a.PDF", "a.pdf.Pdf", "..pdf"};
    static const char *const without[] = {".pdf", "pdf", "", "a.pdf ", "a.pd", "apdf"};

    for (size_t i = 0; i < SG_COUNT(with); i++) {
        cr_expect(text_ends_in(with[i], ".pdf"), "%s", with[i]);
    }
    for (size_t i = 0; i < SG_COUNT(without); i++) {
        cr_expect_not(text_ends_in(without[i], ".pdf"), "%s", without[i]);
    }
}

Test(text, hexadecimal_goes_there_and_back)
{
    uint8_t bytes[4] = {0x00, 0x9F, 0xA0, 0xFF};
    uint8_t back[4] = {0};
    char hex[9];
    size_t len = 0;

    text_hex(slice_of(bytes, sizeof(bytes)), hex);
    cr_expect_str_eq(hex, "009fa0ff");
    cr_expect_eq(text_unhex(slice_str("009FA0ff"), back, sizeof(back), &len), SG_OK);
    cr_expect_eq(len, 4);
    cr_expect_arr_eq(bytes, back, 4);
}

Test(text, refuses_bad_hexadecimal)
{
    uint8_t out[2];
    size_t len = 0;

    cr_expect_eq(text_unhex(slice_str("abc"), out, sizeof(out), &len), SG_INVALID);
    cr_expect_eq(text_unhex(slice_str("zz"), out, sizeof(out), &len), SG_INVALID);
    cr_expect_eq(text_unhex(slice_str("000102"), out, sizeof(out), &len), SG_INVALID);
}

Test(text, writes_time_in_utc_with_microseconds)
{
    char out[TEXT_TIME_SIZE];

    text_time(INT64_C(1777683723456789), out);
    cr_expect_str_eq(out, "2026-05-02T01:02:03.456789Z");
    text_time(0, out);
    cr_expect_str_eq(out, "1970-01-01T00:00:00.000000Z");
    text_time(TEXT_TIME_END_US - 1, out);
    cr_expect_str_eq(out, "9999-12-31T23:59:59.999999Z");
}

Test(text, reads_the_time_that_it_writes_and_other_zones)
{
    int64_t us = 0;

    cr_expect_eq(text_time_parse(slice_str("2026-05-02T01:02:03.456789Z"), &us), SG_OK);
    cr_expect_eq(us, INT64_C(1777683723456789));
    cr_expect_eq(text_time_parse(slice_str("2026-05-02T08:02:03+07:00"), &us), SG_OK);
    cr_expect_eq(us, INT64_C(1777683723000000));
    cr_expect_eq(text_time_parse(slice_str("2026-05-02T08:02:03.5+07:00"), &us), SG_OK);
    cr_expect_eq(us, INT64_C(1777683723500000));
}

Test(text, refuses_times_that_no_calendar_has)
{
    static const char *const bad[] = {"2026-02-30T00:00:00Z", "2026-13-01T00:00:00Z",
                                      "2026-01-01T24:00:01Z", "2026-01-01T00:00:00",
                                      "2026-01-01",           "2026-01-01T00:00:00Zx",
                                      "2026-01-01t00:00:00Z", "",
                                      "2026-01-01T00:00:00.Z"};
    int64_t us = 0;

    for (size_t i = 0; i < SG_COUNT(bad); i++) {
        cr_expect_eq(text_time_parse(slice_str(bad[i]), &us), SG_INVALID, "%s", bad[i]);
    }
}

Test(text, numbers_are_digits_and_nothing_else)
{
    static const char *const bad[] = {
        "", "+8", "08", " 8", "8 ", "-1", "0x1", "101", "18446744073709551616"};
    uint64_t value = 0;

    for (size_t i = 0; i < SG_COUNT(bad); i++) {
        cr_expect_eq(text_uint(slice_str(bad[i]), 100, &value), SG_INVALID, "%s", bad[i]);
    }
    cr_expect_eq(text_uint(slice_str("100"), 100, &value), SG_OK);
    cr_expect_eq(value, 100);
    cr_expect_eq(text_uint(slice_str("0"), 100, &value), SG_OK);
    cr_expect_eq(value, 0);
    cr_expect_eq(text_uint(slice_str("18446744073709551615"), UINT64_MAX, &value), SG_OK);
    cr_expect_eq(value, UINT64_MAX);
}
