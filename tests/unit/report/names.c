#include "client/report/names.h"

#include <criterion/criterion.h>
#include <stdio.h>

#include "client/report/cells.h"

static struct names names;

static void begin(void)
{
    cr_assert_eq(names_init(&names, 3), SG_OK);
}

static void end(void)
{
    names_fini(&names);
}

TestSuite(names, .init = begin, .fini = end);

static uint16_t id_of(const char *text)
{
    return names_id(&names, slice_str(text));
}

/* As it stands in a record, escapes and all. */
static uint16_t member(const char *raw)
{
    struct scan scan;
    char json[512];

    (void)snprintf(json, sizeof(json), "{\"caller\":%s}", raw);
    cr_assert_eq(scan_record(slice_str(json), &scan), SG_OK, "%s", json);
    return names_member(&names, &scan, MEMBER_caller);
}

Test(names, one_name_has_one_number)
{
    cr_expect_eq(id_of("a"), 0);
    cr_expect_eq(id_of("b"), 1);
    cr_expect_eq(id_of("a"), 0);
    cr_expect_str_eq(names_text(&names, 1), "b");
}

Test(names, those_that_find_no_room_are_the_others)
{
    (void)id_of("a");
    (void)id_of("b");
    (void)id_of("c");
    cr_expect_eq(id_of("d"), 3);
    cr_expect_eq(id_of("e"), 3);
    cr_expect_null(names_text(&names, 3));
    cr_expect_eq(id_of("b"), 1, "names that are known keep their number");
}

Test(names, spellings_of_one_name_are_one)
{
    uint16_t plain = member("\"e-office\"");

    cr_expect_eq(member("\"e\\u002doffice\""), plain);
    cr_expect_eq(member("\"e-office\""), plain);
    cr_expect_neq(member("\"e-offic\""), plain);
}

Test(names, an_escape_is_not_the_text_that_it_is_written_as)
{
    uint16_t backslash = member("\"a\\\\n\""); /* a, backslash, n */

    cr_expect_str_eq(names_text(&names, backslash), "a\\n");
    cr_expect_neq(member("\"a\\n\""), backslash, "a and a line end");
}

Test(names, an_absent_member_or_another_kind_is_empty)
{
    cr_expect_str_eq(names_text(&names, member("7")), "");
    cr_expect_str_eq(names_text(&names, member("null")), "");
    cr_expect_eq(names.count, 1);
}

Test(names, what_drives_a_screen_is_replaced)
{
    /* a colour, a line end, writing from right to left, a C1 control, no UTF-8, half a
     * pair of surrogates */
    static const uint8_t text[] = {'a',  0x1b, '[',  '3',  '1',  'm',  '\n', 0xE2, 0x80,
                                   0xAE, 0xC2, 0x9B, 0xFF, 0xED, 0xA0, 0x80, 'z'};
    static const char right_to_left[] = {(char)0xE2, (char)0x80, (char)0xAE, '\0'};
    char out[NAME_BYTES];

    name_clean(slice_of(text, sizeof(text)), false, out, sizeof(out));
    cr_expect_null(strpbrk(out, "\x1b\n"));
    cr_expect_null(strstr(out, right_to_left));
    cr_expect_null(strstr(out, "\xC2\x9B"));
    cr_expect_eq(out[0], 'a');
    cr_expect_eq(out[strlen(out) - 1], 'z');
    name_clean(slice_str("a\nb"), true, out, sizeof(out));
    cr_expect_str_eq(out, "a\nb");
}

Test(names, a_long_name_is_cut_between_characters)
{
    char text[400];
    char out[NAME_BYTES];

    for (size_t i = 0; i + 1 < sizeof(text); i += 2) {
        memcpy(text + i, "\xC3\xA9", 2);
    }
    text[sizeof(text) - 2] = '\0';
    name_clean(slice_str(text), false, out, sizeof(out));
    cr_expect_lt(strlen(out), sizeof(out));
    cr_expect_eq(strlen(out) % 2, 0);
}

/* --- Cells ------------------------------------------------------------------------- */

Test(cells, rows_beyond_the_limit_are_counted_under_the_rest)
{
    struct cells cells;
    static const uint16_t rest[CELL_KEYS] = {9, 9, 9, 9};
    uint64_t sum = 0;

    cr_assert_eq(cells_init(&cells, 10), SG_OK);
    for (uint16_t i = 0; i < 5000; i++) {
        const uint16_t key[CELL_KEYS] = {i, (uint16_t)(i / 7), 0, 0};
        cells_at(&cells, key, rest)[0]++;
    }
    cr_expect_eq(cells.count, 11);
    cr_expect_eq(cells_at(&cells, rest, rest)[0], 4990);
    for (size_t i = 0; i < cells.count; i++) {
        sum += cells.rows[i].count[0];
    }
    cr_expect_eq(sum, 5000, "nothing is lost");
    cells_fini(&cells);
}
