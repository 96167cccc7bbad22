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
