#include "proto/json.h"

#include <criterion/criterion.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static char buffer[4096];

static const char *finish(struct json_out *out)
{
    struct slice text = {0};

    cr_assert_eq(json_finish(out, &text), SG_OK);
    cr_assert_lt(text.len, sizeof(buffer));
    buffer[text.len] = '\0';
    return buffer;
}

Test(json, writes_members_in_order_with_commas_where_they_belong)
{
    struct json_out out;

    json_start(&out, buffer, sizeof(buffer));
    json_open_object(&out, NULL);
    json_str(&out, "type", "intent");
    json_uint(&out, "seq", 7);
    json_open_array(&out, "rules");
    json_str(&out, NULL, "a");
    json_open_object(&out, NULL);
    json_end(&out);
    json_end(&out);
    json_bool(&out, "ok", true);
    json_int(&out, "off", -3);
    json_double(&out, "ratio", 0.9);
    json_end(&out);
    cr_expect_str_eq(finish(&out), "{\"type\":\"intent\",\"seq\":7,\"rules\":[\"a\",{}],"
                                   "\"ok\":true,\"off\":-3,\"ratio\":0.900}");
}

/* Whatever bytes come: a JSON reader takes the text. */
Test(json, any_bytes_become_a_valid_text)
{
    uint8_t hostile[256];

    for (size_t shift = 0; shift < 256; shift++) {
        struct json_out out;
        for (size_t i = 0; i < sizeof(hostile); i++) {
            hostile[i] = (uint8_t)(i * 7 + shift);
        }
        json_start(&out, buffer, sizeof(buffer));
        json_open_object(&out, NULL);
        json_slice(&out, "x", slice_of(hostile, sizeof(hostile)));
        json_end(&out);
        json_t *read = json_loads(finish(&out), JSON_ALLOW_NUL, NULL);
        cr_assert_not_null(read, "shift %zu: %s", shift, buffer);
        json_decref(read);
    }
}

Test(json, escapes_quotes_and_controls)
{
    struct json_out out;

    json_start(&out, buffer, sizeof(buffer));
    json_open_object(&out, NULL);
    json_str(&out, "a", "\"\\\n\x01 ☺");
    json_end(&out);
    cr_expect_str_eq(finish(&out), "{\"a\":\"\\\"\\\\\\n\\u0001 ☺\"}");
}

/* Wherever a byte stands that has to be escaped: a JSON reader gets it back. */
Test(json, each_byte_at_each_place_comes_back)
{
    enum { LONGEST = 19 };
    char text[LONGEST];

    for (size_t len = 1; len <= LONGEST; len++) {
        for (unsigned c = 0; c < 0x80; c++) {
            struct json_out out;
            size_t at = ((size_t)c * 7 + len) % len;
            memset(text, 'a', sizeof(text));
            text[at] = (char)c;
            json_start(&out, buffer, sizeof(buffer));
            json_open_array(&out, NULL);
            json_slice(&out, NULL, slice_of(text, len));
            json_end(&out);
            json_t *read = json_loads(finish(&out), JSON_ALLOW_NUL, NULL);
            const json_t *back = json_array_get(read, 0);
            cr_expect(
                slice_equal(slice_of(text, len),
                            slice_of(json_string_value(back), json_string_length(back))),
                "%02x at %zu of %zu: %s", c, at, len, buffer);
            json_decref(read);
        }
    }
}

Test(json, a_text_that_just_fits_is_whole)
{
    static const char whole[] = "[\"value\"]";
    char small[sizeof(whole) - 1];

    for (size_t cap = 1; cap <= sizeof(small); cap++) {
        struct json_out out;
        struct slice text = {0};
        json_start(&out, small, cap);
        json_open_array(&out, NULL);
        json_str(&out, NULL, "value");
        json_end(&out);
        cr_expect_eq(json_finish(&out, &text),
                     cap == sizeof(small) ? SG_OK : SG_TOO_LARGE, "%zu", cap);
    }
    cr_expect(slice_equal(slice_of(small, sizeof(small)), slice_str(whole)));
}

Test(json, whole_numbers_to_their_ends)
{
    struct json_out out;

    json_start(&out, buffer, sizeof(buffer));
    json_open_array(&out, NULL);
    json_int(&out, NULL, INT64_MIN);
    json_int(&out, NULL, -1);
    json_int(&out, NULL, 0);
    json_int(&out, NULL, INT64_MAX);
    json_end(&out);
    cr_expect_str_eq(finish(&out), "[-9223372036854775808,-1,0,9223372036854775807]");
}

Test(json, a_full_buffer_is_told_at_the_end)
{
    char small[8];
    struct json_out out;
    struct slice text = {0};

    json_start(&out, small, sizeof(small));
    json_open_object(&out, NULL);
    json_str(&out, "name", "value");
    json_end(&out);
    cr_expect_eq(json_finish(&out, &text), SG_TOO_LARGE);
}

Test(json, an_open_container_is_no_text)
{
    struct json_out out;
    struct slice text = {0};

    json_start(&out, buffer, sizeof(buffer));
    json_open_object(&out, NULL);
    cr_expect_eq(json_finish(&out, &text), SG_TOO_LARGE);
}

Test(json, numbers_that_json_does_not_know_become_null)
{
    struct json_out out;

    json_start(&out, buffer, sizeof(buffer));
    json_open_array(&out, NULL);
    json_double(&out, NULL, (double)NAN);
    json_double(&out, NULL, (double)INFINITY);
    json_double(&out, NULL, -(double)INFINITY);
    json_uint(&out, NULL, UINT64_MAX);
    json_end(&out);
    cr_expect_str_eq(finish(&out), "[null,null,null,18446744073709551615]");
}
