#include "client/batch/csv.h"

#include <criterion/criterion.h>

static struct csv csv;
static struct sg_error why;

static FILE *table(const char *text)
{
    static char copy[CSV_RECORD_MAX * 2];

    (void)snprintf(copy, sizeof(copy), "%s", text);
    FILE *file = fmemopen(copy, strlen(copy), "r");
    csv_start(&csv, file);
    return file;
}

/* The records, cells in brackets. */
static const char *read_all(const char *text)
{
    static char out[1024];
    FILE *file = table(text);
    enum sg_status status = csv_next(&csv, &why);

    out[0] = '\0';
    for (; status == SG_OK; status = csv_next(&csv, &why)) {
        for (size_t i = 0; i < csv.count; i++) {
            size_t len = strlen(out);
            (void)snprintf(out + len, sizeof(out) - len, "[%s]", csv_cell(&csv, i));
        }
        size_t len = strlen(out);
        (void)snprintf(out + len, sizeof(out) - len, "/");
    }
    (void)fclose(file);
    return status == SG_NOT_FOUND ? out : why.text;
}

Test(csv, reads_what_spreadsheets_write)
{
    cr_expect_str_eq(read_all("a,b\r\n1,2\r\n"), "[a][b]/[1][2]/");
    cr_expect_str_eq(read_all("a;b\n1,5;2"), "[a][b]/[1,5][2]/");
    cr_expect_str_eq(read_all("\xef\xbb\xbf"
                              "a,b\n"),
                     "[a][b]/");
    cr_expect_str_eq(read_all("a,\"b\"\"c\"\n\"x,\ny\",\n"), "[a][b\"c]/[x,\ny][]/");
    cr_expect_str_eq(read_all("a\n\n\r\nb\n"), "[a]/[b]/");
    cr_expect_str_eq(read_all("\"a;b\",c\n"), "[a;b][c]/");
}

Test(csv, tells_the_line_on_which_a_record_begins)
{
    FILE *file = table("a\n\"x\ny\"\nb\n");

    for (uint64_t line = 1; line <= 4; line += line == 2 ? 2 : 1) {
        cr_assert_eq(csv_next(&csv, &why), SG_OK);
        cr_expect_eq(csv.line, line);
    }
    (void)fclose(file);
}

Test(csv, refuses_what_is_no_table)
{
    cr_expect(strstr(read_all("a,\"b\n"), "never closed") != NULL);
    cr_expect(strstr(read_all("a,b\"c\n"), "wrong place") != NULL);
    cr_expect(strstr(read_all("a,\"b\"c\n"), "wrong place") != NULL);
    cr_expect(strstr(read_all("a,\xe9\n"), "UTF-8") != NULL);
    cr_expect(strstr(read_all("\xef\xbb"
                              "a\n"),
                     "UTF-8") == NULL,
              "the mark is passed");
}

Test(csv, bounds_records_and_cells)
{
    static char text[CSV_RECORD_MAX + 8];

    memset(text, 'a', CSV_RECORD_MAX + 2);
    cr_expect(strstr(read_all(text), "longer than") != NULL);
    memset(text, ',', CSV_CELLS_MAX);
    text[CSV_CELLS_MAX] = '\0';
    cr_expect(strstr(read_all(text), "more than") != NULL);
    text[CSV_CELLS_MAX - 1] = '\0';
    cr_expect_eq(read_all(text)[0], '[');
}

static const char *written(const char *text)
{
    static char out[64];

    memset(out, 0, sizeof(out));
    FILE *file = fmemopen(out, sizeof(out), "w");
    cr_assert_eq(csv_put(file, ';', text), SG_OK);
    (void)fclose(file);
    return out;
}

Test(csv, writes_cells_that_are_no_formulas)
{
    cr_expect_str_eq(written("a,b"), "a,b");
    cr_expect_str_eq(written("a;b"), "\"a;b\"");
    cr_expect_str_eq(written("a\"b\nc"), "\"a\"\"b\nc\"");
    cr_expect_str_eq(written("=1+1"), "'=1+1");
    cr_expect_str_eq(written("@a"), "'@a");
    cr_expect_str_eq(written("-1;2"), "\"'-1;2\"");
    cr_expect_str_eq(written(""), "");
}
