#include "proto/json_in.h"

#include <criterion/criterion.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

/* What came, one line of "depth kind key=raw" after the other. */
static char told[1024];

static enum sg_status read_text(struct slice text)
{
    static const char kinds[] = "tnwoa";
    struct json_in in;
    struct json_value value;
    size_t len = 0;

    told[0] = '\0';
    json_in_start(&in, text);
    while (json_in_next(&in, &value)) {
        len += (size_t)snprintf(told + len, sizeof(told) - len, "%u%c%.*s=%.*s;",
                                value.depth, kinds[value.kind], (int)value.key.len,
                                value.key.data, (int)value.raw.len, value.raw.data);
        cr_assert_lt(len, sizeof(told));
    }
    return json_in_finish(&in);
}

static enum sg_status read_str(const char *text)
{
    return read_text(slice_str(text));
}

Test(json_in, tells_each_value_with_its_name_and_depth)
{
    cr_assert_eq(read_str("{\"a\":1,\"b\":{\"c\":[true,\"x\\n\",{}],\"d\":-0.5e1},"
                          "\"e\":null}"),
                 SG_OK);
    cr_expect_str_eq(told, "1na=1;1ob=;2ac=;3w=true;3t=x\\n;3o=;2nd=-0.5e1;1we=null;");
}

Test(json_in, an_empty_object_has_no_values)
{
    cr_expect_eq(read_str("{}"), SG_OK);
    cr_expect_str_eq(told, "");
    cr_expect_eq(read_str("{ \t\r\n}"), SG_OK);
}

Test(json_in, knows_that_something_was_escaped)
{
    struct json_in in;
    struct json_value value;

    json_in_start(&in, slice_str("{\"a\":\"b\",\"c\":\"\\u0041\"}"));
    cr_expect(json_in_next(&in, &value));
    cr_expect_not(in.escaped);
    cr_expect(json_in_next(&in, &value));
    cr_expect(in.escaped);
    json_in_start(&in, slice_str("{\"\\u0041\":1}"));
    cr_expect(in.escaped, "a name as well");
}

/* Each beginning of a text is no text, and every byte that is read lies inside. */
Test(json_in, what_is_cut_anywhere_is_refused)
{
    static const char text[] = "{\"a\":[1,{\"b\":\"\\u00e9\xC3\xA9\"},false],\"c\":{}}";

    for (size_t len = 0; len < sizeof(text) - 1; len++) {
        char *copy = (char *)malloc(len + 1);
        cr_assert_not_null(copy);
        memcpy(copy, text, len);
        cr_expect_eq(read_text(slice_of(copy, len)), SG_INVALID, "%zu", len);
        free(copy);
    }
    cr_expect_eq(read_str(text), SG_OK);
}

Test(json_in, goes_as_deep_as_it_says)
{
    char text[64] = "{\"a\":";

    memset(text + 5, '[', JSON_IN_DEPTH - 1);
    memset(text + 5 + JSON_IN_DEPTH - 1, ']', JSON_IN_DEPTH - 1);
    text[5 + 2 * (JSON_IN_DEPTH - 1)] = '}';
    cr_expect_eq(read_str(text), SG_OK);
    memset(text + 5, '[', JSON_IN_DEPTH);
    memset(text + 5 + JSON_IN_DEPTH, ']', JSON_IN_DEPTH);
    text[5 + 2 * JSON_IN_DEPTH] = '}';
    cr_expect_eq(read_str(text), SG_INVALID);
}

/* A byte of a sound text is replaced by each other byte: what is taken, another reader
 * takes. */
Test(json_in, takes_nothing_that_another_reader_refuses)
{
    static const char text[] =
        "{\"a\":[1.5e3,{\"b\":\"\\u00e9\\n\xC3\xA9\"},false,-0],\"c\":{},\"d\":null}";
    char bent[sizeof(text)];
    unsigned taken = 0;

    for (size_t at = 0; at < sizeof(text) - 1; at++) {
        for (unsigned byte = 0; byte < 256; byte++) {
            memcpy(bent, text, sizeof(text));
            bent[at] = (char)byte;
            if (read_text(slice_of(bent, sizeof(text) - 1)) != SG_OK) {
                continue;
            }
            json_t *other = json_loadb(bent, sizeof(text) - 1, JSON_ALLOW_NUL, NULL);
            /* A lone surrogate is an escape like others here. */
            cr_expect(other != NULL || strstr(bent, "\\ud") != NULL ||
                          strstr(bent, "\\uD") != NULL,
                      "byte %u at %zu: %s", byte, at, bent);
            json_decref(other);
            taken++;
        }
    }
    cr_expect_gt(taken, 500, "%u", taken);
}
